/* What commands do that compare networks of one sweep with each other: records, pairs, data, differences. Floor 5. */
#ifndef BENCH_COMMAND_WITH_PAIRS_H
#define BENCH_COMMAND_WITH_PAIRS_H

#include "bench/command/with_sweep.h"
#include "bench/stats/difference.h"

struct with_pairs {
	const struct options *given;
	const struct sweep *sweep;
	struct report_folder folder;    /* reports/<sweep> */
	struct records records;         /* owned, as is what follows */
	struct side side;               /* all networks, or those that `best` chooses */
	struct pairs pairs;             /* the command's, once the side is open */
	struct dataset data;
	struct contest contest;         /* of the side with itself */
	struct difference *differences; /* [pairs.count] */
};

/* All three return an exit status; what is not EXIT_DONE has its error. `given` and `sweep` must be set, all else be
 * zero. with_pairs_free frees all, also after an error. */
int with_pairs_open(struct with_pairs *w, struct error *err);
/* Reads the data and compares the pairs. */
int with_pairs_compare(struct with_pairs *w, struct error *err);
/* Whether all accuracies and outputs were there. */
int with_pairs_conclude(const struct with_pairs *w, struct error *err);
void with_pairs_free(struct with_pairs *w);

/* The options that all of them have. */
#define OPTIONS_OF_PAIRS OPTION_SET, OPTION_NAME, \
	{ "reports", 'r', "DIR", .help = "records are in DIR/<sweep>/ instead of reports/<sweep>/" }, \
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" }, \
	{ "tsv", .help = "tab-separated values below a line of names", .excludes = "markdown" }, \
	{ "markdown", .help = "a table for a web page", .excludes = "json" }

#endif
