/* Channel numbers as families write them: 64, 2w, 0.5w, w, classes. Floor 4b. */
#ifndef BENCH_YAML_COUNT_H
#define BENCH_YAML_COUNT_H

#include "bench/yaml/bind.h"

/* Rounds `exact` > 0 by the binding's rule: ROUNDING_EXACT does not round, ROUNDING_NEAREST rounds halves up and to at
 * least 1, ROUNDING_MULTIPLE is MobileNet's make_divisible. */
double count_round(double exact, const struct binding *binding);

/* "2w", "0.5w", "w": the factor; -1 if the text is not a multiple of the width. */
double count_factor(const char *text);

/* A multiple of the width, and how it is rounded. */
struct width_multiple {
	const struct node *node;
	const struct field *field;
	const struct binding *binding;
	double factor;
};

/* Computes the number; an error if it is not whole or outside the field's range. */
bool count_resolve(const struct width_multiple *c, int *to, struct error *err);

#endif
