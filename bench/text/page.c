/* See page.h. */
#include "bench/text/page.h"

#include "bench/text/words.h"

#include <float.h>
#include <limits.h>
#include <string.h>

enum {
	MARKDOWN_COLUMNS = 120, TERMINAL_COLUMNS = 100,
	VERBATIM_BLANKS = 4,
	ACCEPTS_BYTES = 256,
};

/* ---- texts ---- */

enum line_sort { PARAGRAPH, ITEM, VERBATIM };

static enum line_sort sort_of(const char *line)
{
	if (!strncmp(line, "    ", VERBATIM_BLANKS))
		return VERBATIM;
	return strncmp(line, "- ", 2) ? PARAGRAPH : ITEM;
}

static void set_apart(struct page *page)
{
	if (page->begun)
		fputc('\n', page->to);
	page->begun = true;
}

/* Headings and what a field accepts need no backticks on a terminal. Returns the columns printed. */
static int print_bare(const struct page *page, const char *text)
{
	int columns = 0;

	for (; *text; text++)
		if (page->markdown || *text != '`') {
			fputc(*text, page->to);
			columns++;
		}
	return columns;
}

/* Takes the backticks out. */
static void make_bare(char *text)
{
	char *to = text;

	for (; *text; text++)
		if (*text != '`')
			*to++ = *text;
	*to = '\0';
}

/* As many words to a line as fit. The first line has `column` columns already, the others begin with `hang` blanks. */
static void print_wrapped(const struct page *page, const char *text, size_t len, int column, int hang)
{
	const char *end = text + len;
	int most = page->markdown ? MARKDOWN_COLUMNS : TERMINAL_COLUMNS, start = column;

	while (text < end) {
		const char *blank = memchr(text, ' ', (size_t)(end - text));
		int word = (int)((blank ? blank : end) - text);

		if (column > start && column + 1 + word > most) {
			fprintf(page->to, "\n%*s", hang, "");
			column = start = hang;
		} else if (column > start) {
			fputc(' ', page->to);
			column++;
		}
		fprintf(page->to, "%.*s", word, text);
		column += word;
		text += word + (blank != NULL);
	}
	fputc('\n', page->to);
}

static int indent_of(const struct page *page)
{
	return page->markdown ? 0 : page->indent;
}

static void print_line(const struct page *page, const char *line, size_t len)
{
	int indent = indent_of(page);
	enum line_sort sort = sort_of(line);

	if (sort == VERBATIM && page->markdown)
		fprintf(page->to, "%.*s\n", (int)len - VERBATIM_BLANKS, line + VERBATIM_BLANKS);
	else if (sort == VERBATIM)
		fprintf(page->to, "%*s%.*s\n", indent, "", (int)len, line);
	else {
		fprintf(page->to, "%*s", indent, "");
		print_wrapped(page, line, len, indent, indent + (sort == ITEM ? 2 : 0));
	}
}

static void print_fence(const struct page *page, const char *text)
{
	if (page->markdown)
		fprintf(page->to, "```%s\n", text);
}

void page_text(struct page *page, const char *text)
{
	enum line_sort before = PARAGRAPH;

	while (*text) {
		size_t len = strcspn(text, "\n");
		enum line_sort sort = sort_of(text);

		if (before == VERBATIM && sort != VERBATIM)
			print_fence(page, "");
		if (sort == PARAGRAPH || sort != before)
			set_apart(page);
		if (sort == VERBATIM && before != VERBATIM)
			print_fence(page, "yaml");
		print_line(page, text, len);
		before = sort;
		text += len + (text[len] == '\n');
	}
	if (before == VERBATIM)
		print_fence(page, "");
}

void page_heading(struct page *page, int level, const char *text)
{
	set_apart(page);
	page->indent = level > 2 ? 2 : 0;
	if (page->markdown)
		fprintf(page->to, "%.*s ", level, "###");
	int columns = print_bare(page, text);
	fputc('\n', page->to);
	if (page->markdown || level > 2)
		return;
	for (int i = 0; i < columns; i++)
		fputc(level == 1 ? '=' : '-', page->to);
	fputc('\n', page->to);
}

/* ---- fields ---- */

static const char *print_range(const struct field *f, char to[64])
{
	char min[NUMBER_BYTES], max[NUMBER_BYTES];

	snprintf(to, 64, "%s..%s", words_number(f->min, min), words_number(f->max, max));
	return to;
}

static const char *print_choices(const struct field *f, char to[ACCEPTS_BYTES])
{
	int used = 0;

	to[0] = '\0';
	for (int i = 0; f->choices[i] && used < ACCEPTS_BYTES; i++)
		used += snprintf(to + used, (size_t)(ACCEPTS_BYTES - used), "%s`%s`",
		                 i == 0 ? "" : f->choices[i + 1] ? ", " : " or ", f->choices[i]);
	return to;
}

/* What a value may be: "whole number 1..16". */
static const char *print_accepts(const struct field *f, char to[ACCEPTS_BYTES])
{
	static const char *const forms[] = {
		[FIELD_INT] = "whole number %s",
		[FIELD_COUNT] = "whole number %s, multiple of the width (`2w`), or `classes`",
		[FIELD_FLOAT] = "number %s",
		[FIELD_BOOL] = "`true` or `false`",
		[FIELD_TEXT] = "text",
		[FIELD_PAIR] = "whole number %s for both, or `[rows, columns]`",
		[FIELD_INTS] = "whole number %s, or a list of them",
		[FIELD_PADDING] = "`same`, `valid`, whole number %s for all sides, or `[top, bottom, left, right]`",
	};
	char range[64];

	if (f->accepts || f->kind == FIELD_CHOICE)
		return f->accepts ? f->accepts : print_choices(f, to);
	const char *form = forms[f->kind], *hole = strstr(form, "%s");
	snprintf(to, ACCEPTS_BYTES, "%.*s%s%s", (int)(hole ? hole - form : (long)strlen(form)), form,
	         hole ? print_range(f, range) : "", hole ? hole + 2 : "");
	return to;
}

/* The default, or "required", or "none". */
static const char *print_default(const struct field *f, char to[ACCEPTS_BYTES])
{
	char number[NUMBER_BYTES];
	const char *text = words_number(f->fallback, number);

	if (f->required)
		return "required";
	if (f->accepts || f->kind == FIELD_TEXT)
		text = f->fallback_text;
	else if (f->kind == FIELD_BOOL)
		text = f->fallback != 0 ? "true" : "false";
	else if (f->kind == FIELD_CHOICE)
		text = f->choices[(int)f->fallback];
	else if (f->kind == FIELD_PADDING)
		text = (enum padding_rule)f->fallback == PADDING_SAME ? "same" : "valid";
	else if (f->kind == FIELD_INTS)
		text = NULL;
	if (!text)
		return "none";
	snprintf(to, ACCEPTS_BYTES, "`%s`", text);
	return to;
}

static void print_row(const struct page *page, const struct field *f)
{
	char accepts[ACCEPTS_BYTES], fallback[ACCEPTS_BYTES];

	fprintf(page->to, "| `%s` | %s | %s | %s |\n", f->name, print_accepts(f, accepts), print_default(f, fallback),
	        f->help ? f->help : "");
}

/* Two entries below each other, both set in from the name: what is accepted and the default, then the meaning. */
static void print_entry(const struct page *page, const struct field *f, int column)
{
	char accepts[ACCEPTS_BYTES], fallback[ACCEPTS_BYTES], line[2 * ACCEPTS_BYTES + 16];

	snprintf(line, sizeof line, "%s; %s%s", print_accepts(f, accepts), f->required ? "" : "default ",
	         print_default(f, fallback));
	make_bare(line);
	fprintf(page->to, "%*s%-*s", page->indent, "", column - page->indent, f->name);
	print_wrapped(page, line, strlen(line), column, column + 2);
	if (!f->help)
		return;
	fprintf(page->to, "%*s", column, "");
	print_wrapped(page, f->help, strlen(f->help), column, column);
}

void page_fields(struct page *page, const struct field *fields)
{
	size_t longest = 0;

	if (!fields || !fields->name)
		return;
	set_apart(page);
	if (page->markdown)
		fprintf(page->to, "| field | accepted | default | meaning |\n|---|---|---|---|\n");
	for (const struct field *f = fields; f->name; f++)
		longest = strlen(f->name) > longest ? strlen(f->name) : longest;
	for (const struct field *f = fields; f->name; f++)
		if (page->markdown)
			print_row(page, f);
		else
			print_entry(page, f, page->indent + (int)longest + 2);
}
