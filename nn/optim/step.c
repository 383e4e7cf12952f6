/* Step decay: multiplies the rate by `factor` after every `every` epochs, or after each of the epochs in `at`
 * (PyTorch's StepLR and MultiStepLR, with their gamma and milestones). Floor 2.
 *
 * Epochs count from 1: with `at: 30` epoch 30 is the last one at the old rate. */
#include "nn/optim/optimizer.h"

#include <math.h>

struct step {
	int every;              /* 0: not given */
	struct ints at;         /* ascending */
	double factor;
};

static const struct field fields[] = {
	{ "every", FIELD_INT, offsetof(struct step, every),
	  .fallback = 0, .min = 0, .max = 100000, .help = "epochs from one step to the next; 0: see `at`" },
	{ "at", FIELD_INTS, offsetof(struct step, at),
	  .min = 1, .max = 100000, .help = "epochs after each of which there is a step, rising" },
	{ "factor", FIELD_FLOAT, offsetof(struct step, factor),
	  .fallback = 0.1, .min = 0, .max = 1, .help = "what each step multiplies the rate by" },
	{ 0 }
};

static const char about[] =
	"One of `every` and `at` is required. Epochs count from 1: with `at: [30, 60]` epochs 1 to 30 have the whole "
	"rate, 31 to 60 a tenth, the others a hundredth. In PyTorch these are StepLR and MultiStepLR, `factor` is "
	"gamma, `at` milestones.";

static double factor(const void *config, const struct moment *at)
{
	const struct step *c = config;
	int steps = c->every ? at->epoch / c->every : 0;

	for (int i = 0; i < c->at.count; i++)
		steps += c->at.at[i] <= at->epoch;
	return pow(c->factor, steps);
}

static bool check(const void *config, struct mark at, struct error *err)
{
	const struct step *c = config;

	if (!c->every && !c->at.count)
		return fail_at(err, at, "step: neither every nor at; accepted: every: EPOCHS, or at: [EPOCHS, ...]");
	if (c->every && c->at.count)
		return fail_at(err, at, "step: both every and at; accepted: one of them");
	for (int i = 1; i < c->at.count; i++)
		if (c->at.at[i] <= c->at.at[i - 1])
			return fail_at(err, at, "at: %d behind %d; accepted: rising numbers of epochs", c->at.at[i],
			               c->at.at[i - 1]);
	return true;
}

const struct schedule_type schedule_step = {
	.kind = { .name = "step", .help = "down by a factor every few epochs, or after stated ones",
	          .fields = fields, .config_size = sizeof(struct step), .about = about },
	.factor = factor, .check = check,
};
