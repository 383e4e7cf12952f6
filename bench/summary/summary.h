/* Summary statistics of a sweep's records: the seeds of each network together, ranks, and the Pareto front. Floor 4e.
 *
 * A network is a family at one width,
 * in one variant; its points differ in their seed alone and follow each other. Tables, pictures and
 * reports read the means from here and compute none. */
#ifndef BENCH_SUMMARY_SUMMARY_H
#define BENCH_SUMMARY_SUMMARY_H

#include "bench/record/records.h"

struct network_summary {
	int first, seeds;               /* its points in the records: the first one's number, and how many */
	int done;                       /* those that have an accuracy */
	const char *status;             /* "done", or what is the matter with the first of the others; static */
	char family[64];
	int family_number;              /* 1 for the first family of the records: its colour in all pictures */
	double width;
	char variant[VARIANT_NAME_BYTES], group[VARIANT_NAME_BYTES];
	int variant_number;             /* 1 for the first name of a variant in the records */
	/* Mean accuracy on the validation images over the seeds done; the best of its group, the first of equals, is
	 * chosen for pictures, ranks and front. */
	double validation;
	bool chosen;
	int64_t trainable, total, macs; /* of its first record; 0 where it has none */
	/* Accuracy on the test images, final epoch, over the seeds that have one; not a number where there is none. */
	double mean, lowest, highest;
	double deviation;               /* sample standard deviation (divisor done - 1); not a number below 2 seeds */
	double by_views;                /* mean accuracy by views; not a number where not all done have the same */
	int rank;                       /* by the mean: 1 + how many networks have a higher one; 0: it has none,
	                                 * or is not chosen */
	/* By total parameters: 1 is the smallest; of equals the first in order comes first */
	int size_rank;
	/* No other has as good a mean with fewer parameters, or a better with as many */
	bool on_front;
};

struct summary {
	int count;
	struct network_summary *networks;       /* owned; in the records' order */
	const char *title;              /* the records' */
};

/* `data_digest`: only accuracies on this data count; NULL: all. `records` must outlive the summary. */
bool summary_create(const struct records *records, const uint64_t *data_digest, struct summary *to, struct error *err);
void summary_free(struct summary *summary);

/* All networks for people or machines. */
bool summary_print(const struct summary *summary, enum table_format format, FILE *to, struct error *err);

#endif
