/* An ablation: the variants of each network beside one of them. Floor 4f.
 *
 * Pairs are those of pairs_add_variants. reports/<sweep>/ablation.tsv holds the table for the picture: what `archsweep
 * ablation --tsv` prints. */
#ifndef BENCH_STATS_ABLATION_H
#define BENCH_STATS_ABLATION_H

#include "bench/stats/difference.h"

/* Whether some network of the side has a variant of the group; the error lists those that there are. */
bool ablation_check(const struct side *side, const char *against, struct error *err);

/* A row for each variant, the one that others are compared with before them. */
bool ablation_print(const struct difference *differences, int count, enum table_format format, FILE *to,
                    struct error *err);

/* Below it, for people: what its numbers are. There must be a pair. */
void ablation_explain(const struct contest *contest, const struct pairs *pairs, const struct difference *differences);

/* Writes the table [count] to folder/ablation.tsv; without any difference an older one is removed with its picture. */
bool ablation_save(const struct difference *differences, int count, const char *folder, struct error *err);

#endif
