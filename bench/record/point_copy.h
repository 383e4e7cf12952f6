/* A finished point's files, taken from one folder of reports into another. Floor 4d. */
#ifndef BENCH_RECORD_POINT_COPY_H
#define BENCH_RECORD_POINT_COPY_H

#include "bench/record/record.h"

enum { DIFFERENCE_BYTES = 48 };

/* Whether two records of one point say the same: all results, weights and logits. Circumstances may differ, and family,
 * width and seed are the sweep's own. `difference` gets the first column that differs. */
bool record_same_results(const struct record *a, const struct record *b, char difference[DIFFERENCE_BYTES],
                         struct error *err);

/* Copies the point of that record, byte for byte: what lies beside it, each checked by its digest, then the record.
 * Files of an older record that this one does not have are removed. Each file is written whole or not at all. Folders
 * are reports/<sweep>. */
bool point_copy(const char *from, const struct record *record, const char *to, struct error *err);

#endif
