/* What `archsweep eval` prints of outcomes: tables for people, one long table of splits and classes as TSV, all of it
 * as JSON. Floor 4d. */
#ifndef BENCH_EVAL_OUTCOME_TABLE_H
#define BENCH_EVAL_OUTCOME_TABLE_H

#include "bench/eval/evaluate.h"
#include "bench/text/table.h"

/* One point, or the average of several. */
struct result {
	const struct point *point;      /* NULL: the average */
	const char *name;               /* "plain/12", "ensemble" */
	const char *weights;            /* the file; NULL for the average */
	struct outcome outcomes[MAX_SPLITS];
};

struct results {
	const struct sweep *sweep;
	int classes, split_count;
	int count;                      /* 1, or members and then their average */
	const struct result *list;
};

bool results_print(const struct results *results, enum table_format format, struct error *err);

#endif
