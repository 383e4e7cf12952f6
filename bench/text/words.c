/* See words.h. */
#include "bench/text/words.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR = 2, WORD_BYTES = 60 };     /* most edits in a misspelt word; longest word that is compared */

void words_add(struct words *words, const char *word)
{
	if (words->count == WORDS_MAX)
		words->left_out++;
	else
		words->at[words->count++] = word;
}

bool words_have(const struct words *words, const char *word)
{
	for (int i = 0; i < words->count; i++)
		if (!strcmp(words->at[i], word))
			return true;
	return false;
}

static int smallest(int a, int b, int c)
{
	int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein distance (1966), row by row. Both texts have at most WORD_BYTES bytes. */
static int edit_distance(const char *a, const char *b)
{
	int row[WORD_BYTES + 1];
	int len = (int)strlen(b);

	for (int j = 0; j <= len; j++)
		row[j] = j;
	for (int i = 0; a[i]; i++) {
		int diagonal = row[0];

		row[0] = i + 1;
		for (int j = 1; j <= len; j++) {
			int above = row[j];

			row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[len];
}

static const char *find_nearest(const struct words *words, const char *wrong)
{
	const char *nearest = NULL;
	int best = NEAR + 1;

	if (strlen(wrong) > WORD_BYTES)
		return NULL;
	for (int i = 0; i < words->count; i++) {
		size_t len = strlen(words->at[i]);
		int distance = len > WORD_BYTES ? best : edit_distance(wrong, words->at[i]);

		if (distance < best && distance < (int)len) {
			best = distance;
			nearest = words->at[i];
		}
	}
	return nearest;
}

const char *words_accepted(const struct words *words, const char *wrong, char to[ACCEPTED_BYTES])
{
	const char *nearest = find_nearest(words, wrong);
	int used = snprintf(to, ACCEPTED_BYTES, "accepted: %s", words->count ? "" : "none");
	int room = ACCEPTED_BYTES - 2 * WORD_BYTES;     /* for the question at the end */

	for (int i = 0; i < words->count && used < room; i++)
		used += snprintf(to + used, (size_t)(room - used), "%s%s", i ? ", " : "", words->at[i]);
	if (used >= room)
		used = room - 1;
	if (words->left_out)
		used += snprintf(to + used, (size_t)(ACCEPTED_BYTES - used), ", ...");
	if (nearest)
		snprintf(to + used, (size_t)(ACCEPTED_BYTES - used), "; did you mean \"%s\"?", nearest);
	return to;
}

const char *words_show(const char *text, char to[SHOWN_BYTES])
{
	enum { ROOM = SHOWN_BYTES - 4 };        /* the dots and the end */
	size_t len = strnlen(text, SHOWN_BYTES);
	bool whole = len < ROOM;

	if (!whole)
		for (len = ROOM; len && ((unsigned char)text[len] & 0xC0) == 0x80; len--)
			;
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)text[i] < ' ' || text[i] == 127 ? '?' : text[i];
	memcpy(to + len, whole ? "" : "...", whole ? 1 : 4);
	return to;
}

bool words_is_name(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return len && len < 64 && !text[len] && text[0] != '.';
}

const char *words_number(double value, char to[NUMBER_BYTES])
{
	if (fabs(value) < 1e15 && value == trunc(value)) {      /* %g would write 100 as 1e+02 */
		snprintf(to, NUMBER_BYTES, "%.0f", value);
		return to;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(to, NUMBER_BYTES, "%.*g", digits, value);
		if (strtod(to, NULL) == value)
			break;
	}
	return to;
}
