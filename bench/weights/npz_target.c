/* See npz_target.h. libzip seeks back to an entry's header once it has written the entry and knows its checksum. */
#include "bench/weights/npz_target.h"

#include <errno.h>

static zip_int64_t refuse(struct npz_target *t, int code, int system_code)
{
	zip_error_set(&t->error, code, system_code);
	return -1;
}

static zip_int64_t write_bytes(struct npz_target *t, const void *bytes, zip_uint64_t len)
{
	if (!atomic_file_write_at(t->file, t->at, bytes, len, &t->why))
		return refuse(t, ZIP_ER_WRITE, 0);
	t->at += len;
	t->len = t->at > t->len ? t->at : t->len;
	return (zip_int64_t)len;
}

static zip_int64_t seek(struct npz_target *t, void *data, zip_uint64_t len)
{
	zip_int64_t at = zip_source_seek_compute_offset(t->at, t->len, data, len, &t->error);

	if (at >= 0)
		t->at = (uint64_t)at;
	return at >= 0 ? 0 : -1;
}

/* Answers libzip's requests: the archive does not exist before it is written, and nothing is ever read. */
static zip_int64_t answer(void *about, void *data, zip_uint64_t len, zip_source_cmd_t command)
{
	struct npz_target *t = about;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return ZIP_SOURCE_SUPPORTS_WRITABLE;
	case ZIP_SOURCE_STAT:
		return refuse(t, ZIP_ER_READ, ENOENT);
	case ZIP_SOURCE_WRITE:
		return write_bytes(t, data, len);
	case ZIP_SOURCE_SEEK_WRITE:
		return seek(t, data, len);
	case ZIP_SOURCE_TELL_WRITE:
		return (zip_int64_t)t->at;
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&t->error, data, len);
	case ZIP_SOURCE_BEGIN_WRITE: case ZIP_SOURCE_COMMIT_WRITE: case ZIP_SOURCE_ROLLBACK_WRITE: case ZIP_SOURCE_FREE:
		return 0;
	default:
		return refuse(t, ZIP_ER_OPNOTSUPP, 0);
	}
}

zip_source_t *npz_target_source(struct npz_target *target)
{
	zip_error_init(&target->error);
	return zip_source_function_create(answer, target, NULL);
}
