/* See recipe.h. */
#include "nn/train/recipe.h"

/* In the order of enum scaling. */
static const char *const scalings[] = { "unit", "standard", "raw", NULL };

const char *const precision_names[] = { "float32", "bf16", NULL };

const struct field recipe_fields[] = {
	{ "epochs", FIELD_INT, offsetof(struct recipe, epochs),
	  .required = 1, .min = 1, .max = 100000, .help = "times that every training image is used" },
	{ "batch", FIELD_INT, offsetof(struct recipe, batch),
	  .fallback = 128, .min = 1, .max = 65536, .help = "images per update" },
	{ "learning_rate", FIELD_FLOAT, offsetof(struct recipe, learning_rate),
	  .fallback = 0, .min = 0, .max = 100, .help = "the schedule's highest; 0: the optimizer's usual one" },
	{ "label_smoothing", FIELD_FLOAT, offsetof(struct recipe, label_smoothing),
	  .fallback = 0, .min = 0, .max = 0.99, .help = "share of the target that is spread over all classes" },
	{ "scaling", FIELD_CHOICE, offsetof(struct recipe, scaling),
	  .fallback = SCALING_UNIT, .choices = scalings,
	  .help = "of pixels: unit (0..1), standard (mean 0 and variance 1 over the training images), raw (0..255)" },
	{ "flip", FIELD_BOOL, offsetof(struct recipe, flip),
	  .fallback = false, .help = "mirror half of the training images left to right" },
	{ "shift", FIELD_FLOAT, offsetof(struct recipe, shift),
	  .fallback = 0, .min = 0, .max = 0.5,
	  .help = "move training images by up to this share of their height and width" },
	{ "patience", FIELD_INT, offsetof(struct recipe, patience),
	  .fallback = 0, .min = 0, .max = 100000,
	  .help = "end after so many epochs without a gain in validation accuracy; 0: never" },
	{ "min_gain", FIELD_FLOAT, offsetof(struct recipe, min_gain),
	  .fallback = 0.001, .min = 0, .max = 1, .help = "what counts as a gain, as a share of the validation images" },
	{ "warm_up", FIELD_FLOAT, offsetof(struct recipe, warm_up),
	  .fallback = 0, .min = 0, .max = 100000, .later = 1,
	  .help = "epochs, or parts of one, over which the learning rate rises from 0 along a line, "
	          "times the schedule's factor" },
	{ "average_weights", FIELD_FLOAT, offsetof(struct recipe, average_weights),
	  .fallback = 0, .min = 0, .max = 0.999999, .later = 1,
	  .help = "judge by running averages of the weights, which keep this share at each update; "
	          "0: by the weights themselves" },
	{ "precision", FIELD_CHOICE, offsetof(struct recipe, precision),
	  .fallback = PRECISION_FLOAT32, .choices = precision_names, .later = 1,
	  .help = "float32, or bf16: convolutions multiply numbers rounded to bfloat16, and add in float32" },
	{ 0 }
};

struct model_plan *recipe_plan(const struct network *network, const struct recipe *recipe, struct error *err)
{
	struct model_plan *plan = model_plan_create(network, recipe->batch, recipe->optimizer->slots, err);

	if (plan && recipe->average_weights > 0)
		model_plan_add_averages(plan);
	if (plan)
		model_plan_add_kept(plan);
	return plan;
}
