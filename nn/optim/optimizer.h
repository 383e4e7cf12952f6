/* What an optimizer and a learning-rate schedule are. Floor 2. A new one is one file and one row of the table in registry.c. */
#ifndef NN_OPTIM_OPTIMIZER_H
#define NN_OPTIM_OPTIMIZER_H

#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/base/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One stretch of parameters that share the same rules. Optimizers work number by number, so stretches may be cut anywhere. */
struct update {
	real *params;
	const real *gradients;
	real *slots[3];         /* state per parameter, optimizer_type.slots of them, zero before the first step */
	size_t len;
	int64_t step;           /* 1 for the first update */
	double learning_rate;
	bool decays;            /* whether weight decay applies here */
};

struct optimizer_type {
	struct kind kind;
	int slots;
	double learning_rate;   /* the usual one, for recipes that state none */
	void (*update)(const void *config, const struct update *u);
};

/* What a schedule that watches the validation images remembers of them. The training keeps it; all zero before the first epoch. */
struct watched {
	int epochs;             /* seen */
	double best;            /* of their scores, counted as the schedule counts; undefined before the first */
	int waited;             /* epochs since the best one, or since the last reduction */
	int reductions;
};

/* The moment for which a learning rate is asked: just before an update. */
struct moment {
	double progress;        /* 0 at the first batch to 1 after the last of all epochs */
	int epoch;              /* epochs finished */
	const struct watched *watched;  /* not NULL */
};

struct schedule_type {
	struct kind kind;
	/* The factor on the base learning rate. */
	double (*factor)(const void *config, const struct moment *at);
	/* What the ranges of single fields cannot say; NULL: nothing. `at` is the schedule's place in its file. */
	bool (*check)(const void *config, struct mark at, struct error *err);
	/* NULL, or the schedule watches: called after each epoch with the mean loss and the accuracy 0..1 of the validation images. */
	void (*watch)(const void *config, struct watched *watched, double loss, double accuracy);
};

extern const struct optimizer_type *const optimizer_types[];    /* NULL at the end */
extern const struct schedule_type *const schedule_types[];      /* NULL at the end */

#endif
