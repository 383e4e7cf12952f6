/* Words for messages: what a person wrote, made printable; what is accepted; numbers as short as they can be. Floor 4a. */
#ifndef BENCH_TEXT_WORDS_H
#define BENCH_TEXT_WORDS_H

#include <stdbool.h>

enum { WORDS_MAX = 64, SHOWN_BYTES = 72, ACCEPTED_BYTES = 768, NUMBER_BYTES = 32 };

/* The words that are accepted in some place, in the order in which a message lists them. */
struct words {
	int count;
	const char *at[WORDS_MAX];      /* borrowed */
	int left_out;                   /* words that found no room here */
};

void words_add(struct words *words, const char *word);

bool words_have(const struct words *words, const char *word);

/* `accepted: epochs, batch; did you mean "batch"?` for a word that is not among them. */
const char *words_accepted(const struct words *words, const char *wrong, char to[ACCEPTED_BYTES]);

/* The text on one line and not too long: control characters become ?, the end may become "...". Cuts no UTF-8 character. */
const char *words_show(const char *text, char to[SHOWN_BYTES]);

/* Whether a text can name things in files, tables and paths: WORDS_NAME, not beginning with a dot. */
#define WORDS_NAME "1 to 63 letters, digits, ., _ and -"
bool words_is_name(const char *text);

/* The shortest decimal text that reads back as the same number: 0.1, 48, 1e-05. */
const char *words_number(double value, char to[NUMBER_BYTES]);

#endif
