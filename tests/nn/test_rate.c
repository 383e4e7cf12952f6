/* Schedules against numbers that PyTorch computed (tests/fixtures/make_optim_fixtures.py prints them). How a training
 * asks them, and warming up: test_train.c. */
#include "nn/optim/optimizer.h"
#include "tests/helpers/network.h"
#include "tests/helpers/test.h"

#include <stdlib.h>
#include <string.h>

static const struct schedule_type *schedule_named(const char *name)
{
	for (const struct schedule_type *const *type = schedule_types; *type; type++)
		if (!strcmp((*type)->kind.name, name))
			return *type;
	test_fail(__FILE__, __LINE__, "no schedule is called %s", name);
	abort();
}

struct course {
	const char *schedule, *fields;
	double want[9][2];      /* progress, factor */
};

static void run_course(const struct course *c)
{
	const struct schedule_type *type = schedule_named(c->schedule);
	_Alignas(16) char config[NET_CONFIG];
	struct watched nothing = { 0 };

	config_read(type->kind.fields, config, c->fields);
	for (int i = 0; i < 9; i++)
		CHECK_CLOSE(type->factor(config, &(struct moment){ .progress = c->want[i][0], .watched = &nothing }), c->want[i][1], 1e-11);
}

TEST(schedule_constant_never_changes)
{
	run_course(&(struct course){ "constant", "", {
		{ 0, 1 }, { 0.1, 1 }, { 0.2, 1 }, { 0.3, 1 }, { 0.5, 1 }, { 0.6, 1 }, { 0.7, 1 }, { 0.9, 1 }, { 1, 1 } } });
}

TEST(schedule_cosine_goes_as_in_pytorch)
{
	run_course(&(struct course){ "cosine", "", {
		{ 0, 1 }, { 0.125, 0.961939766256 }, { 0.25, 0.853553390593 }, { 0.375, 0.691341716183 }, { 0.5, 0.5 },
		{ 0.625, 0.308658283817 }, { 0.75, 0.146446609407 }, { 0.875, 0.0380602337444 }, { 1, 0 } } });
	run_course(&(struct course){ "cosine", "floor=0.2", {
		{ 0, 1 }, { 0.125, 0.969551813005 }, { 0.25, 0.882842712475 }, { 0.375, 0.753073372946 }, { 0.5, 0.6 },
		{ 0.625, 0.446926627054 }, { 0.75, 0.317157287525 }, { 0.875, 0.230448186995 }, { 1, 0.2 } } });
}

TEST(schedule_one_cycle_goes_as_in_pytorch)
{
	run_course(&(struct course){ "one_cycle", "", {
		{ 0, 0.04 }, { 0.127118644068, 0.406083184062 }, { 0.254237288136, 0.945928996027 }, { 0.38, 0.96811756285 },
		{ 0.505, 0.80289581034 }, { 0.63, 0.544821475173 }, { 0.755, 0.273007658111 }, { 0.88, 0.0707793200967 }, { 1, 4e-06 } } });
	run_course(&(struct course){ "one_cycle", "warm_up=0.1 start=0.1 end=0.005", {
		{ 0, 0.1 }, { 0.13, 0.997274642946 }, { 0.255, 0.928940732099 }, { 0.38, 0.780698469477 }, { 0.505, 0.580326146358 },
		{ 0.63, 0.365370415481 }, { 0.755, 0.176110633077 }, { 0.88, 0.0480111348228 }, { 1, 0.005 } } });
}

/* Nothing to warm up: the first batch has the full rate, and nothing is divided by zero. */
TEST(schedule_one_cycle_without_warm_up_starts_at_the_top)
{
	run_course(&(struct course){ "one_cycle", "warm_up=0 end=0.5", {
		{ 0, 1 }, { 0.5, 0.75 }, { 1, 0.5 }, { 0, 1 }, { 0.5, 0.75 }, { 1, 0.5 }, { 0, 1 }, { 0.5, 0.75 }, { 1, 0.5 } } });
}

/* The factors of the first epochs, after `count` of which there are no more. */
struct descent {
	const char *fields;
	int count;
	double want[12];
};

static void go_down(const struct descent *d)
{
	const struct schedule_type *type = schedule_named("step");
	_Alignas(16) char config[NET_CONFIG];
	struct error err = { "" };
	struct watched nothing = { 0 };

	config_read(type->kind.fields, config, d->fields);
	CHECK(type->check(config, (struct mark){ "net", 1, 1 }, &err));
	for (int i = 0; i < d->count; i++)
		CHECK_CLOSE(type->factor(config, &(struct moment){ .epoch = i, .progress = 0.5, .watched = &nothing }), d->want[i], 1e-11);
}

TEST(schedule_step_goes_as_in_pytorch)
{
	go_down(&(struct descent){ "every=3 factor=0.5", 10, { 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125 } });
	go_down(&(struct descent){ "at=2,3,7", 10, { 1, 1, 0.1, 0.01, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001 } });
}

TEST(schedule_step_knows_its_limits)
{
	go_down(&(struct descent){ "every=1 factor=0", 3, { 1, 0, 0 } });
	go_down(&(struct descent){ "at=2 factor=1", 4, { 1, 1, 1, 1 } });
}

enum { EPOCHS = 20 };

/* A schedule that watches, and the rates of epochs with these scores. */
struct plateau {
	const char *fields;
	double want[EPOCHS];
};

static const double accuracies[EPOCHS] = { 0.5, 0.6, 0.6005, 0.61, 0.605, 0.6, 0.6, 0.59, 0.612, 0.6, 0.7, 0.7, 0.7, 0.69, 0.7005, 0.7,
                                           0.68, 0.71, 0.7, 0.7 };
static const double losses[EPOCHS] = { 2.0, 1.5, 1.6, 1.45, 1.48, 1.42, 1.47, 1.3, 1.28, 1.27, 1.4, 1.1, 1.2, 1.2, 1.09, 1.08, 1.3, 1.2,
                                       1.1, 1.0 };

static void watch_plateau(const struct plateau *p)
{
	const struct schedule_type *type = schedule_named("reduce_on_plateau");
	_Alignas(16) char config[NET_CONFIG];
	struct watched watched = { 0 };

	config_read(type->kind.fields, config, p->fields);
	for (int i = 0; i < EPOCHS; i++) {
		CHECK_CLOSE(type->factor(config, &(struct moment){ .epoch = i, .watched = &watched }), p->want[i], 1e-11);
		type->watch(config, &watched, losses[i], accuracies[i]);
	}
}

/* PyTorch's patience is one less for the same epochs; see nn/optim/reduce_on_plateau.c. */
TEST(schedule_reduce_on_plateau_goes_as_in_pytorch)
{
	watch_plateau(&(struct plateau){ "patience=3",
		{ 1, 1, 1, 1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001, 0.001 } });
	watch_plateau(&(struct plateau){ "watch=loss factor=0.5 patience=2 min_gain=0.05 floor=0.2",
		{ 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2 } });
	watch_plateau(&(struct plateau){ "watch=loss factor=0.8 patience=1 min_gain=0",
		{ 1, 1, 1, 0.8, 0.8, 0.64, 0.64, 0.512, 0.512, 0.512, 0.512, 0.4096, 0.4096, 0.32768, 0.262144, 0.262144, 0.262144,
		  0.2097152, 0.16777216, 0.134217728 } });
}

/* An accuracy that never leaves its first value is no gain; the first one always is. */
TEST(schedule_reduce_on_plateau_counts_from_the_first_epoch)
{
	const struct schedule_type *type = schedule_named("reduce_on_plateau");
	_Alignas(16) char config[NET_CONFIG];
	struct watched watched = { 0 };

	config_read(type->kind.fields, config, "");
	for (int i = 0; i < 10; i++) {
		type->watch(config, &watched, 5, 0);
		CHECK_INT(watched.reductions, 0);
	}
	type->watch(config, &watched, 5, 0);
	CHECK_INT(watched.reductions, 1);
}
