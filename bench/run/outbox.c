/* See outbox.h. */
#include "bench/run/outbox.h"

#include "bench/text/text.h"

#include <stdlib.h>
#include <string.h>

void outbox_put(struct outbox *box, const char *line, bool trouble)
{
	char *text = box->count < OUTBOX_LINES ? strdup(line) : NULL;

	if (text)
		box->lines[box->count++] = (struct outbox_line){ text, trouble };
	else
		box->left_out++;
}

bool outbox_is_empty(const struct outbox *box)
{
	return box->count == 0 && box->left_out == 0;
}

void outbox_print(const struct outbox *box, bool colour, FILE *to)
{
	for (int i = 0; i < box->count; i++) {
		const struct outbox_line *line = &box->lines[i];
		bool red = line->trouble && colour;

		fputs(red ? "\033[31m" : "", to);
		print_plain_text(line->text, to);
		fputs(red ? "\033[0m\n" : "\n", to);
	}
	if (box->left_out > 0)
		fprintf(to, "%d line%s left out\n", box->left_out, box->left_out == 1 ? "" : "s");
}

void outbox_clear(struct outbox *box)
{
	for (int i = 0; i < box->count; i++)
		free(box->lines[i].text);
	box->count = box->left_out = 0;
}
