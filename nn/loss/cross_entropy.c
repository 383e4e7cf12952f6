/* Softmax cross-entropy, with weights for classes of different frequency. Floor 2.
 *
 *   loss = sum over images and classes of w[c] target[c] (-log share[c]) / sum over images of w[its label]
 *
 * For images of one class this is PyTorch's CrossEntropyLoss(weight=w, label_smoothing=s). Given mixed targets as
 * probabilities PyTorch divides by the number of images instead; here a mixed image counts in the divisor what its
 * classes do, so that a batch's scale does not depend on whether its images are mixed. */
#include "nn/loss/loss.h"

struct cross_entropy { double class_balance; };

static const struct field fields[] = {
	{ "class_balance", FIELD_FLOAT, offsetof(struct cross_entropy, class_balance),
	  .fallback = 0, .min = 0, .max = 1, .later = 1,
	  .help = "power of the inverse frequency that weighs a class: 0 every image counts alike, 1 every class" },
	{ 0 }
};

static const char about[] =
	"A class of which n of N training images are, among K classes, has the weight (N / (K n)) ^ `class_balance`: "
	"with 1 that is scikit-learn's class_weight=\"balanced\", with 0.5 its root. A batch's loss is the weighted "
	"mean, as in PyTorch's CrossEntropyLoss(weight=...).";

static double class_balance(const void *config)
{
	return ((const struct cross_entropy *)config)->class_balance;
}

static void evaluate(const void *config, const struct loss_job *job)
{
	(void)config;
	loss_softmax(job);
}

const struct loss_type loss_cross_entropy = {
	.kind = { .name = "cross_entropy", .help = "softmax cross-entropy with the labels",
	          .fields = fields, .config_size = sizeof(struct cross_entropy), .about = about },
	.class_balance = class_balance, .evaluate = evaluate,
};
