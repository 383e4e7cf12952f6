/* The tables that `archsweep run` prints: what was trained, and what would be. Floor 4f. */
#ifndef BENCH_RUN_POINTS_TABLE_H
#define BENCH_RUN_POINTS_TABLE_H

#include "bench/run/todo.h"
#include "bench/text/table.h"

/* All points of the sweep as their records in `folder` say; a point without a valid record is "not trained". */
bool points_table_print(const struct sweep *sweep, const char *folder, enum table_format format, struct error *err);

/* What is thought of each task on one thread; not above 0: unknown. */
struct forecast {
	const double *images_per_second, *seconds;      /* [todo->count], borrowed */
};

/* All tasks with what they cost and why they would be trained. */
bool todo_table_print(const struct sweep *sweep, const struct todo *todo, struct forecast forecast, enum table_format format,
                      struct error *err);

#endif
