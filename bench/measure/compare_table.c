/* A comparison for people, for machines, and as compare.tsv. See compare.h. Machines read accuracies as shares, people
 * as percent. */
#include "bench/measure/compare.h"

#include "bench/system/atomic_file.h"

#include <math.h>
#include <stdlib.h>

#define DISTURBED 1.2           /* from here on people are told */

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "base", .kind = COLUMN_BOOL, .machine_only = true },
	{ "status", .kind = COLUMN_TEXT, .machine_only = true },
	{ "seeds", .kind = COLUMN_INT, .machine_only = true },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "accuracy %", .people_only = true },
	{ "accuracy_lowest", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy_highest", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "range", .kind = COLUMN_TEXT, .title = "of seeds", .people_only = true, .spare = 7 },
	{ "accuracy_difference", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "points", .kind = COLUMN_REAL, .decimals = 2, .title = "- base", .people_only = true },
	{ "trainable", .kind = COLUMN_INT, .machine_only = true },
	{ "total", .kind = COLUMN_INT, .title = "parameters" },
	{ "total_ratio", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "total_ratio", .kind = COLUMN_REAL, .decimals = 3, .title = "x base", .people_only = true, .spare = 2 },
	{ "macs", .kind = COLUMN_INT, .title = "MACs", .spare = 4 },
	{ "macs_ratio", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "macs_ratio", .kind = COLUMN_REAL, .decimals = 3, .title = "x base", .people_only = true, .spare = 1 },
	{ "training_microseconds", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "training_microseconds", .kind = COLUMN_REAL, .decimals = 2, .title = "training us",
	  .people_only = true, .spare = 5 },
	{ "training_ratio", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "training_ratio", .kind = COLUMN_REAL, .decimals = 3, .title = "x base", .people_only = true },
	{ "inference_microseconds", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "inference_microseconds", .kind = COLUMN_REAL, .decimals = 2, .title = "inference us",
	  .people_only = true, .spare = 6 },
	{ "inference_ratio", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "inference_ratio", .kind = COLUMN_REAL, .decimals = 3, .title = "x base", .people_only = true, .spare = 3 },
	{ "status", .kind = COLUMN_TEXT, .people_only = true },
	{ "batch", .kind = COLUMN_INT, .machine_only = true },
	{ "rounds", .kind = COLUMN_INT, .machine_only = true },
	{ "kernels", .kind = COLUMN_TEXT, .machine_only = true },
	{ "processor", .kind = COLUMN_TEXT, .machine_only = true },
	{ 0 }
};

static void add_accuracy(struct table *t, const struct network_summary *network, const struct network_summary *base)
{
	double difference = round(1e9 * (network->mean - base->mean)) / 1e9;
	char range[64];

	table_real(t, network->mean);
	table_real(t, 100 * network->mean);
	table_real(t, network->lowest);
	table_real(t, network->highest);
	snprintf(range, sizeof range, "%.2f to %.2f", 100 * network->lowest, 100 * network->highest);
	table_text(t, network->done > 1 ? range : NULL);
	table_real(t, difference);
	/* Rounded here, so that nothing is printed as -0.00. */
	table_real(t, round(1e4 * difference) / 100 + 0.);
}

/* Both forms of a number that has few digits worth reading: six are more than any here deserves. */
static void add_measure(struct table *t, double value)
{
	char digits[32];

	snprintf(digits, sizeof digits, "%.6g", value);
	table_real(t, strtod(digits, NULL));
	table_real(t, value);
}

static void add_cost(struct table *t, const struct cost *cost, const struct cost *base)
{
	table_int(t, cost->trainable);
	table_int(t, cost->total);
	add_measure(t, (double)cost->total / (double)base->total);
	table_int(t, cost->macs);
	add_measure(t, (double)cost->macs / (double)base->macs);
}

static void add_time(struct table *t, const struct span *of, const struct span *base)
{
	add_measure(t, of ? of->median : NAN);
	add_measure(t, of && base ? of->median / base->median : NAN);
}

static void add_conditions(struct table *t, const struct timing *timing)
{
	if (timing) {
		table_int(t, timing->batch);
		table_int(t, timing->rounds);
	} else {
		table_missing(t);
		table_missing(t);
	}
	table_text(t, timing ? timing->kernels : NULL);
	table_text(t, timing ? timing->processor : NULL);
}

static struct table *make_table(const struct comparison *c)
{
	struct table *t = table_create(columns);
	const struct timing *base = c->base->timing;

	for (int i = 0; i < c->count; i++) {
		const struct contender *v = &c->variants[i];

		table_text(t, v->point->family);
		table_real(t, v->point->width);
		table_bool(t, v == c->base);
		table_text(t, v->summary->status);
		table_int(t, v->summary->seeds);
		add_accuracy(t, v->summary, c->base->summary);
		add_cost(t, &v->cost, &c->base->cost);
		add_time(t, v->timing ? &v->timing->training : NULL, base ? &base->training : NULL);
		add_time(t, v->timing ? &v->timing->inference : NULL, base ? &base->inference : NULL);
		table_text(t, c->lacking ? v->summary->status : NULL);
		add_conditions(t, v->timing);
	}
	return t;
}

/* How much slower than the fastest round the middle one was, at worst: on a machine that does nothing else a few
 * percent. */
static double find_disturbance(const struct comparison *c)
{
	double worst = 1;

	for (int i = 0; i < c->count; i++) {
		const struct timing *t = c->variants[i].timing;

		if (t)
			worst = fmax(worst, fmax(t->training.median / t->training.fastest,
			                         t->inference.median / t->inference.fastest));
	}
	return worst;
}

static void print_legend(const struct comparison *c)
{
	const struct timing *timing = c->base->timing;
	char width[NUMBER_BYTES];

	printf("base: %s/%s; accuracy: test images, final epoch, \"- base\" in points; parameters: total; MACs: of one "
	       "image forward\n", c->base->point->family, words_number(c->base->point->width, width));
	if (timing) {
		printf("us: microseconds an image, each network alone on one thread, batches of %d, median of %d "
		       "round%s, %s, ", timing->batch, timing->rounds, timing->rounds == 1 ? "" : "s", timing->kernels);
		print_plain_text(timing->processor, stdout);
		putchar('\n');
	}
	double disturbance = find_disturbance(c);
	if (disturbance > DISTURBED)
		printf("the times are not to be trusted: medians are up to %.1f times the fastest round, so the "
		       "machine was busy; "
		       "--measure when it is idle\n", disturbance);
}

bool comparison_print(const struct comparison *c, enum table_format format, struct error *err)
{
	struct table *table = make_table(c);
	bool printed = table_print(table, format, stdout, err);

	table_destroy(table);
	if (printed && format == TABLE_HUMAN)
		print_legend(c);
	return printed;
}

/* --- compare.tsv -------------------------------------------------------------------------------------------------- */

static bool save_table(const struct comparison *c, const char *folder, struct error *err)
{
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	struct table *table = make_table(c);
	bool good = table_print(table, TABLE_TSV, draft.stream, err);
	table_destroy(table);
	if (good)
		return table_file_save(&draft, folder, "compare.tsv", err);
	draft_discard(&draft);
	return false;
}

static bool save(const struct sweep *sweep, const char *folder, const struct records *records, struct error *err)
{
	struct timings timings;
	struct comparison comparison;
	const struct comparison_source source = { sweep, records, &timings, sweep->base };

	if (!timings_create(sweep, &timings, err))
		return false;
	timings_read(folder, sweep, &timings, NULL);
	bool saved = comparison_create(&source, &comparison, err);
	if (saved) {
		saved = save_table(&comparison, folder, err);
		comparison_free(&comparison);
	}
	timings_free(&timings);
	return saved;
}

bool comparison_save(const struct sweep *sweep, const char *folder, const struct records *records, struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (snprintf(path, sizeof path, "%s/compare.tsv", folder) >= FILE_PATH_BYTES)
		return fail(err, "%.100s...: the path is too long", folder);
	if (sweep->base >= 0)
		return folder_create(folder, err) && save(sweep, folder, records, err);
	return file_remove(path, err);
}
