/* Gradients of a network's mean loss, by backward pass and by finite differences. In double precision alone. */
#ifndef TESTS_GRADIENTS_PROBE_H
#define TESTS_GRADIENTS_PROBE_H

#include "tests/helpers/network.h"

struct probe {
	const char *text;       /* the network, as in tests/helpers/network.h */
	struct shape input;
	int classes;
	/* the input's numbers are spread evenly over -reach .. reach, in random order, no two alike */
	double reach;
	int most;               /* parameters and inputs that are tried, each; 0: PROBES */
};

enum { PROBES = 24 };

/* Fails where backward pass and central difference differ by more than 1e-6 of the gradient; batches of 5 and of 19
 * images. */
void check_gradients(const struct probe *probe);

#endif
