/* Learning curves averaged over the seeds of each network: what the pictures of curves are drawn from. Floor 4e. */
#ifndef BENCH_SUMMARY_MEAN_CURVES_H
#define BENCH_SUMMARY_MEAN_CURVES_H

#include "nn/base/error.h"

#include <stdio.h>

/* Reads a curves.tsv, its columns by name, and prints a header line and then, for each network, a row for each of its
 * epochs: family, width, seeds (how many have a curve), epoch, the means of both losses and accuracies over the seeds
 * that have a finite one there ("nan" where none has), and how many seeds diverged in the epoch, which are in no
 * mean. */
bool mean_curves_print(const char *curves_path, FILE *to, struct error *err);

#endif
