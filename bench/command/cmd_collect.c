/* archsweep collect: brings points that were trained elsewhere into the sweep's folder, and writes its tables. Floor
 * 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/run/merge.h"
#include "bench/run/tables.h"
#include "bench/sweep/point_find.h"
#include "bench/system/lock.h"

enum { NAMED_POINTS = 20 };     /* so many missing ones are named */

static const struct option_row options[] = {
	{ "allow-missing", .help = "exit 0 although points are missing or have no result" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "keep records in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "an array of objects, one for each point", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"Each DIR is a folder like reports/<sweep>/ that a run elsewhere left, on another machine or for a part of\n"
	"the sweep (run --shard). Records, curves, weights and logits of the sweep's points are copied from there to\n"
	"reports/<sweep>/, each file whole or not at all, and points.tsv, curves.tsv, times.tsv and, where the data\n"
	"can be read, ensembles.tsv are written as\n"
	"`run` writes them. Without DIR they are written from what is there. Collecting twice changes nothing.\n"
	"\n"
	"What is there already stays. Two records of one point must have the same results; only times, machines and\n"
	"programs may differ. Otherwise nothing is copied and both files are named. Records that are broken, or whose\n"
	"files are not what was written with them, are named and passed over.\n"
	"\n"
	"  archsweep collect sweeps/mine.yaml node1/reports/mine node2/reports/mine\n"
	"\n"
	"Exit status: 0 all points have their result, 1 points are missing, diverged or failed (0 with\n"
	"--allow-missing), or two records contradict each other, 2 the command line or the YAML is wrong.\n";

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "variant", .kind = COLUMN_TEXT },
	{ "seed", .kind = COLUMN_INT },
	{ "id", .kind = COLUMN_TEXT },
	{ "state", .kind = COLUMN_TEXT },
	{ "from", .kind = COLUMN_TEXT },        /* where it came from; missing: it was there */
	{ 0 }
};

struct collection {
	const struct options *given;
	const struct sweep *sweep;
	struct report_folder folder;
	struct merge merge;             /* owned */
};

static void tell(const char *reason)
{
	fputs("passed over: ", stderr);
	print_plain_text(reason, stderr);
	fputc('\n', stderr);
}

/* --- what is said ------------------------------------------------------------------------------------------------- */

enum outcome { THERE, DIVERGED, FAILED, MISSING, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = { "done", "diverged", "failed", "missing" };

static enum outcome outcome_of(const struct collection *c, int point)
{
	const struct records *records = &c->merge.records;

	if (records->states[point] != RECORD_READ)
		return MISSING;
	return records->of[point].status == POINT_DONE ? THERE :
	       records->of[point].status == POINT_DIVERGED ? DIVERGED : FAILED;
}

static bool print_rows(const struct collection *c, enum table_format format, struct error *err)
{
	struct table *table = table_create(columns);

	for (int i = 0; i < c->sweep->point_count; i++) {
		const struct point *point = &c->sweep->points[i];
		int from = c->merge.from[i];

		table_text(table, point->family);
		table_real(table, point->width);
		table_text(table, *point->variant->name ? point->variant->name : NULL);
		table_int(table, point->seed);
		table_text(table, point->id);
		table_text(table, outcome_names[outcome_of(c, i)]);
		table_text(table, from == MERGE_STAYS ? NULL : c->merge.sources[from]);
	}
	bool printed = table_print(table, format, stdout, err);
	table_destroy(table);
	return printed;
}

/* "2 of 4 points are missing: small/1, small/2". */
static void name_points(const struct collection *c, enum outcome outcome, int count)
{
	char name[POINT_NAME_BYTES];
	int named = 0;

	fprintf(stderr, "%d of %d points %s %s: ", count, c->sweep->point_count,
	        outcome == MISSING ? count == 1 ? "is" : "are" : count == 1 ? "has" : "have", outcome_names[outcome]);
	for (int i = 0; i < c->sweep->point_count && named <= NAMED_POINTS; i++) {
		if (outcome_of(c, i) != outcome)
			continue;
		fputs(named ? ", " : "", stderr);
		fputs(named == NAMED_POINTS ? "..." : point_name(c->sweep, &c->sweep->points[i], name), stderr);
		named++;
	}
	fputc('\n', stderr);
}

/* Returns how many points have no result. */
static int name_what_lacks(const struct collection *c)
{
	int counts[OUTCOMES] = { 0 };

	for (int i = 0; i < c->sweep->point_count; i++)
		counts[outcome_of(c, i)]++;
	for (int outcome = DIVERGED; outcome < OUTCOMES; outcome++)
		if (counts[outcome])
			name_points(c, (enum outcome)outcome, counts[outcome]);
	return c->sweep->point_count - counts[THERE];
}

static void print_sum(const struct collection *c, int lacking)
{
	int taken = 0;

	for (int i = 0; i < c->sweep->point_count; i++)
		taken += c->merge.from[i] != MERGE_STAYS && outcome_of(c, i) != MISSING;
	printf("%d of %d points are done, %d collected now; %s/points.tsv\n", c->sweep->point_count - lacking,
	       c->sweep->point_count, taken, c->folder.path);
}

static int conclude(const struct collection *c, struct error *err)
{
	enum table_format format = options_format(c->given);
	int lacking = name_what_lacks(c);

	if (format == TABLE_HUMAN)
		print_sum(c, lacking);
	else if (!print_rows(c, format, err))
		return EXIT_FAILED;
	return lacking && !options_has(c->given, "allow-missing") ? EXIT_FAILED : EXIT_DONE;
}

/* --- what is done ------------------------------------------------------------------------------------------------- */

/* That of the points; merge_plan has found no two. */
static uint64_t data_digest(const struct records *records)
{
	for (int i = 0; i < records->count; i++)
		if (records->states[i] == RECORD_READ && records->of[i].status != POINT_FAILED)
			return records->of[i].data_digest;
	return 0;
}

static bool claim(const struct collection *c, int lock, struct error *err)
{
	if (!lock_wait(lock, LOCK_TABLES, err))
		return false;
	bool claimed = report_folder_claim(&c->folder, err);
	lock_release(lock, LOCK_TABLES);
	return claimed;
}

static void say_line(const char *line)
{
	print_plain_text(line, stderr);
	fputc('\n', stderr);
}

/* Ensembles need the images' labels. Collecting needs no data otherwise, and goes on without. */
static bool read_labels(const struct sweep *sweep, struct dataset *to)
{
	struct error unread = { "" };

	if (sweep->ensemble_count == 0 || (sweep->data.format && dataset_read(&sweep->data, to, &unread)))
		return true;
	fputs("without the data ensembles are not evaluated: ", stderr);
	say_line(unread.text);
	return false;
}

static bool merge_and_write(struct collection *c, int lock, struct error *err)
{
	struct records now = { .count = 0 };
	struct ensemble_results ensembles = { .count = 0 };
	struct dataset data = { .count = 0 };

	if (!claim(c, lock, err) || !merge_plan(&c->merge, err) || !merge_copy(&c->merge, lock, err))
		return false;
	bool labelled = read_labels(c->sweep, &data);
	const struct tables_request request = { c->sweep, c->folder.path, lock, data_digest(&c->merge.records),
		labelled ? &data : NULL, say_line, &ensembles };
	bool written = tables_write(&request, &now, err);
	records_free(&now);
	ensemble_results_free(&ensembles);
	dataset_free(&data);
	return written;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct collection c = { .given = given, .sweep = sweep };

	if (!reports_folder(given, sweep, &c.folder, err) || !report_folder_check(&c.folder, err))
		return EXIT_USAGE;
	int lock = lock_open(c.folder.path, err);
	if (lock < 0)
		return EXIT_FAILED;
	c.merge = (struct merge){ .sweep = sweep, .folder = c.folder.path, .source_count = given->operand_count - 1,
		.sources = given->operands + 1, .passed_over = tell };
	int status = merge_and_write(&c, lock, err) ? conclude(&c, err) : EXIT_FAILED;
	merge_free(&c.merge);
	lock_close(lock);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_collect = {
	.name = "collect", .summary = "bring points that were trained elsewhere into a sweep's folder; tables of all",
	.operands = "SWEEP.yaml [DIR...]", .min_operands = 1, .max_operands = 0, .options = options, .help = help,
	.run = run,
};
