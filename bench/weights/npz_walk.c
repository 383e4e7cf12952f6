/* See npz_walk.h. */
#include "bench/weights/npz_walk.h"

#include "bench/weights/half.h"
#include "bench/weights/npy.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1024 };          /* numbers that are converted at a time */

struct piece {
	int64_t first;
	float values[PIECE];
	unsigned char bytes[PIECE * sizeof(float)];
};

struct walk {
	struct npz_floats from;
	float *owned;                   /* the numbers to free, or NULL */
	enum npz_type type;
	int64_t count;
	char header[NPY_HEADER_BYTES];
	uint64_t header_len, len, at;   /* bytes; len and at include the header */
	struct piece *piece;            /* owned; while the source is open */
	zip_error_t error;
};

static void put_float(unsigned char *to, enum npz_type type, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	npy_put(to, type == NPZ_FLOAT16 ? half_of_float(value) : bits, npy_size(type));
}

/* Fetches a piece's numbers, from `first` on; returns their number. */
static int fetch(const struct walk *w, int64_t first, float values[PIECE])
{
	int count = w->count - first < PIECE ? (int)(w->count - first) : PIECE;

	w->from.fetch(&w->from, first, count, values);
	return count;
}

static void convert(const struct walk *w, int64_t first)
{
	struct piece *piece = w->piece;
	int count = fetch(w, first, piece->values);

	for (int i = 0; i < count; i++)
		put_float(piece->bytes + i * npy_size(w->type), w->type, piece->values[i]);
	piece->first = first;
}

/* Up to `len` contiguous bytes from w->at on: within the header, or within one piece. */
static const void *find_bytes(struct walk *w, uint64_t *len)
{
	uint64_t piece_len = (uint64_t)PIECE * (uint64_t)npy_size(w->type);

	if (w->at < w->header_len) {
		*len = w->header_len - w->at;
		return w->header + w->at;
	}
	uint64_t at = w->at - w->header_len, rest = w->len - w->at, left = piece_len - at % piece_len;
	int64_t first = (int64_t)(at / piece_len) * PIECE;
	if (w->piece->first != first)
		convert(w, first);
	*len = rest < left ? rest : left;
	return w->piece->bytes + at % piece_len;
}

static zip_int64_t read_bytes(struct walk *w, char *to, uint64_t len)
{
	uint64_t done = 0;

	while (done < len && w->at < w->len) {
		uint64_t there;
		const void *bytes = find_bytes(w, &there);

		if (there > len - done)
			there = len - done;
		memcpy(to + done, bytes, there);
		done += there;
		w->at += there;
	}
	return (zip_int64_t)done;
}

static zip_int64_t open_walk(struct walk *w)
{
	w->at = 0;
	w->piece = malloc(sizeof *w->piece);
	if (!w->piece) {
		zip_error_set(&w->error, ZIP_ER_MEMORY, 0);
		return -1;
	}
	w->piece->first = -1;
	return 0;
}

static void close_walk(struct walk *w)
{
	free(w->piece);
	w->piece = NULL;
}

static zip_int64_t tell(const struct walk *w, zip_stat_t *to)
{
	zip_stat_init(to);
	to->valid = ZIP_STAT_SIZE;
	to->size = w->len;
	return sizeof *to;
}

static zip_int64_t answer(void *about, void *data, zip_uint64_t len, zip_source_cmd_t command)
{
	struct walk *w = about;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return ZIP_SOURCE_SUPPORTS_READABLE;
	case ZIP_SOURCE_STAT:
		return tell(w, data);
	case ZIP_SOURCE_OPEN:
		return open_walk(w);
	case ZIP_SOURCE_READ:
		return read_bytes(w, data, len);
	case ZIP_SOURCE_CLOSE:
		close_walk(w);
		return 0;
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&w->error, data, len);
	case ZIP_SOURCE_FREE:
		close_walk(w);
		free(w->owned);
		free(w);
		return 0;
	default:
		zip_error_set(&w->error, ZIP_ER_OPNOTSUPP, 0);
		return -1;
	}
}

/* Checks before writing, so that writing cannot fail for this reason. */
static bool check_range(const struct walk *w, const char *name, struct error *err)
{
	float values[PIECE];

	for (int64_t first = 0; w->type == NPZ_FLOAT16 && first < w->count; first += PIECE) {
		int count = fetch(w, first, values);

		for (int i = 0; i < count; i++)
			if (isfinite(values[i]) && !isfinite(half_to_float(half_of_float(values[i]))))
				return fail(err, "array \"%s\": number %lld is %g, and float16 ends at 65504", name,
				            (long long)(first + i), (double)values[i]);
	}
	return true;
}

zip_source_t *npz_walk_source(const struct npz_array *array, const struct npz_floats *from, float *owned,
                              struct error *err)
{
	struct walk *w = malloc(sizeof *w);

	assert(array->type == NPZ_FLOAT16 || array->type == NPZ_FLOAT32);
	if (w) {
		*w = (struct walk){ .from = *from, .type = array->type, .count = npy_count(array) };
		w->header_len = npy_print(array, w->header);
		w->len = w->header_len + (uint64_t)w->count * (uint64_t)npy_size(array->type);
		zip_error_init(&w->error);
	}
	if (w && !check_range(w, array->name, err)) {
		free(w);
		return NULL;
	}
	zip_source_t *source = w ? zip_source_function_create(answer, w, NULL) : NULL;
	if (source) {
		w->owned = owned;
		return source;
	}
	free(w);
	fail(err, "array \"%s\": not enough memory", array->name);
	return NULL;
}
