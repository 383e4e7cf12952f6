/* The tables of optimizers and schedules: a new one takes one file and one row here. Floor 2. */
#include "nn/optim/optimizer.h"

extern const struct optimizer_type optimizer_adam, optimizer_sgd, optimizer_adamw, optimizer_adamax, optimizer_adadelta,
	optimizer_rmsprop, optimizer_muon;
extern const struct schedule_type schedule_constant, schedule_cosine, schedule_one_cycle, schedule_step,
	schedule_reduce_on_plateau;

const struct optimizer_type *const optimizer_types[] = {
	&optimizer_adam,
	&optimizer_sgd,
	&optimizer_adamw,
	&optimizer_adamax,
	&optimizer_adadelta,
	&optimizer_rmsprop,
	&optimizer_muon,
	NULL
};

const struct schedule_type *const schedule_types[] = {
	&schedule_constant,
	&schedule_cosine,
	&schedule_one_cycle,
	&schedule_step,
	&schedule_reduce_on_plateau,
	NULL
};
