/* How a network is trained: everything but the network, the data and the seed. Floor 3. */
#ifndef NN_TRAIN_RECIPE_H
#define NN_TRAIN_RECIPE_H

#include "nn/base/field.h"
#include "nn/model/network.h"
#include "nn/optim/optimizer.h"

enum scaling { SCALING_UNIT, SCALING_STANDARD, SCALING_RAW };   /* pixels / 255; mean 0, variance 1 over the training images; 0..255 */
enum precision { PRECISION_FLOAT32, PRECISION_BF16 };   /* of convolutions' factors; their sums and all else are float32 */

struct recipe {
	int epochs;
	int batch;              /* images per update; the last of an epoch may be smaller */
	double learning_rate;   /* 0: the optimizer's usual one */
	double label_smoothing; /* share of the target spread over all classes */
	int scaling;            /* enum scaling */
	bool flip;              /* mirror half of the training images left to right */
	double shift;           /* move each training image by up to this share of its height and width, zeros follow */
	int patience;           /* end after so many epochs without a gain in validation accuracy; 0: run all epochs */
	double min_gain;        /* what counts as a gain, in accuracy 0..1 */
	const struct optimizer_type *optimizer;
	const void *optimizer_config;   /* owned by whoever filled the recipe */
	double warm_up;         /* epochs over which the rate rises along a line from 0; times what the schedule says */
	double average_weights; /* share that the weights' running averages, by which images are judged, keep at each update; 0: none */
	int precision;          /* enum precision; heeded by who builds the network, whose bf16 says it */
	const struct schedule_type *schedule;
	const void *schedule_config;    /* likewise */
};

/* In the order of enum precision, NULL at the end. */
extern const char *const precision_names[];

/* All members but optimizer and schedule, whose values name a type: bench binds those two by their tables. */
extern const struct field recipe_fields[];

/* The plan of a network that is trained by the recipe: its batch, and all the memory that the recipe asks for. NULL and an error as
 * from model_plan_create. */
struct model_plan *recipe_plan(const struct network *network, const struct recipe *recipe, struct error *err);

#endif
