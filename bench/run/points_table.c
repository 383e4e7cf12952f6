/* See points_table.h. Machines read accuracies as shares 0..1, people as percent; a seed is shown to people where there are several. */
#include "bench/run/points_table.h"

#include <math.h>

static const struct column point_columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "seed", .kind = COLUMN_INT, .machine_only = true },
	{ "seed", .kind = COLUMN_INT, .people_only = true },
	{ "id", .kind = COLUMN_TEXT, .machine_only = true },
	{ "trainable", .kind = COLUMN_INT },
	{ "total", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "accuracy %", .people_only = true },
	{ "accuracy_best", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy_best", .kind = COLUMN_REAL, .decimals = 2, .title = "best %", .people_only = true },
	{ "best_epoch", .kind = COLUMN_INT, .title = "at epoch" },
	{ "epochs", .kind = COLUMN_INT },
	{ "status", .kind = COLUMN_TEXT },
	{ "message", .kind = COLUMN_TEXT, .machine_only = true },
	{ "wall_seconds", .kind = COLUMN_REAL, .decimals = 1, .title = "seconds" },
	{ "images_per_second", .kind = COLUMN_REAL, .decimals = 0, .title = "images/s" },
	{ 0 }
};

static const struct column task_columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "seed", .kind = COLUMN_INT, .machine_only = true },
	{ "seed", .kind = COLUMN_INT, .people_only = true },
	{ "id", .kind = COLUMN_TEXT, .machine_only = true },
	{ "trains", .kind = COLUMN_BOOL, .machine_only = true },
	{ "reason", .kind = COLUMN_TEXT },
	{ "trainable", .kind = COLUMN_INT },
	{ "total", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ "memory_bytes", .kind = COLUMN_INT, .machine_only = true },
	{ "memory", .kind = COLUMN_TEXT, .people_only = true },
	{ "images_per_second", .kind = COLUMN_REAL, .decimals = 0, .title = "images/s" },
	{ "seconds", .kind = COLUMN_REAL, .decimals = 1 },
	{ 0 }
};

static bool has_several_seeds(const struct sweep *sweep)
{
	for (int i = 1; i < sweep->point_count; i++)
		if (sweep->points[i].seed != sweep->points[0].seed)
			return true;
	return false;
}

static void add_identity(struct table *table, const struct sweep *sweep, const struct point *point)
{
	table_text(table, point->family);
	table_real(table, point->width);
	table_int(table, point->seed);
	if (has_several_seeds(sweep))
		table_int(table, point->seed);
	else
		table_missing(table);
	table_text(table, point->id);
}

static void add_accuracy(struct table *table, double share)
{
	table_real(table, share);
	table_real(table, 100 * share);
}

static void add_record(struct table *table, const struct record *r)
{
	static const char *const statuses[] = {
		[POINT_DONE] = "done", [POINT_DIVERGED] = "diverged", [POINT_FAILED] = "failed",
	};

	table_int(table, r->trainable);
	table_int(table, r->total);
	table_int(table, r->macs);
	add_accuracy(table, r->last.accuracy);
	add_accuracy(table, r->best.accuracy);
	if (r->best_epoch > 0)
		table_int(table, r->best_epoch);
	else
		table_missing(table);
	table_int(table, r->epochs);
	table_text(table, statuses[r->status]);
	table_text(table, r->message[0] ? r->message : NULL);
	table_real(table, r->wall_seconds);
	table_real(table, r->images_per_second > 0 ? r->images_per_second : NAN);
}

/* As many cells as add_record adds. */
static void add_untrained(struct table *table)
{
	for (int i = 0; i < 9; i++)
		table_missing(table);
	table_text(table, "not trained");
	for (int i = 0; i < 3; i++)
		table_missing(table);
}

bool points_table_print(const struct sweep *sweep, const char *folder, enum table_format format, struct error *err)
{
	struct table *table = table_create(point_columns);
	struct record record;

	for (int i = 0; i < sweep->point_count; i++) {
		add_identity(table, sweep, &sweep->points[i]);
		if (record_read(folder, sweep->points[i].id, &record, NULL))
			add_record(table, &record);
		else
			add_untrained(table);
	}
	bool printed = table_print(table, format, stdout, err);
	table_destroy(table);
	return printed;
}

bool todo_table_print(const struct sweep *sweep, const struct todo *todo, struct forecast forecast, enum table_format format,
                      struct error *err)
{
	struct table *table = table_create(task_columns);
	char memory[NUMBER_BYTES];

	for (int i = 0; i < todo->count; i++) {
		const struct task *task = &todo->tasks[i];

		add_identity(table, sweep, task->point);
		table_bool(table, task->reason != TODO_UP_TO_DATE);
		table_text(table, todo_reason_text(task->reason));
		table_int(table, task->cost.trainable);
		table_int(table, task->cost.total);
		table_int(table, task->cost.macs);
		table_int(table, task->cost.memory_bytes);
		table_text(table, format_bytes(task->cost.memory_bytes, memory));
		table_real(table, forecast.images_per_second[i] > 0 ? forecast.images_per_second[i] : NAN);
		table_real(table, forecast.seconds[i] > 0 ? forecast.seconds[i] : NAN);
	}
	bool printed = table_print(table, format, stdout, err);
	table_destroy(table);
	return printed;
}
