/* Families at equal size: for each two of a sweep, the difference of their accuracies wherever their networks have
 * nearly as many parameters. Floor 4f.
 *
 * reports/<sweep>/equal.tsv holds it for the picture: what `archsweep equal --tsv` prints. */
#ifndef BENCH_STATS_EQUAL_H
#define BENCH_STATS_EQUAL_H

#include "bench/stats/difference.h"

/* Two families, a before b in the sweep, and where they meet. */
struct encounter {
	const char *a, *b;              /* names, the sweep's */
	int first, count;               /* of the pairs and of their differences */
};

struct encounters {
	int count;
	struct encounter *of;           /* [count], owned; of all pairs of families */
};

/* Finds where the families of one side meet; `pairs` has none before. False without memory; both have to be freed in
 * any case. */
bool encounters_find(const struct side *side, struct encounters *to, struct pairs *pairs, struct error *err);
void encounters_free(struct encounters *encounters);

/* Who is ahead of whom, where, and by how much, in sentences. A network is ahead where the whole interval says so. */
void encounters_print(const struct encounters *encounters, const struct difference *differences, FILE *to);

/* Writes the table [count] to folder/equal.tsv; where no two networks meet an older one is removed with its picture. */
bool encounters_save(const struct difference *differences, int count, const char *folder, struct error *err);

#endif
