/* What an optimizer and a learning-rate schedule are. Floor 2. A new one takes one file and one row of the table in
 * registry.c. */
#ifndef NN_OPTIM_OPTIMIZER_H
#define NN_OPTIM_OPTIMIZER_H

#include "nn/base/blas.h"
#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/base/real.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A range of parameters with the same weight decay rule. update() works element by element, so ranges may be cut
 * anywhere; update_matrix() gets whole kernels. */
struct update {
	real *params;
	const real *gradients;
	real *slots[3];         /* state per parameter, optimizer_type.slots of them, zero before the first step */
	size_t len;
	int64_t step;           /* 1 for the first update */
	double learning_rate;
	bool decays;            /* whether weight decay applies here */
	/* Of update_matrix() alone: all numbers are matrices, row by row, rows * columns = len. */
	int rows, columns;
	real *scratch;          /* [matrix_scratch(rows, columns)] to work in */
	blas_gemm *gemm;
};

struct optimizer_type {
	struct kind kind;
	int slots;
	double learning_rate;   /* default, for recipes that state none */
	void (*update)(const void *config, const struct update *u);
	/* NULL, or what updates all kernels but the last layer's, each as a matrix of outputs and what they read. */
	void (*update_matrix)(const void *config, const struct update *u);
	size_t (*matrix_scratch)(int rows, int columns);        /* numbers; with update_matrix alone */
};

/* State of a schedule that watches the validation score. Owned by the training; all zero before the first epoch. */
struct schedule_state {
	int epochs;             /* seen */
	double best;            /* best score, larger is better; undefined before the first epoch */
	int waited;             /* epochs since the best one, or since the last reduction */
	int reductions;
};

/* When a learning rate is needed: just before an update. */
struct moment {
	double progress;        /* 0 at the first batch to 1 after the last of all epochs */
	int epoch;              /* epochs finished */
	const struct schedule_state *watched;   /* not NULL */
};

struct schedule_type {
	struct kind kind;
	/* Factor that multiplies the base learning rate. */
	double (*factor)(const void *config, const struct moment *at);
	/* Checks what ranges of single fields cannot express; may be NULL. `at` is the schedule's position in its
	 * file. */
	bool (*check)(const void *config, struct mark at, struct error *err);
	/* May be NULL; called after each epoch with the validation images' mean loss and accuracy 0..1. */
	void (*watch)(const void *config, struct schedule_state *watched, double loss, double accuracy);
};

/* AdamW's step (adam.c), for what other optimizers leave to it. Slots 0 and 1; config is a struct adam. */
struct adam { double beta1, beta2, epsilon, weight_decay; };
void adamw_update(const void *config, const struct update *u);

extern const struct optimizer_type *const optimizer_types[];    /* NULL at the end */
extern const struct schedule_type *const schedule_types[];      /* NULL at the end */

#endif
