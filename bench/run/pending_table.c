/* See pending_table.h. People see a seed where there are several. */
#include "bench/run/pending_table.h"

#include <math.h>

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "variant", .kind = COLUMN_TEXT },
	{ "seed", .kind = COLUMN_INT, .machine_only = true },
	{ "seed", .kind = COLUMN_INT, .people_only = true },
	{ "id", .kind = COLUMN_TEXT, .machine_only = true },
	{ "trains", .kind = COLUMN_BOOL, .machine_only = true },
	{ "reason", .kind = COLUMN_TEXT },
	{ "trainable", .kind = COLUMN_INT, .spare = 4 },
	{ "total", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .title = "MACs", .spare = 1 },
	{ "memory_bytes", .kind = COLUMN_INT, .machine_only = true },
	{ "memory", .kind = COLUMN_TEXT, .people_only = true, .spare = 3 },
	{ "images_per_second", .kind = COLUMN_REAL, .decimals = 0, .title = "images/s", .spare = 2 },
	{ "seconds", .kind = COLUMN_REAL, .decimals = 1 },
	{ 0 }
};

static void add_identity(struct table *table, const struct sweep *sweep, const struct point *point)
{
	table_text(table, point->family);
	table_real(table, point->width);
	table_text(table, *point->variant->name ? point->variant->name : NULL);
	table_int(table, point->seed);
	if (sweep->several_seeds)
		table_int(table, point->seed);
	else
		table_missing(table);
	table_text(table, point->id);
}

bool pending_table_print(const struct sweep *sweep, const struct pending *pending, struct forecast forecast,
                         enum table_format format,
                      struct error *err)
{
	struct table *table = table_create(columns);
	char memory[NUMBER_BYTES];

	for (int i = 0; i < pending->count; i++) {
		const struct pending_point *point = &pending->points[i];

		add_identity(table, sweep, point->point);
		table_bool(table, point->reason != UP_TO_DATE);
		table_text(table, pending_reason_text(point->reason));
		table_int(table, point->cost.trainable);
		table_int(table, point->cost.total);
		table_int(table, point->cost.macs);
		table_int(table, point->cost.memory_bytes);
		table_text(table, format_bytes(point->cost.memory_bytes, memory));
		table_real(table, forecast.images_per_second[i] > 0 ? forecast.images_per_second[i] : NAN);
		table_real(table, forecast.seconds[i] > 0 ? forecast.seconds[i] : NAN);
	}
	bool printed = table_print(table, format, stdout, err);
	table_destroy(table);
	return printed;
}
