/* How much work a point is, and how long it may take on this machine, before it starts. Floor 4g. Estimates order the
 * points, share out threads and tell people when to come back; no result depends on them. */
#ifndef BENCH_RUN_ESTIMATE_H
#define BENCH_RUN_ESTIMATE_H

#include "bench/run/pending.h"

enum { MAX_SPEEDS = 64 };

/* How fast one thread trained one network. */
struct speed {
	double work;            /* estimate_work of its cost */
	double images_per_second;
};

struct estimate {
	int count;
	struct speed speeds[MAX_SPEEDS];
	bool measured;          /* just now; otherwise taken from records */
};

/* What one training image costs, about proportional to time: arithmetic and memory traffic together, in
 * multiply-adds. */
double estimate_work(const struct pending_point *point);

/* Speeds from the sweep's records that are the work of one thread. Where there are none: trains the smallest point and,
 * if that promises to be quick, the largest one on made-up images, together for some 0.3 seconds. */
bool estimate_create(const struct pending *pending, const struct records *records, struct estimate *to,
                     struct error *err);

/* Training images a second of a network with that work on one thread, from the speed of the nearest network. */
double estimate_images_per_second(const struct estimate *estimate, double work);

/* Training images that take as long as an epoch with its evaluation, as what follows the last epoch (the final and the
 * best weights are evaluated on the other splits), and as all of a point. */
double estimate_epoch_images(const struct dataset *data);
double estimate_closing_images(const struct dataset *data);
double estimate_images(const struct dataset *data, const struct recipe *recipe);

#endif
