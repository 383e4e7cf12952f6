/* Writing npz files. See npz.h. libzip writes when the archive is closed, and fetches each array's numbers then, piece
 * by piece, so no file is ever in memory as a whole. Entries have the earliest date that zip allows, so the same arrays
 * always give the same bytes. */
#include "bench/weights/npz.h"

#include "bench/weights/npy.h"
#include "bench/weights/npz_target.h"
#include "bench/weights/npz_walk.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_DAY = 1 << 5 | 1 };        /* 1980-01-01: month 1, day 1 */

struct npz_draft {
	struct npz_target target;
	zip_t *archive;         /* owned */
};

/* Serialises the opening: libzip 1.7 initialises two static variables at its first opening, and a second thread that
 * opens an archive between the two sees our source as read-only. */
static zip_t *open_archive(zip_source_t *target)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&one_at_a_time);
	zip_t *archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, NULL);
	pthread_mutex_unlock(&one_at_a_time);
	return archive;
}

struct npz_draft *npz_create(struct error *err)
{
	struct npz_draft *draft = calloc(1, sizeof *draft);
	zip_source_t *target = draft ? npz_target_source(&draft->target) : NULL;

	if (target)
		draft->archive = open_archive(target);
	if (draft && draft->archive)
		return draft;
	zip_source_free(target);
	free(draft);
	fail(err, "not enough memory for an .npz file");
	return NULL;
}

void npz_discard(struct npz_draft *draft)
{
	if (!draft)
		return;
	if (draft->archive)
		zip_discard(draft->archive);
	free(draft);
}

/* Takes ownership of the source, also on failure. */
static bool add_source(struct npz_draft *draft, const char *name, zip_source_t *source, struct error *err)
{
	char file[NPZ_NAME_BYTES + 8];

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

static bool add_floats(struct npz_draft *draft, const struct npz_array *array, const struct npz_floats *from,
                       float *owned, struct error *err)
{
	assert(strlen(array->name) < NPZ_NAME_BYTES && array->rank <= NPZ_MAX_RANK);
	zip_source_t *source = npz_walk_source(array, from, owned, err);
	if (source)
		return add_source(draft, array->name, source, err);
	free(owned);
	return false;
}

bool npz_add_fetched(struct npz_draft *draft, const struct npz_array *array, const struct npz_floats *from,
                     struct error *err)
{
	return add_floats(draft, array, from, NULL, err);
}

static void fetch_copied(const struct npz_floats *from, int64_t first, int count, float *to)
{
	memcpy(to, from->at + first, (size_t)count * sizeof *to);
}

static bool refuse_size(const char *name, size_t len, struct error *err)
{
	return fail(err, "array \"%s\": not enough memory for %zu bytes", name, len);
}

bool npz_add_floats(struct npz_draft *draft, const struct npz_array *array, const float *values, struct error *err)
{
	size_t len = (size_t)npy_count(array) * sizeof *values;
	float *copy = malloc(len + 1);

	if (!copy)
		return refuse_size(array->name, len, err);
	memcpy(copy, values, len);
	return add_floats(draft, array, &(struct npz_floats){ .at = copy, .fetch = fetch_copied }, copy, err);
}

bool npz_add_integers(struct npz_draft *draft, const struct npz_array *array, const int64_t *values, struct error *err)
{
	char header[NPY_HEADER_BYTES];
	size_t header_len = npy_print(array, header), len = header_len + (size_t)npy_count(array) * sizeof *values;
	unsigned char *bytes = malloc(len);

	assert(array->type == NPZ_INT64 && strlen(array->name) < NPZ_NAME_BYTES && array->rank <= NPZ_MAX_RANK);
	if (!bytes)
		return refuse_size(array->name, len, err);
	memcpy(bytes, header, header_len);
	for (int64_t i = 0; i < npy_count(array); i++)
		npy_put(bytes + header_len + 8 * i, (uint64_t)values[i], 8);
	zip_source_t *source = zip_source_buffer(draft->archive, bytes, len, 1);
	if (source)
		return add_source(draft, array->name, source, err);
	free(bytes);
	return fail(err, "array \"%s\": %s", array->name, zip_strerror(draft->archive));
}

/* libzip writes no file for an archive without entries; numpy writes only the record that ends every archive. */
static const char empty_archive[22] = "PK\5\6";

static bool fill_file(struct npz_draft *draft, struct atomic_file *to, struct error *err)
{
	if (zip_get_num_entries(draft->archive, 0) == 0)
		return atomic_file_write(to, empty_archive, sizeof empty_archive, err);
	draft->target.file = to;
	if (zip_close(draft->archive) == 0) {
		draft->archive = NULL;
		return true;
	}
	const char *why = draft->target.why.text;
	return *why ? fail(err, "%s", why) : fail(err, "%s: %s", to->path, zip_strerror(draft->archive));
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
