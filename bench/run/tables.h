/* The tables of a sweep's folder, from the records that are in it now. Floor 4g. */
#ifndef BENCH_RUN_TABLES_H
#define BENCH_RUN_TABLES_H

#include "bench/summary/ensemble_results.h"

struct tables_request {
	const struct sweep *sweep;
	const char *folder;             /* reports/<sweep> */
	int lock;                       /* lock_open's; other runs that write tables are waited for */
	uint64_t data_digest;           /* points that were trained on other data are left out */
	/* For the sweep's ensembles; NULL: they are not evaluated, and their table stays */
	const struct dataset *data;
	void (*missing)(const char *line);      /* as in ensemble_source */
	struct ensemble_results *ensembles;     /* gets them, empty where there is no data; the caller frees them */
};

/* Writes points.tsv, times.tsv, curves.tsv, compare.tsv and ensembles.tsv, and removes equal.tsv and ablation.tsv with
 * their pictures, which `archsweep equal` and `archsweep ablation` make. `now` gets the records, which the caller
 * frees; it is empty where they could not be read. False, and an error, also where a record is broken; all others are
 * in the tables. */
bool tables_write(const struct tables_request *request, struct records *now, struct error *err);

#endif
