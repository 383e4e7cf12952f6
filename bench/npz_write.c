/* Writing npz files. See npz.h. The archive grows in memory and is saved in one piece; its entries carry the first day that a zip
 * archive can name, so the same arrays are always the same bytes. */
#include "bench/npz.h"

#include "bench/atomic_file.h"
#include "bench/half.h"
#include "bench/npy.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum {
	FIRST_DAY = 1 << 5 | 1, /* 1980-01-01: month 1, day 1 */
	CHUNK_BYTES = 1 << 16,
};

struct npz_draft {
	zip_source_t *bytes;    /* owned: where the archive is written to */
	zip_t *archive;         /* owned */
};

struct npz_draft *npz_create(struct error *err)
{
	struct npz_draft *draft = calloc(1, sizeof *draft);

	if (draft)
		draft->bytes = zip_source_buffer_create(NULL, 0, 0, NULL);
	if (draft && draft->bytes)
		draft->archive = zip_open_from_source(draft->bytes, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	if (draft && draft->archive) {
		zip_source_keep(draft->bytes);
		return draft;
	}
	npz_discard(draft);
	fail(err, "not enough memory for an .npz file");
	return NULL;
}

void npz_discard(struct npz_draft *draft)
{
	if (!draft)
		return;
	if (draft->archive)
		zip_discard(draft->archive);
	if (draft->bytes)
		zip_source_free(draft->bytes);
	free(draft);
}

/* Takes the bytes over, in any case. */
static bool add_bytes(struct npz_draft *draft, const char *name, char *bytes, size_t len, struct error *err)
{
	char file[NPZ_NAME_BYTES + 8];
	zip_source_t *source = zip_source_buffer(draft->archive, bytes, len, 1);

	if (!source) {
		free(bytes);
		return fail(err, "array \"%s\": %s", name, zip_strerror(draft->archive));
	}
	snprintf(file, sizeof file, "%s.npy", name);
	zip_int64_t i = zip_file_add(draft->archive, file, source, ZIP_FL_ENC_UTF_8);
	if (i < 0) {
		zip_source_free(source);
		return fail(err, "array \"%s\": %s", name, zip_strerror(draft->archive));
	}
	if (zip_set_file_compression(draft->archive, (zip_uint64_t)i, ZIP_CM_STORE, 0) != 0 ||
	    zip_file_set_dostime(draft->archive, (zip_uint64_t)i, 0, FIRST_DAY, 0) != 0)
		return fail(err, "array \"%s\": %s", name, zip_strerror(draft->archive));
	return true;
}

static int64_t count_of(const struct npz_array *array)
{
	int64_t count = 1;

	for (int i = 0; i < array->rank; i++)
		count *= array->dims[i];
	return count;
}

/* A header with room for the numbers behind it, which begin at *numbers; `len` bytes in all. The caller owns it. */
static char *begin_bytes(const struct npz_array *array, char **numbers, size_t *len, struct error *err)
{
	char header[NPY_HEADER_BYTES];
	size_t header_len = npy_print(array, header);

	assert(strlen(array->name) < NPZ_NAME_BYTES && array->rank <= NPZ_MAX_RANK);
	*len = header_len + (size_t)count_of(array) * (size_t)npy_size(array->type);
	char *bytes = malloc(*len);
	if (!bytes) {
		fail(err, "array \"%s\": not enough memory for %zu bytes", array->name, *len);
		return NULL;
	}
	memcpy(bytes, header, header_len);
	*numbers = bytes + header_len;
	return bytes;
}

static void put(char *to, uint64_t bits, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (char)(bits >> 8 * i & 255);
}

static bool put_float(char *to, const struct npz_array *array, const float *values, int64_t i, struct error *err)
{
	uint32_t bits;

	if (array->type == NPZ_FLOAT32) {
		memcpy(&bits, &values[i], sizeof bits);
		put(to + 4 * i, bits, 4);
		return true;
	}
	uint16_t half = half_of_float(values[i]);
	put(to + 2 * i, half, 2);
	return !isfinite(values[i]) || isfinite(half_to_float(half)) ||
	       fail(err, "array \"%s\": number %lld is %g, and float16 ends at 65504", array->name, (long long)i, (double)values[i]);
}

bool npz_add_floats(struct npz_draft *draft, const struct npz_array *array, const float *values, struct error *err)
{
	char *numbers;
	size_t len;
	char *bytes = begin_bytes(array, &numbers, &len, err);

	assert(array->type == NPZ_FLOAT16 || array->type == NPZ_FLOAT32);
	for (int64_t i = 0; bytes && i < count_of(array); i++)
		if (!put_float(numbers, array, values, i, err)) {
			free(bytes);
			return false;
		}
	return bytes && add_bytes(draft, array->name, bytes, len, err);
}

bool npz_add_integers(struct npz_draft *draft, const struct npz_array *array, const int64_t *values, struct error *err)
{
	char *numbers;
	size_t len;
	char *bytes = begin_bytes(array, &numbers, &len, err);

	assert(array->type == NPZ_INT64);
	for (int64_t i = 0; bytes && i < count_of(array); i++)
		put(numbers + 8 * i, (uint64_t)values[i], 8);
	return bytes && add_bytes(draft, array->name, bytes, len, err);
}

/* Copies the finished archive. */
static bool copy_archive(zip_source_t *from, struct atomic_file *to, struct error *err)
{
	char bytes[CHUNK_BYTES];
	zip_int64_t got = 0;

	if (zip_source_open(from) != 0)
		return fail(err, "%s: %s", to->path, zip_error_strerror(zip_source_error(from)));
	while ((got = zip_source_read(from, bytes, sizeof bytes)) > 0 && atomic_file_write(to, bytes, (size_t)got, err))
		;
	if (got < 0)
		fail(err, "%s: %s", to->path, zip_error_strerror(zip_source_error(from)));
	zip_source_close(from);
	return got == 0;
}

/* libzip makes nothing of an archive without entries; numpy makes the record that ends every archive, and nothing before it. */
static const char empty_archive[22] = "PK\5\6";

static bool fill_file(struct npz_draft *draft, struct atomic_file *to, struct error *err)
{
	if (zip_get_num_entries(draft->archive, 0) == 0)
		return atomic_file_write(to, empty_archive, sizeof empty_archive, err);
	if (zip_close(draft->archive) != 0)
		return fail(err, "%s: %s", to->path, zip_strerror(draft->archive));
	draft->archive = NULL;
	return copy_archive(draft->bytes, to, err);
}

bool npz_save(struct npz_draft *draft, const char *path, struct error *err)
{
	struct atomic_file file;
	bool created = atomic_file_create(&file, path, err), filled = created && fill_file(draft, &file, err);

	npz_discard(draft);
	if (filled)
		return atomic_file_publish(&file, err);
	if (created)
		atomic_file_discard(&file);
	return false;
}
