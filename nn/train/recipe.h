/* How a network is trained: everything but the network, the data and the seed. Floor 3. */
#ifndef NN_TRAIN_RECIPE_H
#define NN_TRAIN_RECIPE_H

#include "nn/augment/augment.h"
#include "nn/base/field.h"
#include "nn/loss/loss.h"
#include "nn/model/network.h"
#include "nn/optim/optimizer.h"

enum scaling { SCALING_UNIT, SCALING_STANDARD, SCALING_RAW };   /* 0..1; mean 0, variance 1; 0..255 */
enum precision { PRECISION_FLOAT32, PRECISION_BF16 };   /* of convolutions' operands; sums and all else are float32 */

struct recipe {
	int epochs;
	int batch;              /* images per update; the last of an epoch may be smaller */
	double learning_rate;   /* 0: the optimizer's default */
	double label_smoothing; /* share of the target spread over all classes */
	int scaling;            /* enum scaling */
	bool flip;              /* mirror half of the training images left to right */
	double shift;           /* shift training images by up to this share of height and width, padding with zeros */
	const struct augment_step *augment;     /* steps, borrowed likewise; `flip` and `shift` are then not set */
	int augment_count;      /* 0: none but `flip` and `shift` */
	int patience;   /* end after that many epochs with no gain in validation accuracy; 0: run all epochs */
	double min_gain;        /* what counts as a gain, in accuracy 0..1 */
	const struct optimizer_type *optimizer;
	const void *optimizer_config;   /* borrowed from whoever filled the recipe */
	double warm_up;         /* epochs of linear warm-up from 0; multiplies the schedule's factor */
	double average_weights; /* decay of the weights' moving averages, used in evaluation; 0: none */
	double dropout;         /* factor on dropout's rates; whoever builds the network sets its dropout from it */
	double sam;             /* how far each update looks around for a higher loss; 0: nowhere */
	int lookahead;          /* updates between two steps of the slow weights; 0: there are none */
	double lookahead_share; /* of the way to the weights that such a step goes */
	double clip;            /* largest norm of the gradients of an update; 0: any */
	int precision;          /* enum precision; whoever builds the network sets its bf16 from it */
	int teacher_precision;  /* enum precision of the teachers' convolutions */
	/* views of each training image, which take turns by epochs, and of which the teachers' answers are kept; 0:
	 * each epoch has views of its own */
	int keep_views;
	const struct schedule_type *schedule;
	const void *schedule_config;    /* likewise */
	const struct loss_type *loss;
	const void *loss_config;        /* likewise */
};

/* In the order of enum precision and enum scaling, NULL at the end. */
extern const char *const precision_names[], *const scaling_names[];

/* All members but optimizer, schedule and loss, which name a type: bench binds these by their own tables. */
extern const struct field recipe_fields[];

/* Plans a network for this recipe: its batch, and all the memory that it needs. NULL and an error as from
 * model_plan_create. */
struct model_plan *recipe_plan(const struct network *network, const struct recipe *recipe, struct error *err);

#endif
