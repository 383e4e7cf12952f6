/* See csv.h. */
#include "bench/data/csv.h"

#include "bench/data/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE_LEN = 1 << 18 };   /* bytes read at a time; small enough for the processor's cache */

struct csv {
	const char *path;
	struct bytes *in;       /* owned */
	size_t longest;
	char *text;             /* owned: [longest + PIECE_LEN + 1] */
	size_t next, end;       /* range of `text` that is read but not yet used */
	bool ended;             /* nothing is left in the file */
	const char *at, *stop;  /* the current line, without its LF or CRLF; NULL after the last */
	int line;
};

struct csv *csv_open(const char *path, size_t longest, struct error *err)
{
	struct bytes *in = bytes_open(path, err);

	if (!in)
		return NULL;
	struct csv *csv = malloc(sizeof *csv);
	char *text = malloc(longest + PIECE_LEN + 1);
	if (!csv || !text) {
		fail(err, "%s: not enough memory to read it", path);
		free(csv);
		free(text);
		bytes_close(in);
		return NULL;
	}
	*csv = (struct csv){ .path = path, .in = in, .longest = longest, .text = text };
	return csv;
}

void csv_close(struct csv *csv)
{
	if (!csv)
		return;
	bytes_close(csv->in);
	free(csv->text);
	free(csv);
}

/* Moves unused text to the front and reads more after it. */
static bool read_on(struct csv *csv, struct error *err)
{
	size_t waiting = csv->end - csv->next, got;

	memmove(csv->text, csv->text + csv->next, waiting);
	if (!bytes_read(csv->in, csv->text + waiting, PIECE_LEN, &got, err))
		return false;
	csv->next = 0;
	csv->end = waiting + got;
	csv->ended = got < PIECE_LEN;
	return true;
}

/* Makes the bytes from `next` to `stop` (the newline, or the end of the file) the current line. */
static void take_line(struct csv *csv, char *stop)
{
	csv->at = csv->text + csv->next;
	csv->next = (size_t)(stop - csv->text);
	if (csv->next < csv->end)
		csv->next++;
	*stop = '\n';           /* the last line may have none: see struct text */
	csv->stop = stop > csv->at && stop[-1] == '\r' ? stop - 1 : stop;
	csv->line++;
}

bool csv_next(struct csv *csv, struct error *err)
{
	for (;;) {
		char *at = csv->text + csv->next;
		size_t waiting = csv->end - csv->next;
		char *stop = memchr(at, '\n', waiting);
		if (!stop && csv->ended && waiting)
			stop = at + waiting;
		if ((stop ? (size_t)(stop - at) : waiting) > csv->longest)
			return fail(err, "%s:%d: the line is longer than %zu bytes", csv->path, csv->line + 1,
			            csv->longest);
		if (stop) {
			take_line(csv, stop);
			return true;
		}
		if (csv->ended) {
			csv->at = csv->stop = NULL;
			return true;
		}
		if (!read_on(csv, err))
			return false;
	}
}

int csv_line(const struct csv *csv)
{
	return csv->at ? csv->line : 0;
}

struct mark csv_mark(const struct csv *csv, const char *at)
{
	return (struct mark){ csv->path, csv->line, (int)(at - csv->at) + 1 };
}

/* Takes one field and its comma off the front of the line; *at becomes NULL after the last field. */
static bool take_field(const struct csv *csv, const char **at, struct text *field, struct error *err)
{
	bool quoted = *at < csv->stop && **at == '"';
	const char *start = *at + quoted;
	const char *end = memchr(start, quoted ? '"' : ',', (size_t)(csv->stop - start));

	if (quoted && !end)
		return fail_at(err, csv_mark(csv, *at), "found a quote that is never closed");
	end = end ? end : csv->stop;
	*field = (struct text){ start, (size_t)(end - start) };
	const char *comma = end + quoted;
	if (comma < csv->stop && *comma != ',')
		return fail_at(err, csv_mark(csv, comma), "found text after a closing quote");
	*at = comma < csv->stop ? comma + 1 : NULL;
	return true;
}

bool csv_split(const struct csv *csv, struct text *to, int count, struct error *err)
{
	const char *at = csv->at;

	for (int i = 0; i < count; i++) {
		if (!at)
			return fail_at(err, csv_mark(csv, csv->stop), "found the line's end after %d of %d fields", i,
			               count);
		if (!take_field(csv, &at, &to[i], err))
			return false;
	}
	return !at || fail_at(err, csv_mark(csv, at), "found more than %d fields", count);
}
