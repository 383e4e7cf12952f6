/* See recipe.h. */
#include "nn/train/recipe.h"

/* In the order of enum scaling. */
const char *const scaling_names[] = { "unit", "standard", "raw", NULL };

const char *const precision_names[] = { "float32", "bf16", NULL };

const struct field recipe_fields[] = {
	{ "epochs", FIELD_INT, offsetof(struct recipe, epochs),
	  .required = 1, .min = 1, .max = 100000, .help = "how often every training image is used" },
	{ "batch", FIELD_INT, offsetof(struct recipe, batch),
	  .fallback = 128, .min = 1, .max = 65536,
	  .help = "images in each update; the last of an epoch may have fewer" },
	{ "learning_rate", FIELD_FLOAT, offsetof(struct recipe, learning_rate),
	  .fallback = 0, .min = 0, .max = 100,
	  .help = "the rate that the schedule's factors multiply; 0: the optimizer's usual one" },
	{ "label_smoothing", FIELD_FLOAT, offsetof(struct recipe, label_smoothing),
	  .fallback = 0, .min = 0, .max = 0.99, .help = "share of the target that is spread evenly over all classes" },
	{ "scaling", FIELD_CHOICE, offsetof(struct recipe, scaling),
	  .fallback = SCALING_UNIT, .choices = scaling_names,
	  .help = "pixels as numbers: unit 0..1, standard mean 0 and variance 1 over the training images, raw 0..255" },
	{ "flip", FIELD_BOOL, offsetof(struct recipe, flip),
	  .fallback = false, .help = "mirror half of the training images left to right, anew in each epoch" },
	{ "shift", FIELD_FLOAT, offsetof(struct recipe, shift),
	  .fallback = 0, .min = 0, .max = 0.5,
	  .help = "move each training image by up to this share of its height and width, anew in each epoch" },
	{ "patience", FIELD_INT, offsetof(struct recipe, patience),
	  .fallback = 0, .min = 0, .max = 100000,
	  .help = "end after this number of epochs without a gain in validation accuracy; 0: run all epochs" },
	{ "min_gain", FIELD_FLOAT, offsetof(struct recipe, min_gain),
	  .fallback = 0.001, .min = 0, .max = 1,
	  .help = "the least gain in validation accuracy, 0..1, that counts for `patience`" },
	{ "warm_up", FIELD_FLOAT, offsetof(struct recipe, warm_up),
	  .fallback = 0, .min = 0, .max = 100000, .later = 1,
	  .help = "epochs, 2 or 0.5, over which the rate rises along a line from 0, times the schedule's factor" },
	{ "average_weights", FIELD_FLOAT, offsetof(struct recipe, average_weights),
	  .fallback = 0, .min = 0, .max = 0.999999, .later = 1,
	  .help = "judge by running averages of the weights that keep this share at each update; 0: by the weights" },
	{ "dropout", FIELD_FLOAT, offsetof(struct recipe, dropout),
	  .fallback = 1, .min = 0, .max = 10, .later = 1,
	  .help = "factor on the rates of a network's dropout layers; 0: as if they were not there" },
	{ "sam", FIELD_FLOAT, offsetof(struct recipe, sam),
	  .fallback = 0, .min = 0, .max = 100, .later = 1,
	  .help = "distance uphill from the weights at which gradients are taken, for twice the work; 0: none" },
	{ "lookahead", FIELD_INT, offsetof(struct recipe, lookahead),
	  .fallback = 0, .min = 0, .max = 1000, .later = 1,
	  .help = "updates after which slow weights follow, and training goes on from them; 0: no slow weights" },
	{ "lookahead_share", FIELD_FLOAT, offsetof(struct recipe, lookahead_share),
	  .fallback = 0.5, .min = 0, .max = 1, .later = 1,
	  .help = "share of the way to the weights that the slow ones of `lookahead` follow them" },
	{ "clip", FIELD_FLOAT, offsetof(struct recipe, clip),
	  .fallback = 0, .min = 0, .max = 1e9, .later = 1,
	  .help = "largest Euclidean norm of an update's gradients, which are scaled down to it; 0: none" },
	{ "precision", FIELD_CHOICE, offsetof(struct recipe, precision),
	  .fallback = PRECISION_FLOAT32, .choices = precision_names, .later = 1,
	  .help = "bf16: convolutions multiply numbers rounded to bfloat16 and add in float32" },
	{ "teacher_precision", FIELD_CHOICE, offsetof(struct recipe, teacher_precision),
	  .fallback = PRECISION_FLOAT32, .choices = precision_names, .later = 1,
	  .help = "the same for the convolutions of the recipe's `teachers`" },
	{ "keep_views", FIELD_INT, offsetof(struct recipe, keep_views),
	  .fallback = 0, .min = 0, .max = 1000, .later = 1,
	  .help = "augment each image in this number of ways, epoch by epoch in turns, and ask the `teachers` once for "
	          "each; 0: anew in each epoch" },
	{ 0 }
};

struct model_plan *recipe_plan(const struct network *network, const struct recipe *recipe, struct error *err)
{
	struct model_plan *plan = model_plan_create(network, recipe->batch, recipe->optimizer->slots, err);

	if (!plan)
		return NULL;
	if (recipe->average_weights > 0)
		model_plan_add_averages(plan);
	if (recipe->sam > 0)
		model_plan_add_perturbation(plan);
	if (recipe->lookahead > 0)
		model_plan_add_lookahead(plan);
	if (recipe->optimizer->update_matrix)
		model_plan_add_matrices(plan, recipe->optimizer);
	if (recipe->loss->teacher_temperature)
		model_plan_add_teacher(plan);
	model_plan_add_best(plan);
	return plan;
}
