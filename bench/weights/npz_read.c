/* Reading npz files. See npz.h. libzip reads the archive and checks each entry's checksum at its end; we read the
 * arrays inside. */
#include "bench/weights/npz.h"

#include "bench/text/words.h"
#include "bench/weights/half.h"
#include "bench/weights/npy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

enum { CHUNK = 4096 };          /* numbers read from the archive at a time */

static const char ending[] = ".npy";

struct entry {
	struct npz_array array;
	char name[NPZ_NAME_BYTES];
	bool fortran_order;
	uint64_t header_bytes;
};

struct npz {
	char *path;             /* owned */
	zip_t *archive;         /* owned */
	int count;
	struct entry *entries;  /* owned */
};

/* Reports an error in an array, by its name in the archive. */
static bool refuse(const struct npz *npz, const char *name, const char *reason, struct error *err)
{
	char shown[SHOWN_BYTES];

	return fail(err, "%s: array \"%s\": %s", npz->path, words_show(name, shown), reason);
}

static bool open_archive(struct npz *npz, struct error *err)
{
	struct stat about;
	int code;
	zip_error_t why;

	if (stat(npz->path, &about) != 0)
		return fail(err, "%s: cannot be read: %s", npz->path, strerror(errno));
	if (!S_ISREG(about.st_mode))
		return fail(err, "%s: not a file", npz->path);
	npz->archive = zip_open(npz->path, ZIP_RDONLY, &code);
	if (npz->archive)
		return true;
	zip_error_init_with_code(&why, code);
	fail(err, "%s: not an .npz file, which is a zip archive: %s", npz->path, zip_error_strerror(&why));
	zip_error_fini(&why);
	return false;
}

/* Reads exactly `bytes` bytes of an entry. */
static bool read_bytes(zip_file_t *from, void *to, uint64_t bytes, struct error *err)
{
	zip_int64_t got = zip_fread(from, to, bytes);

	if (got < 0)
		return fail(err, "cannot be read: %s", zip_file_strerror(from));
	return (uint64_t)got == bytes || fail(err, "ends early");
}

/* Reads to the end of an entry, where libzip compares the checksum. */
static bool read_end(zip_file_t *from, struct error *err)
{
	char more;
	zip_int64_t got = zip_fread(from, &more, 1);

	if (got < 0)
		return fail(err, "cannot be read: %s", zip_file_strerror(from));
	return got == 0 || fail(err, "longer than its header says");
}

static bool read_header(zip_file_t *from, struct entry *to, struct error *err)
{
	unsigned char magic[NPY_MAGIC_BYTES], length[4] = { 0 };
	int length_bytes;

	if (!read_bytes(from, magic, sizeof magic, err) || !npy_prefix(magic, &length_bytes, err) ||
	    !read_bytes(from, length, (uint64_t)length_bytes, err))
		return false;
	size_t len = length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 | (size_t)length[3] << 24;
	if (len > NPY_MAX_HEADER)
		return fail(err, ".npy header: %zu bytes; accepted: up to %d", len, NPY_MAX_HEADER);
	char *text = malloc(len + 1);
	struct npy_header header = { .fortran_order = false };
	if (!text)
		return fail(err, "not enough memory");
	bool read = read_bytes(from, text, len, err);
	text[read ? len : 0] = '\0';
	read = read && npy_parse(text, len, &header, err);
	free(text);
	to->array = header.array;
	to->fortran_order = header.fortran_order;
	to->header_bytes = sizeof magic + (uint64_t)length_bytes + len;
	return read;
}

/* Checks what the archive says of an entry, before reading any of it. */
static bool check_entry(const zip_stat_t *about, struct error *err)
{
	const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD;

	if ((about->valid & needed) != needed)
		return fail(err, "its size or its method of compression is not stated");
	return about->comp_method == ZIP_CM_STORE || about->comp_method == ZIP_CM_DEFLATE ||
	       fail(err, "compressed by method %d; accepted: stored, deflated", about->comp_method);
}

static bool read_entry(struct npz *npz, zip_uint64_t i, struct entry *to, struct error *err)
{
	zip_stat_t about;

	if (zip_stat_index(npz->archive, i, 0, &about) != 0)
		return fail(err, "cannot be read: %s", zip_strerror(npz->archive));
	if (!check_entry(&about, err))
		return false;
	zip_file_t *from = zip_fopen_index(npz->archive, i, 0);
	if (!from)
		return fail(err, "cannot be read: %s", zip_strerror(npz->archive));
	bool read = read_header(from, to, err);
	zip_fclose(from);
	if (!read)
		return false;
	uint64_t bytes = to->header_bytes + (uint64_t)to->array.count * (uint64_t)npy_size(to->array.type);
	return about.size == bytes ||
	       fail(err, "%llu bytes long, where its header makes it %llu", (unsigned long long)about.size,
	                                   (unsigned long long)bytes);
}

static bool name_entry(const struct npz *npz, const char *name, struct entry *to, struct error *err)
{
	size_t len = name ? strlen(name) : 0, end = sizeof ending - 1;
	char shown[SHOWN_BYTES];

	if (len <= end || strcmp(name + len - end, ending) != 0)
		return fail(err, "%s: holds \"%s\", which is not the name of an array: NAME.npy", npz->path,
		            words_show(name ? name : "", shown));
	if (len - end >= sizeof to->name)
		return fail(err, "%s: the name of array \"%s\" is longer than %d bytes", npz->path,
		            words_show(name, shown), NPZ_NAME_BYTES - 1);
	memcpy(to->name, name, len - end);
	to->name[len - end] = '\0';
	return !npz_find(npz, to->name) ||
	       fail(err, "%s: holds array \"%s\" twice", npz->path, words_show(to->name, shown));
}

static bool read_entries(struct npz *npz, struct error *err)
{
	zip_int64_t count = zip_get_num_entries(npz->archive, 0);

	if (count > NPZ_MAX_ARRAYS)
		return fail(err, "%s: %lld arrays; accepted: up to %d", npz->path, (long long)count, NPZ_MAX_ARRAYS);
	npz->entries = calloc((size_t)count + 1, sizeof *npz->entries);
	if (!npz->entries)
		return fail(err, "%s: not enough memory for %lld arrays", npz->path, (long long)count);
	for (; npz->count < count; npz->count++) {
		struct entry *entry = &npz->entries[npz->count];
		struct error why = { "" };

		if (!name_entry(npz, zip_get_name(npz->archive, (zip_uint64_t)npz->count, 0), entry, err))
			return false;
		if (!read_entry(npz, (zip_uint64_t)npz->count, entry, &why))
			return refuse(npz, entry->name, why.text, err);
		entry->array.name = entry->name;
	}
	return true;
}

struct npz *npz_open(const char *path, struct error *err)
{
	struct npz *npz = calloc(1, sizeof *npz);

	if (npz)
		npz->path = strdup(path);
	if (!npz || !npz->path)
		fail(err, "%s: not enough memory", path);
	else if (open_archive(npz, err) && read_entries(npz, err))
		return npz;
	npz_close(npz);
	return NULL;
}

void npz_close(struct npz *npz)
{
	if (!npz)
		return;
	if (npz->archive)
		zip_discard(npz->archive);
	free(npz->entries);
	free(npz->path);
	free(npz);
}

int npz_count(const struct npz *npz)
{
	return npz->count;
}

const struct npz_array *npz_at(const struct npz *npz, int i)
{
	return &npz->entries[i].array;
}

const struct npz_array *npz_find(const struct npz *npz, const char *name)
{
	for (int i = 0; i < npz->count; i++)
		if (!strcmp(npz->entries[i].name, name))
			return &npz->entries[i].array;
	return NULL;
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

/* Where an array's numbers go: one of the two is not NULL. */
struct target {
	float *floats;
	int64_t *integers;
};

static uint64_t little_endian(const unsigned char *at, int bytes)
{
	uint64_t value = 0;

	for (int i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << 8 * i;
	return value;
}

static float float_at(const unsigned char *at, enum npz_type type)
{
	uint64_t bits = little_endian(at, npy_size(type));
	uint32_t single = (uint32_t)bits;
	double wide;
	float value;

	if (type == NPZ_FLOAT16)
		return half_to_float((uint16_t)bits);
	if (type == NPZ_FLOAT32) {
		memcpy(&value, &single, sizeof value);
		return value;
	}
	memcpy(&wide, &bits, sizeof wide);
	return (float)wide;
}

/* Two's complement of any width; a uint64 above INT64_MAX becomes negative. */
static int64_t integer_at(const unsigned char *at, enum npz_type type)
{
	int bytes = npy_size(type);
	uint64_t bits = little_endian(at, bytes), sign = (uint64_t)1 << (8 * bytes - 1);

	if (type <= NPZ_INT64 && bits & sign)
		bits |= ~(sign * 2 - 1);
	return (int64_t)bits;
}

static bool convert(const unsigned char *at, enum npz_type type, const struct target *to, int64_t place,
                    struct error *err)
{
	if (npz_is_float(type)) {
		to->floats[place] = float_at(at, type);
		return true;
	}
	int64_t value = integer_at(at, type);
	if (type == NPZ_UINT64 && value < 0)
		return fail(err, "number %lld is above %lld", (long long)place, (long long)INT64_MAX);
	if (to->floats)
		to->floats[place] = (float)value;
	else
		to->integers[place] = value;
	return true;
}

/* The position in C order of a Fortran-ordered array's number at `index`, which then moves on to the next. */
static int64_t next_place(const struct npz_array *a, int64_t index[NPZ_MAX_RANK])
{
	int64_t place = 0;

	for (int i = 0; i < a->rank; i++)
		place = place * a->dims[i] + index[i];
	for (int i = 0; i < a->rank && ++index[i] == a->dims[i]; i++)
		index[i] = 0;
	return place;
}

static bool read_numbers(zip_file_t *from, const struct entry *e, const struct target *to, struct error *err)
{
	unsigned char bytes[CHUNK * 8];
	int64_t index[NPZ_MAX_RANK] = { 0 };
	int size = npy_size(e->array.type);

	for (int64_t done = 0; done < e->array.count;) {
		int64_t chunk = e->array.count - done < CHUNK ? e->array.count - done : CHUNK;

		if (!read_bytes(from, bytes, (uint64_t)(chunk * size), err))
			return false;
		for (int64_t i = 0; i < chunk; i++, done++)
			if (!convert(bytes + i * size, e->array.type, to,
			             e->fortran_order ? next_place(&e->array, index) : done, err))
				return false;
	}
	return read_end(from, err);
}

static bool skip_header(zip_file_t *from, uint64_t bytes, struct error *err)
{
	unsigned char skipped[CHUNK];

	while (bytes > 0) {
		uint64_t chunk = bytes < CHUNK ? bytes : CHUNK;
		if (!read_bytes(from, skipped, chunk, err))
			return false;
		bytes -= chunk;
	}
	return true;
}

static bool read_array(struct npz *npz, const struct npz_array *array, const struct target *to, struct error *err)
{
	const struct entry *e = (const struct entry *)array;
	struct error why = { "" };
	zip_file_t *from = zip_fopen_index(npz->archive, (zip_uint64_t)(e - npz->entries), 0);

	assert(e >= npz->entries && e < npz->entries + npz->count);
	if (!from)
		return refuse(npz, e->name, zip_strerror(npz->archive), err);
	bool read = skip_header(from, e->header_bytes, &why) && read_numbers(from, e, to, &why);
	zip_fclose(from);
	return read || refuse(npz, e->name, why.text, err);
}

bool npz_read_floats(struct npz *npz, const struct npz_array *array, float *to, struct error *err)
{
	return read_array(npz, array, &(struct target){ .floats = to }, err);
}

bool npz_read_integers(struct npz *npz, const struct npz_array *array, int64_t *to, struct error *err)
{
	char reason[64];

	snprintf(reason, sizeof reason, "numbers of type %s; accepted: integers", npz_type_name(array->type));
	if (npz_is_float(array->type))
		return refuse(npz, array->name, reason, err);
	return read_array(npz, array, &(struct target){ .integers = to }, err);
}
