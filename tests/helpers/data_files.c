/* See data_files.h. */
#include "tests/helpers/data_files.h"

#include "tests/helpers/test.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

void data_case_init(struct data_case *c, const char *format, struct shape shape, int classes)
{
	*c = (struct data_case){ .description = {
		.format = data_format_find(format), .config = c->config, .shape = shape, .classes = classes,
		.folder = test_folder(), .at = { "sweeps/x.yaml", 5, 3 },
	} };
	assert(c->description.format && c->description.format->kind.config_size <= sizeof c->config);
}

/* The address of the member that a key fills. */
static void *member(struct data_case *c, const char *key, enum field_kind kind)
{
	for (const struct field *f = c->description.format->kind.fields; f->name; f++)
		if (strcmp(f->name, key) == 0 && f->kind == kind)
			return (char *)c->config + f->offset;
	assert(!"no such key");
	return NULL;
}

void data_case_set_text(struct data_case *c, const char *key, const char *text)
{
	memcpy(member(c, key, FIELD_TEXT), &text, sizeof text);
}

void data_case_set_int(struct data_case *c, const char *key, int value)
{
	memcpy(member(c, key, FIELD_INT), &value, sizeof value);
}

void write_anew(const char *name, const void *bytes, size_t len)
{
	unlink(test_path(name));
	test_write(name, bytes, len);
}

size_t gzip_bytes(const void *bytes, size_t len, uint8_t *to, size_t room)
{
	union { const void *from; Bytef *to; } input = { bytes };
	z_stream stream = { .next_in = input.to, .avail_in = (uInt)len, .next_out = to, .avail_out = (uInt)room };

	int begun = deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
	int ended = deflate(&stream, Z_FINISH);
	assert(begun == Z_OK && ended == Z_STREAM_END);
	(void)begun, (void)ended;
	deflateEnd(&stream);
	return room - stream.avail_out;
}

/* Puts the test's folder for each '@'. */
static const char *expand(const char *text, char *to, size_t room)
{
	size_t used = 0;

	to[0] = '\0';
	for (; *text; text++) {
		int len = *text == '@' ? snprintf(to + used, room - used, "%s", test_folder())
		                       : snprintf(to + used, room - used, "%c", *text);
		used += (size_t)len;
		assert(used < room);
	}
	return to;
}

void check_data_error(const char *file, int line, const struct data_case *c, const char *want)
{
	struct dataset data = { .count = -1 };
	struct error err = { "" };
	char text[sizeof err.text];

	if (dataset_read(&c->description, &data, &err))
		test_fail(file, line, "read %d images, want the error %s", data.count, want);
	else
		check_text(file, line, err.text, expand(want, text, sizeof text), "error");
	if (err.text[0] && (data.pixels || data.labels || data.count))
		test_fail(file, line, "something is left in the data set");
	dataset_free(&data);
}

bool check_data_read(const char *file, int line, const struct data_case *c, struct dataset *to)
{
	struct error err = { "" };

	if (dataset_read(&c->description, to, &err))
		return true;
	test_fail(file, line, "cannot be read: %s", err.text);
	return false;
}

void check_bytes(const char *file, int line, const uint8_t *got, const uint8_t *want, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (got[i] != want[i]) {
			test_fail(file, line, "byte %zu of %zu: got %d, want %d", i, len, got[i], want[i]);
			return;
		}
}

const char *describe_splits(const struct dataset *data, char to[256])
{
	size_t used = 0;

	to[0] = '\0';
	for (int i = 0; i < data->split_count && used < 200; i++) {
		const struct split *s = &data->splits[i];
		used += (size_t)snprintf(to + used, 256 - used, "%s%s %d %d+%d", i ? ", " : "", s->name,
		                         (int)s->role, s->first,
		                         s->count);
	}
	return to;
}
