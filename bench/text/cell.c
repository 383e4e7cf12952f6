/* See cell.h. */
#include "bench/text/cell.h"

#include "bench/text/text.h"
#include "bench/text/words.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void print_real(double value, FILE *to)
{
	char text[NUMBER_BYTES];

	if (isnan(value))
		fputs("nan", to);
	else if (isinf(value))
		fputs(value < 0 ? "-inf" : "inf", to);
	else
		fputs(words_number(value, text), to);
}

void cell_print(const struct cell *cell, const void *from, FILE *to)
{
	const void *member = (const char *)from + cell->offset;

	switch (cell->kind) {
	case CELL_TEXT:
		print_cell_text(member, to);
		break;
	case CELL_WORD:
		fputs(cell->words[*(const int *)member], to);
		break;
	case CELL_INT:
		fprintf(to, "%d", *(const int *)member);
		break;
	case CELL_COUNT:
		fprintf(to, "%" PRId64, *(const int64_t *)member);
		break;
	case CELL_REAL:
	case CELL_SCORE:
		print_real(*(const double *)member, to);
		break;
	case CELL_DIGEST:
		fprintf(to, "%016" PRIx64, *(const uint64_t *)member);
		break;
	}
}

void cells_print(const struct cell *cells, const void *from, FILE *to)
{
	for (const struct cell *cell = cells; cell->name; cell++) {
		fputs(cell == cells ? "" : "\t", to);
		cell_print(cell, from, to);
	}
}

void cells_print_names(const struct cell *cells, const char *behind, FILE *to)
{
	for (const struct cell *cell = cells; cell->name; cell++)
		fprintf(to, "%s%s%s", cell == cells ? "" : "\t", cell->name, behind);
}

/* Reports: name: "text" is not ... */
static bool refuse(const struct cell *cell, const char *text, struct mark at, const char *what, struct error *err)
{
	char shown[SHOWN_BYTES];

	return fail_at(err, at, "%s: \"%s\" %s", cell->name, words_show(text, shown), what);
}

static bool parse_text(const struct cell *cell, const char *text, struct mark at, char *to, struct error *err)
{
	if (strlen(text) >= cell->size)
		return fail_at(err, at, "%s: longer than %zu bytes", cell->name, cell->size - 1);
	memcpy(to, text, strlen(text) + 1);
	return true;
}

static bool parse_word(const struct cell *cell, const char *text, struct mark at, int *to, struct error *err)
{
	char accepted[ACCEPTED_BYTES], shown[SHOWN_BYTES];
	struct words words = { 0 };

	for (int i = 0; cell->words[i]; i++) {
		words_add(&words, cell->words[i]);
		if (strcmp(cell->words[i], text) == 0) {
			*to = i;
			return true;
		}
	}
	return fail_at(err, at, "%s: found \"%s\"; %s", cell->name, words_show(text, shown),
	               words_accepted(&words, text, accepted));
}

static bool refuse_range(const struct cell *cell, const char *text, struct mark at, struct error *err)
{
	char shown[SHOWN_BYTES], min[NUMBER_BYTES], max[NUMBER_BYTES];

	return fail_at(err, at, "%s: %s is outside %s..%s", cell->name, words_show(text, shown),
	               words_number(cell->min, min), words_number(cell->max, max));
}

static bool parse_whole(const struct cell *cell, const char *text, struct mark at, int64_t *to, struct error *err)
{
	char *end;

	if (!*text || text[strspn(text, "-0123456789")])
		return refuse(cell, text, at, "is not a whole number", err);
	errno = 0;
	long long value = strtoll(text, &end, 10);
	if (*end)
		return refuse(cell, text, at, "is not a whole number", err);
	if (errno || (double)value < cell->min || (double)value > cell->max)
		return refuse_range(cell, text, at, err);
	*to = value;
	return true;
}

static bool parse_real(const struct cell *cell, const char *text, struct mark at, double *to, struct error *err)
{
	char *end;

	if (cell->kind == CELL_SCORE && strcmp(text, "nan") == 0) {
		*to = NAN;
		return true;
	}
	if (strcmp(text, "inf") != 0 && (!*text || text[strspn(text, "+-.0123456789eE")]))
		return refuse(cell, text, at, "is not a number", err);
	double value = strtod(text, &end);
	if (*end)
		return refuse(cell, text, at, "is not a number", err);
	if (!(value >= cell->min && value <= cell->max))
		return refuse_range(cell, text, at, err);
	*to = value;
	return true;
}

static bool parse_digest(const struct cell *cell, const char *text, struct mark at, uint64_t *to, struct error *err)
{
	if (strlen(text) != 16 || text[strspn(text, "0123456789abcdef")])
		return refuse(cell, text, at, "is not 16 hexadecimal digits", err);
	*to = strtoull(text, NULL, 16);
	return true;
}

bool cell_parse(const struct cell *cell, const char *text, struct mark at, void *to, struct error *err)
{
	void *member = (char *)to + cell->offset;
	int64_t whole;

	switch (cell->kind) {
	case CELL_TEXT:
		return parse_text(cell, text, at, member, err);
	case CELL_WORD:
		return parse_word(cell, text, at, member, err);
	case CELL_INT:
		if (!parse_whole(cell, text, at, &whole, err))
			return false;
		*(int *)member = (int)whole;
		return true;
	case CELL_COUNT:
		return parse_whole(cell, text, at, member, err);
	case CELL_REAL:
	case CELL_SCORE:
		return parse_real(cell, text, at, member, err);
	case CELL_DIGEST:
		return parse_digest(cell, text, at, member, err);
	}
	assert(!"a kind of cell that cell.h has");
	return false;
}
