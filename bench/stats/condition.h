/* What must not happen to b beside a: "accuracy < -0.5", "train_time > +10%". Floor 4f.
 *
 *	QUANTITY < or > NUMBER          the change from a to b: accuracies in points, times in seconds
 *	QUANTITY < or > NUMBER%         the change as a share of a's
 *
 * accuracy_low and accuracy_high are the ends of the accuracy's interval: with "accuracy_high < 0" b is worse for all
 * that can be known. */
#ifndef BENCH_STATS_CONDITION_H
#define BENCH_STATS_CONDITION_H

#include "bench/stats/difference.h"

struct condition {
	const char *text;       /* borrowed */
	int quantity;           /* of a table in condition.c */
	bool above;             /* > */
	bool share;             /* in percent of a's */
	double limit;
};

/* A text from outside; the error says what is accepted. */
bool condition_parse(const char *text, struct condition *to, struct error *err);

/* Whether it holds; what is not known holds for no condition. `value`: the change, in the condition's unit. */
bool condition_holds(const struct condition *condition, const struct difference *difference, double *value);

#endif
