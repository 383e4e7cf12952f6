/* What lies between two networks: accuracies on the same test images, their difference with its interval, McNemar's p,
 * counts and times. Floor 4f. */
#ifndef BENCH_STATS_DIFFERENCE_H
#define BENCH_STATS_DIFFERENCE_H

#include "bench/data/dataset.h"
#include "bench/stats/side.h"
#include "bench/text/table.h"

enum { FAULT_BYTES = 512 };

/* One of the two. */
struct contestant {
	const struct side_network *network;
	int seeds;                      /* those that have an accuracy on the data */
	double accuracy;                /* their mean; not a number: none has one */
	double deviation;               /* sample standard deviation; not a number below two of them */
	double train_seconds;           /* their mean; likewise */
	const char *status;             /* "done", or what is the matter with the first of the others; static */
};

struct difference {
	struct contestant a, b;
	double difference;              /* accuracy of b minus that of a, a share; not a number: unknown, as below */
	double low, high;               /* its 95 % interval, see bootstrap.h */
	/* McNemar's exact p of seeds in pairs, the first with the first; joined where there are several pairs */
	double p;
	int only_a, only_b;             /* images that only one of the two got right, in all pairs of seeds */
	int images;                     /* test images; 0: no outputs were compared */
	char fault[FAULT_BYTES];        /* why outputs could not be read; "" */
};

/* What is compared. `data` is that of side a; records of other data do not count. */
struct contest {
	const struct side *a, *b;
	const struct dataset *data;
	const struct split *split;      /* of `data`, whose accuracy tables show */
};

/* Fills to[pairs->count], on `threads` threads; the outcome is the same for any number of them. False without
 * memory. */
bool differences_compute(const struct contest *contest, const struct pairs *pairs, int threads, struct difference *to,
                         struct error *err);

/* The split whose accuracy is that of the records, or NULL and an error: the data has no test images. */
const struct split *contest_split(const struct sweep *sweep, const struct dataset *data, struct error *err);

/* How many lack an accuracy of one of their seeds, and the first fault of them, or NULL. */
int differences_lacking(const struct difference *differences, int count);
const char *differences_fault(const struct difference *differences, int count);

/* Below the table, for people: what its numbers are; `difference` is its title, "b - a". */
void differences_legend(const struct contest *contest, const struct difference *differences, int count,
                        const char *difference);
/* The same, and what has no counterpart. */
void differences_explain(const struct contest *contest, const struct pairs *pairs,
                         const struct difference *differences);

/* Where the descriptions of the networks differ, of layers only for networks of the same name; with `fenced` as a block
 * of Markdown. Each text once for all neighbours that share it. False without memory. */
bool differences_describe(const struct contest *contest, const struct difference *differences, int count, bool fenced,
                          struct error *err);

/* One row for each pair. */
bool differences_print(const struct difference *differences, int count, enum table_format format, FILE *to,
                       struct error *err);

/* A table of them that a sweep's folder keeps: NAME.tsv, with NAME.png and NAME.svg that are drawn from it. */
struct difference_table {
	const char *name;
	bool (*print)(const struct difference *differences, int count, enum table_format format, FILE *to,
	              struct error *err);
};
/* Writes folder/NAME.tsv, or, without any difference, removes an older one and its pictures. */
bool differences_save(const struct difference_table *table, const struct difference *differences, int count,
                      const char *folder, struct error *err);

/* What such tables say of the difference, its interval and p, for machines and for people: columns, the first with this
 * title, and cells. */
#define DIFFERENCE_COLUMNS(people) \
	{ "difference", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true }, \
	{ "difference", .kind = COLUMN_REAL, .decimals = 2, .title = people, .people_only = true }, \
	{ "low", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true }, \
	{ "high", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true }, \
	{ "interval", .kind = COLUMN_TEXT, .title = "95 % interval", .people_only = true }, \
	{ "p", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true }, \
	{ "p", .kind = COLUMN_TEXT, .title = "McNemar's p", .people_only = true }
void difference_cells(struct table *table, const struct difference *difference);

#endif
