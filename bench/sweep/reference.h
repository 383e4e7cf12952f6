/* The reference of the YAML, from the tables that read it: layers, recipe, optimizers and so on. Floor 4c.
 *
 * `archsweep help layers` prints a topic for a terminal; sweeps/README.md is the whole page as Markdown. */
#ifndef BENCH_SWEEP_REFERENCE_H
#define BENCH_SWEEP_REFERENCE_H

#include <stdio.h>

struct reference_topic {
	const char *name;               /* "layers" */
	const char *summary;            /* one line for the list of topics */
	const struct chapter *chapter;  /* what it prints; reference.c's own */
};

extern const struct reference_topic reference_topics[]; /* ends with a topic without a name */

/* The topic of that name, or NULL. */
const struct reference_topic *reference_find(const char *name);

/* One topic for a terminal, and all of them as a page of Markdown. */
void reference_print_topic(const struct reference_topic *topic, FILE *to);
void reference_print_page(FILE *to);

#endif
