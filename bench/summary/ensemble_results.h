/* How well a sweep's ensembles do: the mean of their members' softmax outputs, from the logits that each point keeps.
 * Floor 4e.
 *
 * reports/<sweep>/ensembles.tsv    a row for each ensemble, in the sweep's order: what pictures are drawn from */
#ifndef BENCH_SUMMARY_ENSEMBLE_RESULTS_H
#define BENCH_SUMMARY_ENSEMBLE_RESULTS_H

#include "bench/record/records.h"

struct ensemble_result {
	char name[64];
	int points;             /* members */
	int missing;            /* those that have no outputs; then there are no numbers */
	int64_t trainable, total, macs; /* of all members together */
	struct score score;     /* on the images of the headline; not a number where members are missing */
};

struct ensemble_results {
	int count;
	struct ensemble_result *at;     /* [count], owned */
};

struct ensemble_source {
	const struct sweep *sweep;
	const struct records *records;  /* of all its points */
	const struct dataset *data;     /* whose labels count */
	const char *folder;             /* reports/<sweep>, where the points' logits are */
	void (*missing)(const char *line);      /* gets a line for each ensemble that has no numbers, and why */
};

/* Evaluates all ensembles. Members that are not trained, and logits that cannot be read, are no error: `missing` says
 * so. False and an error where memory is short; else free them. */
bool ensemble_results_create(const struct ensemble_source *source, struct ensemble_results *to, struct error *err);
void ensemble_results_free(struct ensemble_results *results);

/* Writes folder/ensembles.tsv; removes it where there are no ensembles. */
bool ensemble_results_save(const struct ensemble_results *results, const char *folder, struct error *err);

/* A table of them. */
bool ensemble_results_print(const struct ensemble_results *results, enum table_format format, FILE *to,
                            struct error *err);

#endif
