/* Texts for messages: foreign text made printable, lists of accepted words, numbers in their shortest form. Floor
 * 4a. */
#ifndef BENCH_TEXT_WORDS_H
#define BENCH_TEXT_WORDS_H

#include <stdbool.h>

enum { WORDS_MAX = 64, SHOWN_BYTES = 72, ACCEPTED_BYTES = 768, NUMBER_BYTES = 32 };

/* Accepted words, in the order in which a message lists them. */
struct words {
	int count;
	const char *at[WORDS_MAX];      /* borrowed */
	int left_out;                   /* words beyond WORDS_MAX */
};

void words_add(struct words *words, const char *word);

bool words_have(const struct words *words, const char *word);

/* `accepted: epochs, batch; did you mean "batch"?` for a word `wrong` that is not among them. */
const char *words_accepted(const struct words *words, const char *wrong, char to[ACCEPTED_BYTES]);

/* The text on one line, shortened with "..." if necessary; control characters become ?. Never splits a UTF-8
 * character. */
const char *words_show(const char *text, char to[SHOWN_BYTES]);

/* Whether a text is a valid name in files, tables and paths: WORDS_NAME, not starting with a dot. */
#define WORDS_NAME "1 to 63 letters, digits, ., _ and -"
bool words_is_name(const char *text);

/* The shortest decimal text that reads back as the same number: 0.1, 48, 1e-05. */
const char *words_number(double value, char to[NUMBER_BYTES]);

#endif
