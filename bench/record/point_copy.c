/* See point_copy.h. */
#include "bench/record/point_copy.h"

#include "bench/record/point_files.h"
#include "bench/record/record_columns.h"
#include "bench/system/digest.h"
#include "bench/system/regular_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- comparing ---------------------------------------------------------------------------------------------------- */

static void forget_views(struct record *record)
{
	record->views[0] = '\0';
	record->by_views = (struct score){ NAN, NAN };
}

/* A line "column<TAB>value" for each result, as records have them; those by views only where both have the same.
 * malloc'd, the caller frees; NULL without memory. */
static char *print_results(const struct record *record, const struct record *owner, bool same_views)
{
	struct record named = *record;
	struct record_layout layout;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	memcpy(named.family, owner->family, sizeof named.family);
	named.width = owner->width;
	memcpy(named.variant, owner->variant, sizeof named.variant);
	memcpy(named.group, owner->group, sizeof named.group);
	named.seed = owner->seed;
	if (!same_views)
		forget_views(&named);
	record_layout_results(named.split_names, named.split_count, &layout);
	for (int i = 0; layout.cells[i].name; i++) {
		fprintf(to, "%s\t", layout.cells[i].name);
		cell_print(&layout.cells[i], &named, to);
		fputc('\n', to);
	}
	if (fclose(to) == 0)
		return text;
	free(text);
	return NULL;
}

/* The name on the first line that differs, or "". */
static void name_difference(const char *a, const char *b, char to[DIFFERENCE_BYTES])
{
	const char *line = a;

	for (; *a && *a == *b; a++, b++)
		line = *a == '\n' ? a + 1 : line;
	to[0] = '\0';
	if (*a != *b)
		snprintf(to, DIFFERENCE_BYTES, "%.*s", (int)strcspn(line, "\t\n"), line);
}

bool record_same_results(const struct record *a, const struct record *b, char difference[DIFFERENCE_BYTES],
                         struct error *err)
{
	bool same_views = strcmp(a->views, b->views) == 0;
	char *left = print_results(a, a, same_views), *right = print_results(b, a, same_views);
	bool there = left && right;

	difference[0] = '\0';
	if (there)
		name_difference(left, right, difference);
	free(left);
	free(right);
	if (!there)
		return fail(err, "not enough memory for a record");
	if (!difference[0] && a->file_digests[POINT_WEIGHTS] != b->file_digests[POINT_WEIGHTS])
		snprintf(difference, DIFFERENCE_BYTES, "weights");
	if (!difference[0] && a->file_digests[POINT_LOGITS] != b->file_digests[POINT_LOGITS])
		snprintf(difference, DIFFERENCE_BYTES, "logits");
	return !difference[0];
}

/* --- copying ------------------------------------------------------------------------------------------------------ */

/* Copies what is left in `from` and digests it. */
static bool copy_bytes(int from, const char *path, struct atomic_file *to, uint64_t *value, struct error *err)
{
	char bytes[1 << 16];
	struct digest digest;
	ssize_t got;

	digest_begin(&digest);
	while ((got = read(from, bytes, sizeof bytes)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(err, "%s: %s", path, strerror(errno));
		digest_add(&digest, bytes, (size_t)got);
		if (!atomic_file_write(to, bytes, (size_t)got, err))
			return false;
	}
	*value = digest_end(&digest);
	return true;
}

/* `want`: the digest that it must have; NULL: any. */
static bool copy_file(const char *from, const char *to, const uint64_t *want, struct error *err)
{
	struct atomic_file file;
	uint64_t size, digest = 0;
	int source = regular_open(from, &size, err);

	if (source < 0)
		return false;
	if (!atomic_file_create(&file, to, err)) {
		close(source);
		return false;
	}
	bool good = copy_bytes(source, from, &file, &digest, err) &&
	            (!want || digest == *want || fail(err, "%s: has changed while it was copied", from));
	close(source);
	if (good)
		return atomic_file_publish(&file, err);
	atomic_file_discard(&file);
	return false;
}

static bool copy_beside(const char *from, const struct record *record, enum point_file which, const char *to,
                        struct error *err)
{
	char source[FILE_PATH_BYTES], target[FILE_PATH_BYTES];

	if (record->file_digests[which] == 0)
		return point_file_remove(to, record->id, which, err);
	return point_file_path(from, record->id, which, source, err) &&
	       point_file_path(to, record->id, which, target, err) &&
	       copy_file(source, target, &record->file_digests[which], err);
}

bool point_copy(const char *from, const struct record *record, const char *to, struct error *err)
{
	char points[FILE_PATH_BYTES], source[FILE_PATH_BYTES], target[FILE_PATH_BYTES];

	if (!record_path(from, record->id, RECORD_FILE, source, err) ||
	    !record_path(to, record->id, RECORD_FILE, target, err))
		return false;
	snprintf(points, sizeof points, "%s/points", to);
	if (!folder_create(points, err))
		return false;
	for (int which = 0; which < POINT_FILES; which++)
		if (!copy_beside(from, record, (enum point_file)which, to, err))
			return false;
	return copy_file(source, target, NULL, err);
}
