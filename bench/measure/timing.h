/* How long each network of a sweep takes for an image, in training and in inference, measured alone on one thread.
 * Floor 4f.
 *
 * A sweep's own times are no measure of its networks: points train side by side and disturb each other, and some get
 * several threads. So every network is measured by itself, and all of them in turns, round after round, so that a slow
 * moment of the machine meets all. What counts is the median of the rounds. reports/<sweep>/speed.tsv keeps it: a
 * header line, then a row for each network. */
#ifndef BENCH_MEASURE_TIMING_H
#define BENCH_MEASURE_TIMING_H

#include "bench/measure/speed.h"
#include "bench/sweep/sweep.h"

enum { MAX_ROUNDS = MAX_REPEATS };

/* Microseconds for one image, over all rounds. */
struct span {
	double median, fastest, slowest;
};

struct timing {
	char id[POINT_ID_LEN + 1];      /* describe_speed_id of the network */
	char family[64];
	double width;
	struct span training, inference;
	int batch, rounds;
	char kernels[16], processor[64];
};

struct timings {
	/* [point_count], owned. That of a network stands at its first point; where nothing is known, and elsewhere,
	 * rounds is 0. */
	struct timing *of;
	char (*ids)[POINT_ID_LEN + 1];  /* [point_count], owned: describe_speed_id where a network begins */
};

bool timings_create(const struct sweep *sweep, struct timings *to, struct error *err);
void timings_free(struct timings *timings);

/* How to measure. */
struct timing_plan {
	const struct kernels *kernels;
	int rounds;             /* 1 .. MAX_ROUNDS */
	/* Least length of one measurement, of which there are two in a round; it warms up for as long */
	double seconds;
	bool talk;              /* a line on stderr for each round */
};

/* Measures all networks. */
bool timings_measure(const struct sweep *sweep, const struct timing_plan *plan, struct timings *to, struct error *err);

/* Whether every network has its times, and from these kernels on a processor of this name. */
bool timings_are_from_here(const struct sweep *sweep, const struct timings *timings, const struct kernels *kernels);

/* What folder/speed.tsv says of the sweep's networks; what it says of others is passed over. False without an error
 * text where there is no such file, with one where it is broken: then nothing is known. `folder` is reports/<sweep>. */
bool timings_read(const char *folder, const struct sweep *sweep, struct timings *to, struct error *err);
/* The whole file anew. */
bool timings_write(const char *folder, const struct sweep *sweep, const struct timings *timings, struct error *err);

#endif
