/* Channel numbers as families write them: 64, 2w, 0.5w, w, classes. Floor 4b. */
#ifndef BENCH_YAML_COUNT_H
#define BENCH_YAML_COUNT_H

#include "bench/yaml/bind.h"

/* Rounds `exact` > 0 by the binding's rule: exact changes nothing, nearest goes half up and to at least 1, multiple is MobileNet's
 * make_divisible. */
double count_round(double exact, const struct binding *binding);

/* "2w", "0.5w", "w": the factor; -1 for a text that is no multiple of the width. */
double count_factor(const char *text);

/* A multiple of the width on its way to a number. */
struct counting {
	const struct node *node;
	const struct field *field;
	const struct binding *binding;
	double factor;
};

/* The number, or an error where it is not whole or outside the field's range. */
bool count_resolve(const struct counting *c, int *to, struct error *err);

#endif
