/* Runs gnuplot on one of our scripts, without a shell. Floor 4a. */
#ifndef BENCH_SYSTEM_GNUPLOT_H
#define BENCH_SYSTEM_GNUPLOT_H

#include "bench/system/svg_text.h"

/* The script learns its variables from the command line: plots, data, curves, networks, means, out, and ensembles,
 * table and title if there are such. */
struct drawing {
	const char *plots;      /* folder of the scripts */
	const char *script;     /* the script's path */
	const char *data, *curves;      /* points.tsv, curves.tsv */
	const char *networks;   /* the networks' summary, a row each */
	const char *means;      /* learning curves, averaged over the seeds of each network */
	const char *ensembles;  /* ensembles.tsv, or NULL */
	const char *table;      /* another table for the figure, or NULL */
	const char *title;      /* the sweep's, or NULL: the script finds it in the tables */
	const struct svg_text *about;   /* of an .svg, for those who cannot see it; or NULL */
	const char *out;        /* the picture, .png or .svg, written atomically */
};

enum { GNUPLOT_SAID_BYTES = 512 };

/* False if gnuplot is missing, fails, or leaves a picture that is not whole: the old one stays. `said`: the last line
 * that it wrote to stderr; empty if all is well. */
bool gnuplot_draw(const struct drawing *drawing, char said[GNUPLOT_SAID_BYTES], struct error *err);

#endif
