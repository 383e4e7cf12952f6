/* See leftovers.h. */
#include "bench/record/leftovers.h"

#include "bench/system/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const endings[] = { ".tsv", ".curve.tsv", ".npz", ".logits.npz", ".checkpoint", NULL };

/* An id and one of the endings. */
static bool is_ours(const char *name)
{
	if (strspn(name, "0123456789abcdef") != POINT_ID_LEN)
		return false;
	for (int i = 0; endings[i]; i++)
		if (strcmp(name + POINT_ID_LEN, endings[i]) == 0)
			return true;
	return false;
}

static int compare_ids(const void *a, const void *b)
{
	return strncmp(a, b, POINT_ID_LEN);
}

/* The ids of all points, sorted; NULL without memory. */
static char (*sort_ids(const struct sweep *sweep))[POINT_ID_LEN + 1]
{
	char (*ids)[POINT_ID_LEN + 1] = calloc((size_t)sweep->point_count + 1, sizeof *ids);

	for (int i = 0; ids && i < sweep->point_count; i++)
		memcpy(ids[i], sweep->points[i].id, sizeof *ids);
	if (ids)
		qsort(ids, (size_t)sweep->point_count, sizeof *ids, compare_ids);
	return ids;
}

static bool add(struct leftovers *to, const char *name, int64_t bytes, struct error *err)
{
	if ((to->count & (to->count - 1)) == 0) {
		size_t room = to->count ? 2 * (size_t)to->count : 1;
		struct leftover *more = realloc(to->of, room * sizeof *more);

		if (!more)
			return fail(err, "not enough memory for %zu names of files", room);
		to->of = more;
	}
	snprintf(to->of[to->count].name, LEFTOVER_NAME_BYTES, "%.63s", name);
	to->of[to->count++].bytes = bytes;
	to->bytes += bytes;
	return true;
}

static bool look_at(DIR *points, const struct sweep *sweep, const char (*ids)[POINT_ID_LEN + 1], struct leftovers *to,
                    struct error *err)
{
	struct dirent *entry;
	struct stat about;

	while ((entry = readdir(points))) {
		if (!is_ours(entry->d_name) ||
		    bsearch(entry->d_name, ids, (size_t)sweep->point_count, sizeof *ids, compare_ids) ||
		    fstatat(dirfd(points), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode))
			continue;
		if (!add(to, entry->d_name, about.st_size, err))
			return false;
	}
	return true;
}

static int compare_names(const void *a, const void *b)
{
	const struct leftover *x = a, *y = b;

	return strcmp(x->name, y->name);
}

bool leftovers_find(const char *folder, const struct sweep *sweep, struct leftovers *to, struct error *err)
{
	char path[FILE_PATH_BYTES];

	*to = (struct leftovers){ .count = 0 };
	if (snprintf(path, sizeof path, "%s/points", folder) >= (int)sizeof path)
		return fail(err, "%.100s...: the path is too long", folder);
	DIR *points = opendir(path);
	if (!points)
		return errno == ENOENT || fail(err, "%s: cannot be read: %s", path, strerror(errno));
	char (*ids)[POINT_ID_LEN + 1] = sort_ids(sweep);
	bool good = ids ? look_at(points, sweep, (const char (*)[POINT_ID_LEN + 1])ids, to, err) :
		fail(err, "not enough memory for %d ids", sweep->point_count);
	closedir(points);
	free(ids);
	if (good && to->count > 0)
		qsort(to->of, (size_t)to->count, sizeof *to->of, compare_names);
	if (!good)
		leftovers_free(to);
	return good;
}

void leftovers_free(struct leftovers *leftovers)
{
	free(leftovers->of);
	*leftovers = (struct leftovers){ .count = 0 };
}

bool leftover_remove(const char *folder, const struct leftover *leftover, struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (snprintf(path, sizeof path, "%s/points/%s", folder, leftover->name) >= (int)sizeof path)
		return fail(err, "%.100s...: the path is too long", folder);
	return file_remove(path, err);
}
