/* See occupancy.h. Helpers count as whole threads, so this shows the losses of the schedule, not the cost of sharing a
 * network. */
#include "bench/measure/occupancy.h"

const struct column occupancy_columns[] = {
	{ "sweep", .kind = COLUMN_TEXT },
	{ "points", .kind = COLUMN_INT },
	{ "cores", .kind = COLUMN_INT },
	{ "speedup", .kind = COLUMN_REAL, .decimals = 2 },
	{ "efficiency_percent", .kind = COLUMN_REAL, .decimals = 1, .title = "efficiency %" },
	{ 0 }
};

static bool add_row(struct table *table, const struct occupancy *o, int cores, struct error *err)
{
	struct schedule schedule = { .threads = cores, .task_count = o->task_count, .tasks = o->tasks,
	                             .memory_bytes = INT64_MAX };
	struct schedule_times times;
	double work = 0;

	for (int i = 0; i < o->task_count; i++)
		work += o->tasks[i].work;
	if (!schedule_simulate(&schedule, &times, err))
		return false;
	double speedup = times.wall_seconds > 0 ? work / times.wall_seconds : 0;
	table_text(table, o->sweep);
	table_int(table, o->task_count);
	table_int(table, cores);
	table_real(table, speedup);
	table_real(table, 100 * speedup / cores);
	return true;
}

bool occupancy_add(struct table *table, const struct occupancy *o, struct error *err)
{
	for (int cores = 1; cores <= o->most_cores; cores *= 2)
		if (!add_row(table, o, cores, err))
			return false;
	return true;
}
