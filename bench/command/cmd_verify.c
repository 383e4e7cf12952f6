/* archsweep verify: whether every point's record, curve, weights and logits are what was written. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/record/point_files.h"
#include "bench/record/records.h"
#include "bench/run/pending.h"
#include "bench/system/lock.h"
#include "bench/text/table.h"

static const struct option_row options[] = {
	{ "repair", .help = "remove what is damaged, so that nothing takes it for whole; `archsweep run` trains it "
	  "again" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "look in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "an array of objects, one for each point", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"A point is whole where its record reads, fits the network and the recipe of the sweep, and its curve, its\n"
	"weights and its logits are byte for byte what was written with it. Where the data can be read, it must be\n"
	"the data that the point was trained on. Points that are not trained yet, diverged or failed are counted,\n"
	"but nothing is wrong with them.\n"
	"\n"
	"Exit status: 0 all that is there is whole, 1 something is damaged (also where it was repaired), 2 the\n"
	"command line or the YAML is wrong.\n";

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "variant", .kind = COLUMN_TEXT },
	{ "seed", .kind = COLUMN_INT },
	{ "id", .kind = COLUMN_TEXT, .machine_only = true },
	{ "state", .kind = COLUMN_TEXT },
	{ "fault", .kind = COLUMN_TEXT },
	{ 0 }
};

enum state { WHOLE, UNTRAINED, UNFINISHED, DAMAGED, STATES };
static const char *const state_names[STATES] = { "whole", "not trained", "diverged or failed", "damaged" };

struct verify {
	const struct options *given;
	const struct sweep *sweep;
	struct report_folder folder;
	struct pending points;          /* owned: all of them, with their costs */
	struct records records;         /* owned */
	bool has_data;
	uint64_t data_digest;
	int lock;                       /* -1: nothing is repaired */
	int counts[STATES];
};

static enum state judge(const struct verify *v, const struct pending_point *point, struct error *why)
{
	const struct record *record = &v->records.of[point->index];
	const uint64_t *digest = v->has_data ? &v->data_digest : NULL;

	switch (v->records.states[point->index]) {
	case RECORD_MISSING:
		return UNTRAINED;
	case RECORD_BROKEN:
		fail(why, "%s", v->records.faults[point->index]);
		return DAMAGED;
	case RECORD_STALE:
		fail(why, "its record is of an older version");
		return DAMAGED;
	case RECORD_READ:
		break;
	}
	if (record->status != POINT_DONE)
		return UNFINISHED;
	if (record->format < RECORD_WITH_DIGESTS) {
		fail(why, "its record is of an older version");
		return DAMAGED;
	}
	return pending_is_whole(v->folder.path, point, record, digest, why) ? WHOLE : DAMAGED;
}

/* The record goes first: without it the others count for nothing. A point that a run trains is left to it. */
static bool repair(const struct verify *v, const char *id, struct error *err)
{
	uint64_t place = lock_place(id);
	char path[FILE_PATH_BYTES];

	if (v->lock < 0 || lock_try(v->lock, place, LOCK_ALONE, err) != LOCK_TAKEN)
		return true;
	bool good = record_path(v->folder.path, id, RECORD_FILE, path, err) && file_remove(path, err);
	for (int which = 0; good && which < POINT_FILES; which++)
		good = point_file_remove(v->folder.path, id, (enum point_file)which, err);
	lock_release(v->lock, place);
	return good;
}

static bool add_rows(struct verify *v, struct table *table, bool all, struct error *err)
{
	for (int i = 0; i < v->points.count; i++) {
		const struct point *point = v->points.points[i].point;
		struct error why = { "" };
		enum state state = judge(v, &v->points.points[i], &why);

		v->counts[state]++;
		if (state == DAMAGED && !repair(v, point->id, err))
			return false;
		if (!all && state != DAMAGED)
			continue;
		table_text(table, point->family);
		table_real(table, point->width);
		table_text(table, *point->variant->name ? point->variant->name : NULL);
		table_int(table, point->seed);
		table_text(table, point->id);
		table_text(table, state_names[state]);
		table_text(table, why.text[0] ? why.text : NULL);
	}
	return true;
}

static void print_sum(const struct verify *v)
{
	printf("%d points: %d whole, %d damaged", v->points.count, v->counts[WHOLE], v->counts[DAMAGED]);
	if (v->counts[UNTRAINED])
		printf(", %d not trained", v->counts[UNTRAINED]);
	if (v->counts[UNFINISHED])
		printf(", %d diverged or failed", v->counts[UNFINISHED]);
	printf("%s\n", v->lock >= 0 && v->counts[DAMAGED] ? "; what was damaged has been removed" : "");
}

static int verify_all(struct verify *v, struct error *err)
{
	bool human = options_format(v->given) == TABLE_HUMAN;
	struct table *table = table_create(columns);
	bool good = add_rows(v, table, !human, err);

	if (good && (!human || v->counts[DAMAGED] > 0))
		good = table_print(table, options_format(v->given), stdout, err);
	table_destroy(table);
	if (good && human)
		print_sum(v);
	return good && v->counts[DAMAGED] == 0 ? EXIT_DONE : EXIT_FAILED;
}

static void read_digest(struct verify *v)
{
	struct error unread = { "" };
	struct dataset data;

	v->has_data = v->sweep->data.format && dataset_read(&v->sweep->data, &data, &unread);
	if (v->has_data) {
		v->data_digest = data.digest;
		dataset_free(&data);
	}
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct verify v = { .given = given, .sweep = sweep, .lock = -1 };
	int status = EXIT_FAILED;

	if (!reports_folder(given, sweep, &v.folder, err) || !report_folder_check(&v.folder, err))
		return EXIT_USAGE;
	read_digest(&v);
	if (options_has(given, "repair"))
		v.lock = lock_open(v.folder.path, err);
	if (!err->text[0] && pending_choose(sweep, NULL, 0, &v.points, err) &&
	    records_read(v.folder.path, sweep, &v.records, err))
		status = verify_all(&v, err);
	if (v.lock >= 0)
		lock_close(v.lock);
	records_free(&v.records);
	pending_free(&v.points);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_verify = {
	.name = "verify", .summary = "check that every point's files are whole, and repair what is not",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
