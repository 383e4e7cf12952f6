/* See field_json.h. */
#include "bench/text/field_json.h"

#include "bench/text/text.h"

#include <stdlib.h>

static void print_padding(const struct padding *padding, FILE *to)
{
	if (padding->rule == PADDING_EXPLICIT)
		fprintf(to, "[%d, %d, %d, %d]", padding->top, padding->bottom, padding->left, padding->right);
	else
		print_json_text(padding->rule == PADDING_SAME ? "same" : "valid", to);
}

static void print_ints(const struct ints *ints, FILE *to)
{
	fputc('[', to);
	for (int i = 0; i < ints->count; i++)
		fprintf(to, "%s%d", i ? ", " : "", ints->at[i]);
	fputc(']', to);
}

static void print_value(const struct field *f, const void *member, FILE *to)
{
	const struct pair *pair = member;
	const char *const *text = member;
	char number[NUMBER_BYTES];

	switch (f->kind) {
	case FIELD_INT: case FIELD_COUNT: fprintf(to, "%d", *(const int *)member); break;
	case FIELD_FLOAT: fputs(words_number(*(const double *)member, number), to); break;
	case FIELD_BOOL: fputs(*(const bool *)member ? "true" : "false", to); break;
	case FIELD_CHOICE: print_json_text(f->choices[*(const int *)member], to); break;
	case FIELD_TEXT: *text ? print_json_text(*text, to) : (void)fputs("null", to); break;
	case FIELD_PAIR: fprintf(to, "[%d, %d]", pair->h, pair->w); break;
	case FIELD_INTS: print_ints(member, to); break;
	case FIELD_PADDING: print_padding(member, to); break;
	}
}

char *fields_json(const struct field *fields, const void *config)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	putc('{', to);
	for (const struct field *f = fields; f && f->name; f++) {
		fputs(f == fields ? "" : ", ", to);
		print_json_text(f->name, to);
		fputs(": ", to);
		print_value(f, (const char *)config + f->offset, to);
	}
	putc('}', to);
	bool good = !ferror(to);
	if (fclose(to) == 0 && good)
		return text;
	free(text);
	return NULL;
}
