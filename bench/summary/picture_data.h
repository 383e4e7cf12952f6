/* The tables that pictures of a sweep are drawn from: networks.tsv (summary.h) and means.tsv (mean_curves.h). Floor 4e.
 *
 * They are made anew from points.tsv and curves.tsv whenever a picture is drawn, and are temporary files beside
 * those. gnuplot takes a double quote in a table for the beginning of a quoted field, so that those are single ones
 * here; the title as it is stands beside the tables. */
#ifndef BENCH_SUMMARY_PICTURE_DATA_H
#define BENCH_SUMMARY_PICTURE_DATA_H

#include "bench/system/atomic_file.h"

struct picture_data {
	struct atomic_file networks, means;     /* .temporary is the path to draw from */
	char *title;                    /* the sweep's, its first 1000 bytes, owned; NULL: points.tsv has no row */
	int network_count, family_count;
};

/* Reads points.tsv and curves.tsv of `folder`. After true, call picture_data_remove. */
bool picture_data_create(const char *folder, struct picture_data *to, struct error *err);
void picture_data_remove(struct picture_data *data);

#endif
