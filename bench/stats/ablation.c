/* See ablation.h. Machines read accuracies as shares, people as percent and points. */
#include "bench/stats/ablation.h"

#include "bench/text/words.h"

#include <math.h>
#include <string.h>

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "variant", .kind = COLUMN_TEXT },
	{ "group", .kind = COLUMN_TEXT, .machine_only = true },
	{ "base", .kind = COLUMN_TEXT, .machine_only = true },
	{ "total", .kind = COLUMN_INT, .title = "parameters", .spare = 2 },
	{ "macs", .kind = COLUMN_INT, .machine_only = true },
	{ "seeds", .kind = COLUMN_INT, .spare = 1 },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "accuracy %", .people_only = true },
	{ "accuracy_deviation", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy_deviation", .kind = COLUMN_REAL, .decimals = 2, .title = "deviation", .people_only = true },
	DIFFERENCE_COLUMNS("- base"),
	{ "images", .kind = COLUMN_INT, .machine_only = true },
	{ "train_seconds", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "train_seconds", .kind = COLUMN_REAL, .decimals = 1, .title = "training s", .people_only = true,
	  .spare = 3 },
	{ "status", .kind = COLUMN_TEXT, .machine_only = true },
	{ "status", .kind = COLUMN_TEXT, .people_only = true },
	{ 0 }
};

static bool lacks_seeds(const struct contestant *c)
{
	return c->seeds < c->network->seeds;
}

static bool is_whole(const struct difference *differences, int count)
{
	for (int i = 0; i < count; i++)
		if (lacks_seeds(&differences[i].a) || lacks_seeds(&differences[i].b) || differences[i].fault[0])
			return false;
	return true;
}

/* What one row is of. */
struct row {
	const struct contestant *of, *base;
	const struct difference *difference;
	bool quiet;             /* nothing is the matter anywhere */
};

static void add_names(struct table *t, const struct row *row)
{
	const struct point *point = row->of->network->point;

	table_text(t, point->family);
	table_real(t, point->width);
	table_text(t, point->variant->name);
	table_text(t, point->variant->group);
	table_text(t, row->base->network->point->variant->name);
}

static void add_row(struct table *t, const struct row *row)
{
	const struct contestant *of = row->of;
	const char *status = !lacks_seeds(of) && row->difference->fault[0] ? "no interval" : of->status;

	add_names(t, row);
	table_int(t, of->network->cost.total);
	table_int(t, of->network->cost.macs);
	table_int(t, of->seeds);
	table_real(t, of->accuracy);
	table_real(t, 100 * of->accuracy);
	table_real(t, of->deviation);
	table_real(t, 100 * of->deviation);
	difference_cells(t, row->difference);
	if (row->difference->images)
		table_int(t, row->difference->images);
	else
		table_missing(t);
	table_real(t, of->train_seconds);
	table_real(t, of->train_seconds);
	table_text(t, of->status);
	table_text(t, row->quiet ? NULL : status);
}

static bool is_first(const struct difference *differences, int i)
{
	return i == 0 || differences[i].a.network != differences[i - 1].a.network;
}

bool ablation_print(const struct difference *differences, int count, enum table_format format, FILE *to,
                    struct error *err)
{
	const struct difference none = { .difference = NAN, .low = NAN, .high = NAN, .p = NAN };
	bool quiet = is_whole(differences, count);
	struct table *table = table_create(columns);

	for (int i = 0; i < count; i++) {
		const struct contestant *base = &differences[i].a;

		if (is_first(differences, i))
			add_row(table, &(struct row){ base, base, &none, quiet });
		add_row(table, &(struct row){ &differences[i].b, base, &differences[i], quiet });
	}
	bool printed = table_print(table, format, to, err);
	table_destroy(table);
	return printed;
}

static void print_choice(const struct sweep *sweep)
{
	fputs("of the variants that differ in ", stdout);
	for (int i = 0; i < sweep->best_count; i++) {
		fputs(i ? ", " : "", stdout);
		print_plain_text(sweep->best_over[i], stdout);
	}
	fputs(" alone, the best by accuracy on the validation images is here\n", stdout);
}

void ablation_explain(const struct contest *contest, const struct pairs *pairs, const struct difference *differences)
{
	const struct sweep *sweep = contest->a->sweep;
	const char *first = pairs->of[0].a->point->variant->group;
	bool same = true;

	for (int i = 0; i < pairs->count; i++)
		same = same && strcmp(pairs->of[i].a->point->variant->group, first) == 0;
	fputs("base: ", stdout);
	print_plain_text(same ? first : "the first row of each network", stdout);
	fputs("; ", stdout);
	differences_legend(contest, differences, pairs->count, "- base");
	if (sweep->best_count)
		print_choice(sweep);
	if (pairs->only_b)
		printf("without another variant to compare with: %d network%s\n", pairs->only_b,
		       pairs->only_b == 1 ? "" : "s");
}

bool ablation_check(const struct side *side, const char *against, struct error *err)
{
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];
	struct words words = { 0 };

	for (int i = 0; i < side->count; i++) {
		const char *group = side->networks[i].point->variant->group;

		if (strcmp(group, against) == 0)
			return true;
		if (!words_have(&words, group))
			words_add(&words, group);
	}
	return fail(err, "\"%s\" is no variant that has a network; %s", words_show(against, shown),
	            words_accepted(&words, against, accepted));
}

bool ablation_save(const struct difference *differences, int count, const char *folder, struct error *err)
{
	return differences_save(&(struct difference_table){ "ablation", ablation_print }, differences, count, folder,
	                        err);
}
