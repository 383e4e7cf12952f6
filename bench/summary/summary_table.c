/* See summary.h. The table of networks: for people, for machines, and what pictures are drawn from. Machines read
 * accuracies as shares, people as percent. */
#include "bench/summary/summary.h"

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "variant", .kind = COLUMN_TEXT },
	{ "group", .kind = COLUMN_TEXT, .machine_only = true },
	{ "chosen", .kind = COLUMN_BOOL, .machine_only = true },
	{ "trainable", .kind = COLUMN_INT, .machine_only = true },
	{ "total", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .machine_only = true },
	{ "seeds", .kind = COLUMN_INT },
	{ "done", .kind = COLUMN_INT, .machine_only = true },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "mean %", .people_only = true },
	{ "accuracy_deviation", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy_deviation", .kind = COLUMN_REAL, .decimals = 2, .title = "deviation", .people_only = true },
	{ "accuracy_lowest", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy_lowest", .kind = COLUMN_REAL, .decimals = 2, .title = "lowest", .people_only = true, .spare = 2 },
	{ "accuracy_highest", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy_highest", .kind = COLUMN_REAL, .decimals = 2, .title = "highest", .people_only = true, .spare = 2 },
	{ "accuracy_views", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy_views", .kind = COLUMN_REAL, .decimals = 2, .title = "views %", .people_only = true },
	{ "rank", .kind = COLUMN_INT },
	{ "size_rank", .kind = COLUMN_INT, .machine_only = true },
	{ "front", .kind = COLUMN_BOOL, .machine_only = true },
	{ "front", .kind = COLUMN_TEXT, .title = "Pareto front", .people_only = true, .spare = 1 },
	{ "status", .kind = COLUMN_TEXT },
	{ "variant_number", .kind = COLUMN_INT, .machine_only = true },
	{ "family_number", .kind = COLUMN_INT, .machine_only = true },
	{ "title", .kind = COLUMN_TEXT, .machine_only = true },
	{ 0 }
};

static void add_share(struct table *table, double share)
{
	table_real(table, share);
	table_real(table, 100 * share);
}

static void add_network(struct table *table, const struct network_summary *network, const char *title)
{
	table_text(table, network->family);
	table_real(table, network->width);
	table_text(table, *network->variant ? network->variant : NULL);
	table_text(table, *network->group ? network->group : NULL);
	table_bool(table, network->chosen);
	table_int(table, network->trainable);
	table_int(table, network->total);
	table_int(table, network->macs);
	table_int(table, network->seeds);
	table_int(table, network->done);
	add_share(table, network->mean);
	add_share(table, network->deviation);
	add_share(table, network->lowest);
	add_share(table, network->highest);
	add_share(table, network->by_views);
	if (network->rank)
		table_int(table, network->rank);
	else
		table_missing(table);
	table_int(table, network->size_rank);
	table_bool(table, network->on_front);
	table_text(table, network->on_front ? "yes" : NULL);
	table_text(table, network->status);
	table_int(table, network->variant_number);
	table_int(table, network->family_number);
	table_text(table, title);
}

bool summary_print(const struct summary *summary, enum table_format format, FILE *to, struct error *err)
{
	struct table *table = table_create(columns);

	for (int i = 0; i < summary->count; i++)
		add_network(table, &summary->networks[i], summary->title);
	bool printed = table_print(table, format, to, err);
	table_destroy(table);
	return printed;
}
