/* The recipes' axis of a sweep: named recipes, varied values, and what a family fixes or varies for itself, become
 * variants. Floor 4c.
 *
 * A variant's name is the recipe's name and its varied values in the order of the file: "augmented,learning_rate=0.01";
 * "" in a sweep of one recipe. */
#ifndef BENCH_SWEEP_VARIANTS_H
#define BENCH_SWEEP_VARIANTS_H

#include "bench/sweep/settings.h"

enum { MAX_VARIANTS = 10000 };      /* of one family */

/* The variants of one item of `families`, which may have `recipe`, `recipes` and `vary`; those without any of the three
 * share the same list. */
bool variants_read(struct settings *settings, const struct node *entry, struct variant_list *to, struct error *err);

/* Whether every key of `best` is varied by some family; once all have been read. */
bool variants_check_best(const struct settings *settings, struct error *err);

#endif
