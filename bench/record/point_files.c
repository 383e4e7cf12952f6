/* See point_files.h. */
#include "bench/record/point_files.h"

#include "bench/system/digest.h"
#include "bench/weights/npz.h"

static const char *const endings[POINT_FILES] = {
	[POINT_CURVE] = ".curve.tsv", [POINT_WEIGHTS] = ".npz", [POINT_LOGITS] = ".logits.npz"
};

bool point_file_path(const char *folder, const char *id, enum point_file which, char to[FILE_PATH_BYTES],
                     struct error *err)
{
	return snprintf(to, FILE_PATH_BYTES, "%s/points/%s%s", folder, id, endings[which]) < FILE_PATH_BYTES ||
	       fail(err, "%.100s...: the path is too long", folder);
}

bool point_file_remove(const char *folder, const char *id, enum point_file which, struct error *err)
{
	char path[FILE_PATH_BYTES];

	return point_file_path(folder, id, which, path, err) && file_remove(path, err);
}

static bool add_split(struct npz_draft *draft, const struct split_logits *split, int classes, struct error *err)
{
	struct npz_array array = { .name = split->split, .type = NPZ_FLOAT32, .rank = 2,
		.dims = { split->images, classes } };

	return npz_add_floats(draft, &array, split->at, err);
}

bool point_logits_write(const char *folder, const char *id, const struct split_logits *splits, int count, int classes,
                        struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct npz_draft *draft = point_file_path(folder, id, POINT_LOGITS, path, err) ? npz_create(err) : NULL;

	if (!draft)
		return false;
	for (int i = 0; i < count; i++)
		if (!add_split(draft, &splits[i], classes, err)) {
			npz_discard(draft);
			return false;
		}
	return npz_save(draft, path, err);
}

bool point_file_digest(const char *folder, struct record *record, enum point_file which, struct error *err)
{
	char path[FILE_PATH_BYTES];

	return point_file_path(folder, record->id, which, path, err) &&
	       (digest_file(path, &record->file_digests[which], err) ||
	        fail(err, "%s: has vanished after it was written", path));
}

static bool check_file(const char *folder, const struct record *record, enum point_file which, struct error *why)
{
	char path[FILE_PATH_BYTES];
	uint64_t digest;

	if (record->file_digests[which] == 0)
		return true;
	if (!point_file_path(folder, record->id, which, path, why))
		return false;
	if (!digest_file(path, &digest, why))
		return fail(why, "%s: is missing", path);
	return digest == record->file_digests[which] ||
	       fail(why, "%s: is damaged: it is not what was written with the record", path);
}

static bool read_split(struct npz *file, const char *path, const struct split_logits *to, int classes,
                       struct error *err)
{
	const struct npz_array *array = npz_find(file, to->split);
	char shape[NPZ_SHAPE_BYTES];

	if (!array)
		return fail(err, "%s: array \"%s\" is missing", path, to->split);
	if (array->type != NPZ_FLOAT32 || array->rank != 2 || array->dims[0] != to->images ||
	    array->dims[1] != classes)
		return fail(err, "%s: array \"%s\" is %s %s; accepted: float32 [%d, %d] (images, classes)", path,
		            to->split, npz_type_name(array->type), npz_shape(array->rank, array->dims, shape),
		            to->images, classes);
	return npz_read_floats(file, array, to->at, err);
}

bool point_logits_read(const char *folder, const struct record *record, const struct split_logits *to, int classes,
                       struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (!point_file_path(folder, record->id, POINT_LOGITS, path, err) ||
	    !check_file(folder, record, POINT_LOGITS, err))
		return false;
	struct npz *file = npz_open(path, err);
	bool read = file && read_split(file, path, to, classes, err);
	npz_close(file);
	return read;
}

bool point_files_check(const char *folder, const struct record *record, struct error *why)
{
	for (int which = 0; which < POINT_FILES; which++)
		if (!check_file(folder, record, (enum point_file)which, why))
			return false;
	return true;
}
