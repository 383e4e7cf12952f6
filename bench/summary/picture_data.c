/* See picture_data.h. */
#include "bench/summary/picture_data.h"

#include "bench/summary/mean_curves.h"
#include "bench/summary/summary.h"

#include <stdlib.h>
#include <string.h>

enum { TITLE_BYTES = 1000 };

/* folder/name, or an error. */
static bool join(const char *folder, const char *name, char to[FILE_PATH_BYTES], struct error *err)
{
	return snprintf(to, FILE_PATH_BYTES, "%s/%s", folder, name) < FILE_PATH_BYTES ||
	       fail(err, "%.100s...: the path is too long", folder);
}

/* At most TITLE_BYTES, of whole UTF-8 characters: no picture shows more, and an argument of a program has its limit.
 * The table may be anybody's: what is no character would be no XML either. */
static char *copy_title(const char *title)
{
	size_t len = strnlen(title, TITLE_BYTES + 1);

	if (len > TITLE_BYTES)
		for (len = TITLE_BYTES; len > 0 && ((unsigned char)title[len] & 0xC0) == 0x80; len--)
			;
	char *copy = strndup(title, len);

	if (copy)
		text_clean(copy);
	return copy;
}

static void count_networks(const struct summary *summary, struct picture_data *to)
{
	to->network_count = summary->count;
	to->family_count = 0;
	for (int i = 0; i < summary->count; i++)
		if (summary->networks[i].family_number > to->family_count)
			to->family_count = summary->networks[i].family_number;
}

static bool print_networks(const char *points_path, struct picture_data *about, FILE *to, struct error *err)
{
	static const char *const needed[] = { "family", "width", "status", "total", "accuracy", NULL };
	struct records records;
	struct summary summary;

	if (!records_read_table(points_path, needed, &records, err))
		return false;
	bool good = summary_create(&records, NULL, &summary, err);
	if (good) {
		count_networks(&summary, about);
		good = summary_print(&summary, TABLE_TSV, to, err);
		summary_free(&summary);
	}
	if (good && records.title && !(about->title = copy_title(records.title)))
		good = fail(err, "%s: not enough memory", points_path);
	records_free(&records);
	return good;
}

static bool print_means(const char *curves_path, struct picture_data *about, FILE *to, struct error *err)
{
	(void)about;
	return mean_curves_print(curves_path, to, err);
}

/* A table that is made from another. */
struct source {
	const char *from, *name;
	bool (*print)(const char *path, struct picture_data *about, FILE *to, struct error *err);
};

/* What is made of folder/from, in a temporary file that would be folder/name. */
static bool make_table(const char *folder, const struct source *source, struct picture_data *about,
                       struct atomic_file *to, struct error *err)
{
	char from[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	struct draft draft;

	if (!join(folder, source->from, from, err) || !join(folder, source->name, path, err) ||
	    !draft_open(&draft, err))
		return false;
	bool good = source->print(from, about, draft.stream, err) &&
	            (fflush(draft.stream) == 0 || fail(err, "%s: not enough memory", path)) &&
	            atomic_file_create(to, path, err);

	if (good)
		draft_unquote(&draft);
	if (good && !atomic_file_write(to, draft.bytes, draft.len, err)) {
		atomic_file_discard(to);
		good = false;
	}
	draft_discard(&draft);
	return good;
}

bool picture_data_create(const char *folder, struct picture_data *to, struct error *err)
{
	const struct source networks = { "points.tsv", "networks.tsv", print_networks };
	const struct source means = { "curves.tsv", "means.tsv", print_means };

	to->title = NULL;
	if (make_table(folder, &networks, to, &to->networks, err)) {
		if (make_table(folder, &means, to, &to->means, err))
			return true;
		atomic_file_discard(&to->networks);
	}
	free(to->title);
	return false;
}

void picture_data_remove(struct picture_data *data)
{
	atomic_file_discard(&data->networks);
	atomic_file_discard(&data->means);
	free(data->title);
}
