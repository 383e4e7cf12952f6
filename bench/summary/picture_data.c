/* See picture_data.h. */
#include "bench/summary/picture_data.h"

#include "bench/summary/mean_curves.h"
#include "bench/summary/summary.h"

/* folder/name, or an error. */
static bool join(const char *folder, const char *name, char to[FILE_PATH_BYTES], struct error *err)
{
	return snprintf(to, FILE_PATH_BYTES, "%s/%s", folder, name) < FILE_PATH_BYTES ||
	       fail(err, "%.100s...: the path is too long", folder);
}

static bool print_networks(const char *points_path, FILE *to, struct error *err)
{
	static const char *const needed[] = { "family", "width", "status", "total", "accuracy", NULL };
	struct records records;
	struct summary summary;

	if (!records_read_table(points_path, needed, &records, err))
		return false;
	bool good = summary_create(&records, NULL, &summary, err);
	if (good) {
		good = summary_print(&summary, TABLE_TSV, to, err);
		summary_free(&summary);
	}
	records_free(&records);
	return good;
}

/* A table that is made from another. */
struct source {
	const char *from, *name;
	bool (*print)(const char *path, FILE *to, struct error *err);
};

/* What is made of folder/from, in a temporary file that would be folder/name. */
static bool make_table(const char *folder, const struct source *source, struct atomic_file *to, struct error *err)
{
	char from[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	struct draft draft;

	if (!join(folder, source->from, from, err) || !join(folder, source->name, path, err) ||
	    !draft_open(&draft, err))
		return false;
	bool good = source->print(from, draft.stream, err) &&
	            (fflush(draft.stream) == 0 || fail(err, "%s: not enough memory", path)) &&
	            atomic_file_create(to, path, err);

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
	const struct source means = { "curves.tsv", "means.tsv", mean_curves_print };

	if (!make_table(folder, &networks, &to->networks, err))
		return false;
	if (make_table(folder, &means, &to->means, err))
		return true;
	atomic_file_discard(&to->networks);
	return false;
}

void picture_data_remove(struct picture_data *data)
{
	atomic_file_discard(&data->networks);
	atomic_file_discard(&data->means);
}
