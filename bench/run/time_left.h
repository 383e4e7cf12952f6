/* How long a run still takes, by what it has measured itself. Floor 4g. */
#ifndef BENCH_RUN_TIME_LEFT_H
#define BENCH_RUN_TIME_LEFT_H

#include <stdbool.h>

/* What is known of one point. */
struct point_pace {
	int family;             /* 0 to MAX_FAMILIES - 1 */
	double work;            /* estimate, in the same unit for all points */
	double share;           /* done of it: 0 to come, 1 over */
	double seconds;         /* since it began; of one that is over: all of it, with evaluation and writing */
	bool odd;               /* ended before its time: its seconds say nothing of others */
};

/* Seconds until all are over, after `elapsed` seconds of the run; negative: nothing is known yet.
 *
 * A family's points take as long for their work as those of it that are over, or else as those that are running: the
 * estimates of different families are off by different factors. A family of which nothing has begun is as all
 * others together. As many points go on side by side as did so far, and the longest is waited for. */
double time_left(const struct point_pace *points, int count, double elapsed);

#endif
