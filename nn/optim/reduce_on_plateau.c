/* Reduces the rate after `patience` epochs without a gain on the validation images: multiplies it by `factor`, down to
 * `floor` times the base rate. Floor 2.
 *
 * A gain is a score that exceeds the best so far by more than `min_gain`, an absolute number. A reduction restarts the
 * patience and keeps the best score. Epochs count as in Keras' ReduceLROnPlateau: the rate falls after `patience`
 * epochs without a gain. PyTorch's, with threshold_mode "abs", waits one epoch longer. Both have patience 10 and factor
 * 0.1 by default and watch the loss; here it is the accuracy, as it is for the recipe's patience. */
#include "nn/optim/optimizer.h"

#include <math.h>

enum { WATCH_ACCURACY, WATCH_LOSS };

static const char *const scores[] = { "accuracy", "loss", NULL };      /* in their order */

struct plateau {
	int watch, patience;
	double factor, min_gain, floor;
};

static const struct field fields[] = {
	{ "watch", FIELD_CHOICE, offsetof(struct plateau, watch),
	  .fallback = WATCH_ACCURACY, .choices = scores,
	  .help = "which score of the validation images should improve" },
	{ "factor", FIELD_FLOAT, offsetof(struct plateau, factor),
	  .fallback = 0.1, .min = 0, .max = 1, .help = "what each reduction multiplies the rate by" },
	{ "patience", FIELD_INT, offsetof(struct plateau, patience),
	  .fallback = 10, .min = 1, .max = 100000, .help = "epochs without a gain after which the rate is reduced" },
	{ "min_gain", FIELD_FLOAT, offsetof(struct plateau, min_gain),
	  .fallback = 0.001, .min = 0, .max = 1,
	  .help = "the least gain that counts: of the loss, or of the accuracy 0..1" },
	{ "floor", FIELD_FLOAT, offsetof(struct plateau, floor),
	  .fallback = 0, .min = 0, .max = 1, .help = "smallest factor that is reached" },
	{ 0 }
};

static const char about[] =
	"A gain is a score better than the best so far by more than `min_gain`, which is absolute. A reduction "
	"starts the waiting anew and leaves the best score as it is. The data needs validation images. If the recipe "
	"has `patience`, this one should be shorter, or the point ends before the rate is ever reduced.\n"
	"Epochs are counted as Keras' ReduceLROnPlateau counts them; PyTorch's (with threshold_mode \"abs\") waits "
	"for one epoch more. Both watch the loss by default; here it is the accuracy, as it is for the recipe's "
	"`patience`.";

static void watch(const void *config, struct schedule_state *w, double loss, double accuracy)
{
	const struct plateau *c = config;
	double score = c->watch == WATCH_LOSS ? -loss : accuracy;

	if (w->epochs++ == 0 || score > w->best + c->min_gain) {
		w->best = score;
		w->waited = 0;
	} else if (++w->waited >= c->patience) {
		w->reductions++;
		w->waited = 0;
	}
}

static double factor(const void *config, const struct moment *at)
{
	const struct plateau *c = config;

	return fmax(pow(c->factor, at->watched->reductions), c->floor);
}

const struct schedule_type schedule_reduce_on_plateau = {
	.kind = { .name = "reduce_on_plateau",
	  .help = "down by a factor after epochs without a gain on the validation images",
	          .fields = fields, .config_size = sizeof(struct plateau), .about = about },
	.factor = factor, .watch = watch,
};
