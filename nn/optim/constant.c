/* Constant learning rate: factor 1 from the first batch to the last. Floor 2. */
#include "nn/optim/optimizer.h"

static double factor(const void *config, const struct moment *at)
{
	(void)config;
	(void)at;
	return 1;
}

const struct schedule_type schedule_constant = {
	.kind = { .name = "constant", .help = "the same learning rate throughout" },
	.factor = factor,
};
