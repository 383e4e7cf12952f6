/* A page of reference, as Markdown or for a terminal, from the same calls. Floor 4a.
 *
 *	struct page page = { stdout, .markdown = true };
 *	page_heading(&page, 2, "Layers");
 *	page_text(&page, "A paragraph with `code`, however long.\n- an item\n- another\n    layers: [relu]");
 *	page_fields(&page, fields);
 *
 * A text is lines: a line is a paragraph; one that begins with "- " is an item of a list; one that begins with four
 * blanks is YAML and stays as it is. Between backticks stands code. The page wraps lines and sets blank lines. */
#ifndef BENCH_TEXT_PAGE_H
#define BENCH_TEXT_PAGE_H

#include "nn/base/field.h"

#include <stdbool.h>
#include <stdio.h>

struct page {
	FILE *to;
	bool markdown;
	bool begun;             /* something stands on the page: what comes next is set apart by a blank line */
	int indent;             /* blanks before every line; of the terminal form alone */
};

/* Level 1 is the page's own, 2 a chapter, 3 an entry of it. The terminal indents what stands below an entry. */
void page_heading(struct page *page, int level, const char *text);

void page_text(struct page *page, const char *text);

/* A table of fields: name, what is accepted, default, meaning. NULL or an empty one prints nothing. */
void page_fields(struct page *page, const struct field *fields);

#endif
