/* See tsv.h. */
#include "bench/text/tsv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(const struct tsv *file, struct error *err)
{
	return fail(err, "%s: cannot be read: %s", file->path, strerror(errno));
}

static bool check_size(struct tsv *file, int descriptor, size_t most, struct error *err)
{
	struct stat about;

	if (fstat(descriptor, &about) != 0)
		return refuse(file, err);
	if (!S_ISREG(about.st_mode))
		return fail(err, "%s: not a file", file->path);
	if ((uint64_t)about.st_size > most)
		return fail(err, "%s: larger than %zu bytes", file->path, most);
	file->len = (size_t)about.st_size;
	return true;
}

static bool read_bytes(struct tsv *file, int descriptor, struct error *err)
{
	size_t done = 0;

	file->text = malloc(file->len + 1);
	if (!file->text)
		return fail(err, "%s: not enough memory", file->path);
	while (done < file->len) {
		ssize_t got = read(descriptor, file->text + done, file->len - done);
		if (got < 0 && errno != EINTR)
			return refuse(file, err);
		if (got == 0)
			break;
		done += got > 0 ? (size_t)got : 0;
	}
	file->len = done;
	file->text[done] = '\0';
	file->next = file->text;
	return true;
}

bool tsv_open(struct tsv *file, const char *path, size_t most, struct error *err)
{
	*file = (struct tsv){ .path = path };
	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (descriptor < 0)
		return errno == ENOENT ? false : refuse(file, err);
	bool good = check_size(file, descriptor, most, err) && read_bytes(file, descriptor, err);
	close(descriptor);
	if (!good)
		tsv_close(file);
	return good;
}

void tsv_close(struct tsv *file)
{
	free(file->text);
	file->text = file->next = NULL;
}

bool tsv_next_begins(const struct tsv *file, const char *with)
{
	return strncmp(file->next, with, strlen(with)) == 0;
}

static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t') || c == 127;
}

static struct mark place(const struct tsv *file, const char *line, const char *at)
{
	return (struct mark){ file->path, file->line, (int)(at - line) + 1 };
}

bool tsv_read(struct tsv *file, struct tsv_row *row, struct error *err)
{
	char *line = file->next, *end = file->text + file->len;

	file->line++;
	row->count = 0;
	row->at[0] = place(file, line, line);
	if (line == end)
		return true;
	row->fields[row->count++] = line;
	for (char *c = line; c < end; c++) {
		if (*c == '\n') {
			*c = '\0';
			file->next = c + 1;
			return true;
		}
		if (is_control(*c))
			return fail_at(err, place(file, line, c), "a control character");
		if (*c != '\t')
			continue;
		if (row->count == TSV_FIELDS)
			return fail_at(err, place(file, line, c), "more than %d fields", TSV_FIELDS);
		*c = '\0';
		row->at[row->count] = place(file, line, c + 1);
		row->fields[row->count++] = c + 1;
	}
	return fail_at(err, place(file, line, end), "the file ends within a line");
}
