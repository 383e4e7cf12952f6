/* See preflight.h. */
#include "bench/run/preflight.h"

#include "bench/system/atomic_file.h"
#include "bench/text/text.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

enum {
	RECORD_BYTES = 4096,
	EPOCH_BYTES = 160,              /* of a curve */
	ARCHIVE_BYTES = 16384,          /* of an .npz beside its numbers */
	COPIES_BESIDE = 3,              /* of all weights in any checkpoint: trained, averages, best */
};

static int64_t weights_bytes(const struct pending_point *point)
{
	return point->cost.total * (int64_t)sizeof(float);
}

static int64_t logits_bytes(const struct dataset *data)
{
	int64_t images = 0;

	for (int i = 0; i < data->split_count; i++)
		if (data->splits[i].role == ROLE_TEST || data->splits[i].role == ROLE_REPORT)
			images += data->splits[i].count;
	return images * data->classes * (int64_t)sizeof(float);
}

/* Of the largest checkpoint that is written beside the results. */
static int64_t checkpoint_bytes(const struct pending_point *point)
{
	const struct recipe *recipe = &point->point->variant->recipe;

	return weights_bytes(point) * (COPIES_BESIDE + recipe->optimizer->slots + (recipe->lookahead > 0));
}

int64_t preflight_bytes(const struct pending *pending, const struct dataset *data, int threads)
{
	int64_t each = RECORD_BYTES + 2 * ARCHIVE_BYTES + logits_bytes(data), all = 0, largest = 0;

	for (int i = 0; i < pending->count; i++) {
		const struct pending_point *point = &pending->points[i];

		if (point->reason == UP_TO_DATE)
			continue;
		all += each + weights_bytes(point) + point->point->variant->recipe.epochs * EPOCH_BYTES;
		largest = checkpoint_bytes(point) > largest ? checkpoint_bytes(point) : largest;
	}
	int running = threads < pending->to_train ? threads : pending->to_train;
	return all + running * largest;
}

static bool write_something(const char *points, struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct atomic_file file;

	if (snprintf(path, sizeof path, "%s/.preflight", points) >= (int)sizeof path)
		return fail(err, "%.100s...: the path is too long", points);
	if (!atomic_file_create(&file, path, err))
		return false;
	bool written = atomic_file_write(&file, "archsweep", 9, err);
	atomic_file_discard(&file);
	return written;
}

/* File systems that do not say what is free, with 0 blocks in all, are believed to have room. */
static bool check_room(const char *points, int64_t bytes, struct error *err)
{
	char needed[NUMBER_BYTES], there[NUMBER_BYTES];
	struct statvfs about;

	if (statvfs(points, &about) != 0)
		return fail(err, "%s: cannot be examined: %s", points, strerror(errno));
	double available = (double)about.f_bavail * (double)about.f_frsize;
	return about.f_blocks == 0 || available >= (double)bytes ||
	       fail(err, "%s: %s are free, and what will be written here needs %s", points,
	            format_bytes((int64_t)available, there), format_bytes(bytes, needed));
}

bool preflight(const char *folder, int64_t bytes, struct error *err)
{
	char points[FILE_PATH_BYTES];

	if (snprintf(points, sizeof points, "%s/points", folder) >= (int)sizeof points)
		return fail(err, "%.100s...: the path is too long", folder);
	return folder_create(points, err) && write_something(points, err) && check_room(points, bytes, err);
}
