/* Random shapes for tests. */
#ifndef TESTS_HELPERS_DRAW_H
#define TESTS_HELPERS_DRAW_H

#include "nn/base/field.h"
#include "nn/base/rng.h"

/* least .. most, both included. */
static inline int draw_between(struct rng *rng, int least, int most)
{
	return least + (int)rng_below(rng, (uint64_t)(most - least + 1));
}

/* One of the three rules; explicit zeros are 0 .. most on each side. */
static inline struct padding draw_padding(struct rng *rng, int most)
{
	struct padding p = { .rule = (enum padding_rule)rng_below(rng, 3) };

	if (p.rule != PADDING_EXPLICIT)
		return p;
	p.top = draw_between(rng, 0, most);
	p.bottom = draw_between(rng, 0, most);
	p.left = draw_between(rng, 0, most);
	p.right = draw_between(rng, 0, most);
	return p;
}

#endif
