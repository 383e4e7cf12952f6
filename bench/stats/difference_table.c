/* See difference.h. The table of differences: machines read accuracies as shares, people as percent and points. */
#include "bench/stats/difference.h"

#include "bench/system/atomic_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct column columns[] = {
	{ "a", .kind = COLUMN_TEXT },
	{ "b", .kind = COLUMN_TEXT, .machine_only = true },
	{ "b", .kind = COLUMN_TEXT, .people_only = true },
	{ "a_family", .kind = COLUMN_TEXT, .machine_only = true },
	{ "b_family", .kind = COLUMN_TEXT, .machine_only = true },
	{ "a_total", .kind = COLUMN_INT, .title = "parameters a", .spare = 1 },
	{ "b_total", .kind = COLUMN_INT, .title = "b", .spare = 1 },
	{ "a_macs", .kind = COLUMN_INT, .title = "MACs a", .spare = 5 },
	{ "b_macs", .kind = COLUMN_INT, .title = "b", .spare = 5 },
	{ "a_accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "a_accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "accuracy % a", .people_only = true },
	{ "b_accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "b_accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "b", .people_only = true },
	DIFFERENCE_COLUMNS("b - a"),
	{ "only_a", .kind = COLUMN_INT, .machine_only = true },
	{ "only_b", .kind = COLUMN_INT, .machine_only = true },
	{ "a_seeds", .kind = COLUMN_INT, .machine_only = true },
	{ "b_seeds", .kind = COLUMN_INT, .machine_only = true },
	{ "seeds", .kind = COLUMN_TEXT, .people_only = true, .spare = 2 },
	{ "images", .kind = COLUMN_INT, .spare = 3 },
	{ "a_train_seconds", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "a_train_seconds", .kind = COLUMN_REAL, .decimals = 1, .title = "training s a", .people_only = true,
	  .spare = 4 },
	{ "b_train_seconds", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "b_train_seconds", .kind = COLUMN_REAL, .decimals = 1, .title = "b", .people_only = true, .spare = 4 },
	{ "a_status", .kind = COLUMN_TEXT, .machine_only = true },
	{ "b_status", .kind = COLUMN_TEXT, .machine_only = true },
	{ "status", .kind = COLUMN_TEXT, .people_only = true },
	{ 0 }
};

/* Rounded here, so that nothing is printed as -0.00. */
static double points_of(double share)
{
	return round(1e4 * share) / 100 + 0.;
}

static void add_both(struct table *t, double value, double shown)
{
	table_real(t, value);
	table_real(t, shown);
}

static void add_names(struct table *t, const struct difference *d)
{
	char a[POINT_PATH_BYTES], b[POINT_PATH_BYTES];

	table_text(t, side_network_path(d->a.network, a));
	table_text(t, side_network_path(d->b.network, b));
	table_text(t, strcmp(a, b) ? b : NULL);
	table_text(t, d->a.network->point->family);
	table_text(t, d->b.network->point->family);
}

static void add_p(struct table *t, double p)
{
	char text[NUMBER_BYTES], digits[NUMBER_BYTES];

	snprintf(text, sizeof text, p < 0.0001 ? "%.0e" : "%.4f", p);
	snprintf(digits, sizeof digits, "%.6g", p);
	table_real(t, strtod(digits, NULL));
	table_text(t, isnan(p) ? NULL : text);
}

/* A sum of differences has digits that mean nothing. */
static double trim(double share)
{
	return round(1e9 * share) / 1e9 + 0.;
}

void difference_cells(struct table *t, const struct difference *d)
{
	char interval[64];

	add_both(t, trim(d->difference), points_of(d->difference));
	table_real(t, trim(d->low));
	table_real(t, trim(d->high));
	snprintf(interval, sizeof interval, "%.2f to %.2f", points_of(d->low), points_of(d->high));
	table_text(t, isnan(d->low) ? NULL : interval);
	add_p(t, d->p);
}

static void add_count(struct table *t, int count, bool known)
{
	if (known)
		table_int(t, count);
	else
		table_missing(t);
}

/* What is the matter, with the side that it is the matter with; NULL: nothing. */
static const char *status_of(const struct difference *d, char to[64])
{
	bool a = d->a.seeds < d->a.network->seeds, b = d->b.seeds < d->b.network->seeds;

	snprintf(to, 64, "%s%s%s%s%s", a ? "a " : "", a ? d->a.status : "", a && b ? ", " : "", b ? "b " : "",
	         b ? d->b.status : "");
	return a || b ? to : d->fault[0] ? "no interval" : NULL;
}

static void add_row(struct table *t, const struct difference *d)
{
	char seeds[64], status[64];

	add_names(t, d);
	table_int(t, d->a.network->cost.total);
	table_int(t, d->b.network->cost.total);
	table_int(t, d->a.network->cost.macs);
	table_int(t, d->b.network->cost.macs);
	add_both(t, d->a.accuracy, 100 * d->a.accuracy);
	add_both(t, d->b.accuracy, 100 * d->b.accuracy);
	difference_cells(t, d);
	add_count(t, d->only_a, d->images > 0);
	add_count(t, d->only_b, d->images > 0);
	table_int(t, d->a.seeds);
	table_int(t, d->b.seeds);
	if (d->a.seeds == d->b.seeds)
		snprintf(seeds, sizeof seeds, "%d", d->a.seeds);
	else
		snprintf(seeds, sizeof seeds, "%d, %d", d->a.seeds, d->b.seeds);
	table_text(t, seeds);
	add_count(t, d->images, d->images > 0);
	add_both(t, d->a.train_seconds, d->a.train_seconds);
	add_both(t, d->b.train_seconds, d->b.train_seconds);
	table_text(t, d->a.status);
	table_text(t, d->b.status);
	table_text(t, status_of(d, status));
}

bool differences_print(const struct difference *differences, int count, enum table_format format, FILE *to,
                       struct error *err)
{
	struct table *table = table_create(columns);

	for (int i = 0; i < count; i++)
		add_row(table, &differences[i]);
	bool printed = table_print(table, format, to, err);
	table_destroy(table);
	return printed;
}

/* Removes folder/NAME.ENDING, where there is one. */
static bool drop(const char *folder, const char *name, const char *ending, struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending) >= FILE_PATH_BYTES)
		return fail(err, "%.100s...: the path is too long", folder);
	return file_remove(path, err);
}

bool differences_save(const struct difference_table *table, const struct difference *differences, int count,
                      const char *folder, struct error *err)
{
	char name[64];
	struct draft draft;

	if (count == 0)
		return drop(folder, table->name, "tsv", err) && drop(folder, table->name, "png", err) &&
		       drop(folder, table->name, "svg", err);
	if (!folder_create(folder, err) || !draft_open(&draft, err))
		return false;
	snprintf(name, sizeof name, "%s.tsv", table->name);
	if (table->print(differences, count, TABLE_TSV, draft.stream, err))
		return table_file_save(&draft, folder, name, err);
	draft_discard(&draft);
	return false;
}
