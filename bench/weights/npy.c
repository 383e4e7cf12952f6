/* See npy.h. Parses only this subset of Python's dictionaries: three keys in any order, strings, True, False, a tuple
 * of numbers. */
#include "bench/weights/npy.h"

#include "bench/text/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char magic_text[] = "\x93NUMPY";

static const struct { const char *name, *text; int bytes; } types[] = {
	[NPZ_FLOAT16] = { "float16", "<f2", 2 }, [NPZ_FLOAT32] = { "float32", "<f4", 4 },
		[NPZ_FLOAT64] = { "float64", "<f8", 8 },
	[NPZ_INT8] = { "int8", "|i1", 1 }, [NPZ_INT16] = { "int16", "<i2", 2 }, [NPZ_INT32] = { "int32", "<i4", 4 },
	[NPZ_INT64] = { "int64", "<i8", 8 }, [NPZ_UINT8] = { "uint8", "|u1", 1 }, [NPZ_UINT16] = { "uint16", "<u2", 2 },
	[NPZ_UINT32] = { "uint32", "<u4", 4 }, [NPZ_UINT64] = { "uint64", "<u8", 8 },
};

enum { TYPE_COUNT = sizeof types / sizeof *types };

int npy_size(enum npz_type type)
{
	return types[type].bytes;
}

void npy_put(unsigned char *to, uint64_t bits, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (unsigned char)(bits >> 8 * i & 255);
}

int64_t npy_count(const struct npz_array *array)
{
	int64_t count = 1;

	for (int i = 0; i < array->rank; i++)
		count *= array->dims[i];
	return count;
}

const char *npz_type_name(enum npz_type type)
{
	return types[type].name;
}

bool npz_is_float(enum npz_type type)
{
	return type <= NPZ_FLOAT64;
}

const char *npz_shape(int rank, const int64_t *dims, char to[NPZ_SHAPE_BYTES])
{
	int used = snprintf(to, NPZ_SHAPE_BYTES, "[");

	for (int i = 0; i < rank; i++)
		used += snprintf(to + used, (size_t)(NPZ_SHAPE_BYTES - used), "%s%lld", i ? ", " : "",
		                 (long long)dims[i]);
	snprintf(to + used, (size_t)(NPZ_SHAPE_BYTES - used), "]");
	return to;
}

bool npy_prefix(const unsigned char magic[NPY_MAGIC_BYTES], int *length_bytes, struct error *err)
{
	if (memcmp(magic, magic_text, sizeof magic_text - 1) != 0)
		return fail(err, "does not begin as a .npy array does");
	if (magic[6] < 1 || magic[6] > 2 || magic[7] != 0)
		return fail(err, ".npy version %d.%d; accepted: 1.0, 2.0", magic[6], magic[7]);
	*length_bytes = magic[6] == 1 ? 2 : 4;
	return true;
}

/* The parser's position in the dictionary. */
struct reader {
	const char *at;
	struct error *err;
};

static void skip_blanks(struct reader *r)
{
	r->at += strspn(r->at, " \t\r\n");
}

/* Skips the character if it comes next, and returns whether it did. */
static bool take(struct reader *r, char what)
{
	skip_blanks(r);
	if (*r->at != what)
		return false;
	r->at++;
	return true;
}

static bool refuse(struct reader *r, const char *wanted)
{
	char shown[SHOWN_BYTES];

	return fail(r->err, ".npy header: %s expected, found \"%s\"", wanted, words_show(r->at, shown));
}

static bool read_text(struct reader *r, char *to, size_t size)
{
	skip_blanks(r);
	char quote = *r->at;
	if (quote != '\'' && quote != '"')
		return refuse(r, "a text in quotes");
	const char *end = strchr(r->at + 1, quote);
	if (!end || (size_t)(end - r->at) > size)
		return refuse(r, "a short text in quotes");
	snprintf(to, size, "%.*s", (int)(end - r->at - 1), r->at + 1);
	r->at = end + 1;
	return true;
}

static bool read_type(struct reader *r, enum npz_type *to)
{
	char text[32], shown[SHOWN_BYTES];

	skip_blanks(r);
	if (*r->at == '[')
		return fail(r->err, ".npy header: an array of records; accepted: an array of numbers");
	if (!read_text(r, text, sizeof text))
		return false;
	for (int i = 0; i < TYPE_COUNT; i++)
		if (!strcmp(text, types[i].text)) {
			*to = (enum npz_type)i;
			return true;
		}
	return fail(r->err,
	            "numbers of type \"%s\"; accepted: little-endian floats of 2, 4 and 8 bytes, integers of 1 to 8",
	            words_show(text, shown));
}

static bool read_bool(struct reader *r, bool *to)
{
	skip_blanks(r);
	*to = strncmp(r->at, "True", 4) == 0;
	if (!*to && strncmp(r->at, "False", 5) != 0)
		return refuse(r, "True or False");
	r->at += *to ? 4 : 5;
	return true;
}

static bool read_dim(struct reader *r, struct npz_array *to)
{
	char *end;

	skip_blanks(r);
	if (*r->at < '0' || *r->at > '9')
		return refuse(r, "a dimension");
	if (to->rank == NPZ_MAX_RANK)
		return fail(r->err, "more than %d dimensions", NPZ_MAX_RANK);
	errno = 0;
	long long value = strtoll(r->at, &end, 10);
	if (errno || value > NPZ_MAX_COUNT || (value > 0 && to->count > NPZ_MAX_COUNT / value))
		return fail(r->err, "more than %lld numbers", (long long)NPZ_MAX_COUNT);
	to->dims[to->rank++] = value;
	to->count *= value;
	r->at = end + (*end == 'L');
	return true;
}

/* (), (3,), (3, 4), (3, 4,) */
static bool read_shape(struct reader *r, struct npz_array *to)
{
	to->rank = 0;
	to->count = 1;
	if (!take(r, '('))
		return refuse(r, "a tuple of dimensions");
	while (!take(r, ')')) {
		if (!read_dim(r, to))
			return false;
		if (take(r, ','))
			continue;
		if (take(r, ')'))
			break;
		return refuse(r, "\",\" or \")\"");
	}
	return true;
}

enum { HAS_TYPE = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

static bool read_entry(struct reader *r, struct npy_header *to, int *seen)
{
	char key[32], shown[SHOWN_BYTES];

	if (!read_text(r, key, sizeof key))
		return false;
	if (!take(r, ':'))
		return refuse(r, "\":\"");
	int which = !strcmp(key, "descr") ? HAS_TYPE
	                                  : !strcmp(key, "fortran_order") ? HAS_ORDER
	                                                                  : !strcmp(key, "shape") ? HAS_SHAPE : 0;
	if (!which || *seen & which)
		return fail(r->err, ".npy header: key \"%s\" is %s", words_show(key, shown),
		            which ? "there twice" : "unknown");
	*seen |= which;
	switch (which) {
	case HAS_TYPE: return read_type(r, &to->array.type);
	case HAS_ORDER: return read_bool(r, &to->fortran_order);
	default: return read_shape(r, &to->array);
	}
}

bool npy_parse(const char *text, size_t len, struct npy_header *to, struct error *err)
{
	struct reader r = { text, err };
	int seen = 0;

	*to = (struct npy_header){ .array = { .count = 1 } };
	if (strlen(text) != len)
		return fail(err, ".npy header: a zero byte within");
	if (!take(&r, '{'))
		return refuse(&r, "\"{\"");
	while (!take(&r, '}')) {
		if (!read_entry(&r, to, &seen))
			return false;
		if (take(&r, ','))
			continue;
		if (take(&r, '}'))
			break;
		return refuse(&r, "\",\" or \"}\"");
	}
	skip_blanks(&r);
	if (*r.at)
		return refuse(&r, "nothing more");
	return seen == HAS_ALL || fail(err, ".npy header: descr, fortran_order or shape is missing");
}

size_t npy_print(const struct npz_array *array, char to[NPY_HEADER_BYTES])
{
	enum { PREFIX = NPY_MAGIC_BYTES + 2, ALIGNMENT = 64 };
	char *text = to + PREFIX;
	size_t room = NPY_HEADER_BYTES - PREFIX;
	size_t used = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (",
	                               types[array->type].text);

	for (int i = 0; i < array->rank; i++)
		used += (size_t)snprintf(text + used, room - used, "%s%lld", i ? ", " : "", (long long)array->dims[i]);
	used += (size_t)snprintf(text + used, room - used, "%s), }", array->rank == 1 ? "," : "");
	while ((PREFIX + used + 1) % ALIGNMENT)
		text[used++] = ' ';
	text[used++] = '\n';
	memcpy(to, magic_text, sizeof magic_text - 1);
	to[6] = 1;
	to[7] = 0;
	to[8] = (char)(used & 255);
	to[9] = (char)(used >> 8);
	return PREFIX + used;
}
