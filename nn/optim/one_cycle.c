/* One cycle (Smith and Topin 2018): up from `start` to 1 while warming up, then down to `end`, each along half a
 * cosine. Floor 2.
 *
 * The recipe's learning rate is the highest one. */
#include "nn/optim/optimizer.h"

#include <math.h>

struct one_cycle { double warm_up, start, end; };

static const struct field fields[] = {
	{ "warm_up", FIELD_FLOAT, offsetof(struct one_cycle, warm_up),
	  .fallback = 0.3, .min = 0, .max = 0.99, .help = "share of all updates in which the rate goes up" },
	{ "start", FIELD_FLOAT, offsetof(struct one_cycle, start),
	  .fallback = 0.04, .min = 0, .max = 1, .help = "factor at the beginning" },
	{ "end", FIELD_FLOAT, offsetof(struct one_cycle, end),
	  .fallback = 4e-6, .min = 0, .max = 1, .help = "factor at the end" },
	{ 0 }
};

static const char about[] =
	"The recipe's `learning_rate` is the highest one. Both ways go along half a cosine (Smith and Topin 2018).\n"
	"The defaults are those of PyTorch's OneCycleLR: pct_start 0.3; div_factor 25, which is `start` 0.04; "
	"final_div_factor 10,000, which is `end` 4e-6. Two things differ. PyTorch also moves momentum (or beta1) "
	"between 0.85 and 0.95 unless it has `cycle_momentum=False`; here it stays as it is. And PyTorch reaches the "
	"lowest rate in the last update, here it would be reached just after it.";

/* Interpolates along half a cosine; share 0..1. */
static double ease(double from, double to, double share)
{
	return to + (from - to) * (1 + cos(M_PI * share)) / 2;
}

static double factor(const void *config, const struct moment *at)
{
	const struct one_cycle *c = config;

	if (at->progress < c->warm_up)
		return ease(c->start, 1, at->progress / c->warm_up);
	return ease(1, c->end, (at->progress - c->warm_up) / (1 - c->warm_up));
}

const struct schedule_type schedule_one_cycle = {
	.kind = { .name = "one_cycle", .help = "up, then down nearly to 0",
	          .fields = fields, .config_size = sizeof(struct one_cycle), .about = about },
	.factor = factor,
};
