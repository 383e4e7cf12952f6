/* A sweep's points: their order, `--set`, what their ids depend on, patterns, and the counts of this project's own
 * sweeps. */
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include "bench/sweep/describe.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- points ---- */

TEST(sweep_points_are_families_by_widths_by_seeds)
{
	struct sweep *sweep =
		sweep_of(LIST("[{name: b, widths: [2, 0.5], rounding: nearest, layers: [conv: {channels: 3w, kernel: "
			"1}, "
	                                    "flatten, dense: {units: 3}]},\n {name: a, widths: [1], "
	                                    "" BODY "}]") "seeds: [7, 5]\n", NULL);
	static const struct { const char *family; double width; int seed; } want[] = {
		{ "b", 2, 7 }, { "b", 2, 5 }, { "b", 0.5, 7 }, { "b", 0.5, 5 }, { "a", 1, 7 }, { "a", 1, 5 } };

	CHECK_TEXT(sweep_refusal(), "");
	CHECK_INT(sweep ? sweep->point_count : 0, 6);
	CHECK_INT(sweep ? sweep->family_count : 0, 2);
	for (int i = 0; sweep && i < sweep->point_count; i++) {
		CHECK_TEXT(sweep->points[i].family, want[i].family);
		CHECK_CLOSE(sweep->points[i].width, want[i].width, 0);
		CHECK_INT(sweep->points[i].seed, want[i].seed);
		CHECK_INT((long long)strlen(sweep->points[i].id), POINT_ID_LEN);
	}
	sweep_destroy(sweep);
}

TEST(sweep_has_a_limit_of_points)
{
	char text[8192], set[512], want[768];
	int used = snprintf(text, sizeof text,
		LIST("[{name: a, widths: [1, 2], rounding: nearest, layers: [flatten, dense: {units: w}, "
	                    "dense: {units: 3}]}]") "seeds: [0");

	for (int i = 1; i < 1000; i++)
		used += snprintf(text + used, sizeof text - (size_t)used, ",%d", i);
	snprintf(text + used, sizeof text - (size_t)used, "]\n");
	int len = snprintf(set, sizeof set, "families.0.widths=[1");
	for (int i = 2; i <= 101; i++)
		len += snprintf(set + len, sizeof set - (size_t)len, ",%d", i);
	snprintf(set + len, sizeof set - (size_t)len, "]");
	struct sweep *sweep = sweep_of(text, set);
	snprintf(want, sizeof want, "--set %s:1:%d: families: more than 100000 points (families x widths x variants "
		"x seeds)", set,
	         len - 2);
	CHECK_TEXT(sweep_refusal(), want);
	sweep_destroy(sweep);
}

TEST(sweep_refuses_two_equal_points)
{
	CHECK_REFUSED(LIST("[{name: a, widths: [1, 1.2], rounding: nearest, layers: [flatten, dense: {units: w}, "
		"dense: {units: 3}]}]"),
	              "s.yaml:5:34: a at width 1.2 is the very same point as a at width 1");
}

TEST(sweep_set_overrides_any_value)
{
	struct sweep *sweep = sweep_of(HEAD TINY, "recipe.epochs=3");

	CHECK_INT(sweep ? sweep->points[0].variant->recipe.epochs : 0, 3);
	sweep_destroy(sweep);
	sweep = sweep_of(HEAD TINY, "recipe.optimizer={sgd: {momentum: 0.5}}");
	CHECK_TEXT(sweep ? sweep->points[0].variant->recipe.optimizer->kind.name : NULL, "sgd");
	sweep_destroy(sweep);
	sweep = sweep_of(HEAD TINY, "recipe.epocs=3");
	CHECK(!sweep && strstr(sweep_refusal(), "--set recipe.epocs=3:1:8: epocs: unknown key; accepted: epochs, "));
	sweep = sweep_of(HEAD TINY, "recipe.epochs=many");
	CHECK(!sweep);
	CHECK_TEXT(sweep_refusal(), "--set recipe.epochs=many:1:15: epochs: \"many\" is not a whole number");
}

/* Expected counts belong to the widths beside which they were written. */
TEST(sweep_set_widths_leave_expectations_behind)
{
	static const char text[] =
		LIST("[{name: a, widths: [1, 2], expect: {total: [11, 12]}, layers: [flatten, dense: {units: w}, "
	                                "dense: {units: 3}]}]");
	struct sweep *sweep = sweep_of(text, NULL);

	CHECK_INT(sweep ? sweep->points[1].expect.total : 0, 12);
	CHECK_INT(sweep ? sweep->points[1].expect.total_at.column : 0, 59);
	CHECK_INT(sweep ? sweep->points[1].expect.trainable : 0, -1);
	sweep_destroy(sweep);
	sweep = sweep_of(text, "families.0.widths=[3]");
	CHECK_INT(sweep ? sweep->points[0].expect.total : 0, -1);
	sweep_destroy(sweep);
	sweep = sweep_of(text, "families.0.widths.0=5");
	CHECK_INT(sweep ? sweep->points[0].expect.total : 0, -1);
	CHECK_INT(sweep ? sweep->points[1].expect.total : 0, 12);
	sweep_destroy(sweep);
}

/* The first field of idx. */
static const char *folder_of(const struct sweep *sweep)
{
	const struct data_description *data = &sweep->data;

	return *(const char *const *)((const char *)data->config + data->format->kind.fields[0].offset);
}

/* A path from the command line starts where the person stands. */
TEST(sweep_set_paths_start_at_the_current_folder)
{
	char here[4096], want[5000];
	struct sweep *sweep = sweep_of(HEAD TINY, "data.idx.folder=some/where");
	struct sweep *plain = sweep_of(HEAD TINY, NULL);

	CHECK(getcwd(here, sizeof here));
	snprintf(want, sizeof want, "%s/some/where", here);
	CHECK_TEXT(folder_of(sweep), want);
	CHECK_TEXT(folder_of(plain), "d");
	CHECK_TEXT(plain ? plain->data.folder : NULL, test_folder());
	sweep_destroy(sweep);
	sweep_destroy(plain);
}

/* 0 means the optimizer's usual learning rate, and the point's id knows no difference. */
TEST(sweep_resolves_the_learning_rate)
{
	struct sweep *sweep = sweep_of(HEAD TINY, NULL);

	CHECK_CLOSE(sweep ? sweep->points[0].variant->recipe.learning_rate : 0, 0.001, 0);
	CHECK_TEXT(sweep ? sweep->points[0].variant->recipe.schedule->kind.name : NULL, "constant");
	sweep_destroy(sweep);
}

/* ---- ids ---- */

static const char *id_of(const char *text, const char *set)
{
	static char ids[4][POINT_ID_LEN + 1];
	static int next;
	char *id = ids[next++ % 4];
	struct sweep *sweep = sweep_of(text, set);

	snprintf(id, POINT_ID_LEN + 1, "%s", sweep ? sweep->points[0].id : "refused");
	sweep_destroy(sweep);
	return id;
}

#define CONV_FAMILY \
	"families: [{name: t, widths: [2], layers: [conv: {channels: 2w, kernel: 3}, flatten, dense: {units: 3}]}]\n"

TEST(id_does_not_depend_on_how_a_sweep_is_written)
{
	const char *id = id_of(HEAD CONV_FAMILY, NULL);

	write_family("other",
		"layers:\n  # a comment\n  - conv:\n      kernel: [3, 3]\n      channels: 4\n      stride: 1\n  - "
		"flatten\n"
	             "  - dense: {units: classes}\n");
	CHECK(strcmp(id, "refused"));
	CHECK_TEXT(id_of("recipe: {epochs: 1, optimizer: {adam: {}}, schedule: constant, learning_rate: "
		"0.001}\nclasses: 3\n"
	                 "title: another\nseeds: [1, 2, 3]\ndata: {idx: {folder: elsewhere}}\ninput: [8, 8, 1]\n"
	                 "families: [{family: other, widths: [9]}]\n", NULL), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "title=x"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "data.idx.folder=/x"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.optimizer=adam"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "families.0.name=x"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.warm_up=0"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.average_weights=0"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.precision=float32"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.clip=0"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.dropout=1"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.lookahead=0"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.lookahead_share=0.8"), id);        /* nothing without lookahead */
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.loss=cross_entropy"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.loss={cross_entropy: {class_balance: 0}}"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.augment=[]"), id);
	CHECK_TEXT(id_of(HEAD CONV_FAMILY, "recipe.min_gain=0.01"), id);        /* nothing without patience */
}

TEST(id_depends_on_everything_that_is_computed)
{
	static const char *const sets[] = {
		"recipe.epochs=2", "recipe.batch=64", "recipe.learning_rate=0.01", "recipe.label_smoothing=0.1",
			"recipe.scaling=raw",
		"recipe.flip=true", "recipe.shift=0.1", "recipe.optimizer=sgd", "recipe.warm_up=0.5",
		"recipe.average_weights=0.999", "recipe.precision=bf16", "recipe.clip=1", "recipe.dropout=0",
		"recipe.sam=0.05",
		"recipe.lookahead=5", "recipe={epochs: 1, lookahead: 5, lookahead_share: 0.8}", "recipe.optimizer=muon",
		"recipe.optimizer={muon: {scale: none}}",
		"recipe.loss={cross_entropy: {class_balance: 0.5}}",
		"recipe.loss={cross_entropy: {class_balance: 1}}",
		"recipe.optimizer={adam: {beta1: 0.8}}", "recipe.optimizer={adam: {weight_decay: 0.01}}",
		"recipe.schedule=cosine",
		"recipe.schedule=one_cycle", "recipe.schedule={one_cycle: {warm_up: 0.2}}",
		"recipe.schedule={step: {every: 1}}",
		"recipe.schedule={step: {at: 1}}", "recipe.schedule={step: {at: [1, 2]}}",
		"recipe.schedule=reduce_on_plateau",
		"recipe.schedule={reduce_on_plateau: {watch: loss}}", "recipe.optimizer=adamw",
		"recipe.optimizer=rmsprop",
		"recipe.optimizer={rmsprop: {centered: true}}", "seeds=[2]", "data.idx.validation=5",
		"input=[8, 9, 1]",
		"recipe.augment=[flip]", "recipe.augment=[{flip: alternate}]", "recipe.augment=[{shift: 0.1}]",
		"recipe.augment=[{shift: {share: 0.1, border: edge}}]", "recipe.augment=[flip, {shift: 0.1}]",
		"recipe.augment=[{shift: 0.1}, flip]", "recipe.augment=[{mixup: 0.2}]",
		"recipe.augment=[{mixup: 0.3}]",
		"families.0.widths=[3]", "families.0.layers.0.conv.kernel=5", "families.0.layers.0.conv.bias=false",
		"families.0.layers.0.conv.padding=1", "families.0.layers.0.conv.padding=valid",
		"families.0.layers.0.conv.init=glorot",
		"families.0.layers.0.conv.stride=2", "recipe.patience=2",
		"recipe={epochs: 1, patience: 2, min_gain: 0.01}",
		"families.0.layers=[relu: {name: a}, relu6: {name: b}, add: {from: a, with: b}, flatten, dense: "
		"{units: 3}]",
		"families.0.layers=[relu: {name: a}, relu6: {name: b}, add: {from: b, with: a}, flatten, dense: "
		"{units: 3}]",
	};
	static const char text[] = "data: {idx: {folder: d, validation: 4}}\n"
		"input: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1}\n" CONV_FAMILY;
	enum { COUNT = sizeof sets / sizeof *sets };
	char ids[COUNT + 1][POINT_ID_LEN + 1];

	for (int i = 0; i <= COUNT; i++) {
		snprintf(ids[i], sizeof ids[i], "%s", id_of(text, i ? sets[i - 1] : NULL));
		if (!strcmp(ids[i], "refused"))
			test_fail(__FILE__, __LINE__, "%s: %s", i ? sets[i - 1] : "", sweep_refusal());
		for (int k = 0; k < i; k++)
			if (!strcmp(ids[k], ids[i]))
				test_fail(__FILE__, __LINE__, "\"%s\" and \"%s\" have one id", sets[i - 1],
					k ? sets[k - 1] : "");
	}
}

/* FNV-1a and the last step of splitmix64 by their definitions over the text that people can ask for. */
TEST(id_is_the_hash_of_the_description)
{
	struct sweep *sweep = sweep_of(HEAD TINY, NULL);
	char *text = sweep ? point_describe(sweep, sweep->points) : NULL;
	uint64_t hash = 0xcbf29ce484222325;
	char want[POINT_ID_LEN + 1], before[POINT_ID_LEN + 1], got[POINT_ID_LEN + 1] = "";

	CHECK_TEXT(text, "description 1\ninput 8 8 1\nclasses 3\ndata idx\ndata validation 0\n"
		"layer 0 flatten\nlayer 0 from -1\nlayer 1 dense\nlayer 1 units 3\nlayer 1 bias true\nlayer 1 init "
		"he\nlayer 1 from 0\n"
		"recipe epochs 1\nrecipe batch 128\nrecipe learning_rate 0.001\nrecipe label_smoothing 0\nrecipe "
		"scaling unit\n"
		"recipe flip false\nrecipe shift 0\nrecipe patience 0\nrecipe min_gain 0.001\noptimizer adam\n"
		"optimizer beta1 0.90000000000000002\noptimizer beta2 0.999\noptimizer epsilon 1e-08\noptimizer "
		"weight_decay 0\n"
		"schedule constant\nseed 1\n");
	for (const char *c = text; c && *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	snprintf(before, sizeof before, "%016llx", (unsigned long long)hash);
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9u;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111ebu;
	hash ^= hash >> 31;
	snprintf(want, sizeof want, "%016llx", (unsigned long long)hash);
	CHECK_TEXT(sweep ? sweep->points[0].id : NULL, want);
	describe_id_before(want, got);
	CHECK_TEXT(got, before);
	free(text);
	sweep_destroy(sweep);
}

/* The first four digits are what people type: seeds of one network do not share them. */
TEST(id_of_every_seed_begins_otherwise)
{
	struct sweep *sweep = sweep_of(HEAD TINY, "seeds=[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]");
	int alike = 0;

	for (int i = 0; sweep && i < sweep->point_count; i++)
		for (int k = 0; k < i; k++)
			alike += strncmp(sweep->points[i].id, sweep->points[k].id, 4) == 0;
	CHECK_INT(sweep ? sweep->point_count : 0, 20);
	CHECK_INT(alike, 0);
	sweep_destroy(sweep);
}

/* A key that came after the first ids is said only where it changes something. */
TEST(description_says_later_keys_only_where_they_matter)
{
	struct sweep *sweep = sweep_of(HEAD TINY, "recipe={epochs: 8, warm_up: 1.5, schedule: {step: {at: [3, 7]}}}");
	char *text = sweep ? point_describe(sweep, sweep->points) : NULL;

	CHECK(text && strstr(text, "recipe min_gain 0.001\nrecipe warm_up 1.5\noptimizer adam\n"));
	CHECK(text && strstr(text,
		"schedule step\nschedule every 0\nschedule at 3 7\nschedule factor 0.10000000000000001\nseed 1\n"));
	free(text);
	sweep_destroy(sweep);
}

TEST(points_answer_to_patterns)
{
	struct variant none = { .name = "" }, varied = { .name = "long,epochs=60" };
	struct point point = { .id = "0123456789abcdef", .family = "mobilenet-v1", .width = 0.25, .seed = 3,
		.variant = &none };

	CHECK(point_matches(&point, "mobilenet-v1"));
	CHECK(point_matches(&point, "mobilenet-v1/0.25"));
	CHECK(point_matches(&point, "mobilenet-v1/0.25/3"));
	CHECK(point_matches(&point, "mobile*"));
	CHECK(point_matches(&point, "*/0.2?/[34]"));
	CHECK(point_matches(&point, "0123"));
	CHECK(point_matches(&point, "0123456789abcdef"));
	CHECK(!point_matches(&point, "012"));
	CHECK(!point_matches(&point, "01234x"));
	CHECK(!point_matches(&point, "mobilenet-v1/0.2"));
	CHECK(!point_matches(&point, "mobilenet-v1/0.25/4"));
	CHECK(!point_matches(&point, ""));
	point.variant = &varied;
	CHECK(point_matches(&point, "mobilenet-v1/0.25"));
	CHECK(point_matches(&point, "mobilenet-v1/0.25/3"));
	CHECK(point_matches(&point, "mobilenet-v1/0.25/long,epochs=60"));
	CHECK(point_matches(&point, "*/long*/3"));
	CHECK(!point_matches(&point, "*/short*"));
	CHECK(!point_matches(&point, "*/long,epochs=60/4"));
}

/* ---- the sweeps of this project ---- */

/* Every point must have a total expected, and what is expected must hold: worked out apart from this program, or
 * reported by others. */
static void check_counts(const char *name, int points)
{
	struct error err = { "" };
	char path[64], listed[64];

	snprintf(path, sizeof path, "sweeps/%s.yaml", name);
	snprintf(listed, sizeof listed, "`%s`", name);
	CHECK_CONTAINS(file_text("sweeps/README.md"), listed);
	struct sweep *sweep = sweep_read(path, NULL, 0, &err);

	CHECK_TEXT(err.text, "");
	CHECK_INT(sweep ? sweep->point_count : 0, points);
	for (int i = 0; sweep && i < sweep->point_count; i++) {
		const struct point *point = &sweep->points[i];
		struct model_plan *plan = model_plan_create(&point->network, sweep->points[0].variant->recipe.batch,
			sweep->points[0].variant->recipe.optimizer->slots, &err);
		struct cost cost = model_plan_cost(plan);

		CHECK_INT(cost.total, point->expect.total);
		if (point->expect.trainable >= 0)
			CHECK_INT(cost.trainable, point->expect.trainable);
		model_plan_destroy(plan);
	}
	sweep_destroy(sweep);
}

TEST(sweeps_have_the_counts_that_they_expect)
{
	check_counts("fashion", 27);
	check_counts("fer2013", 24);
	check_counts("few-parameters", 12);
	check_counts("equal-counts", 55);
	check_counts("fer2013-recipes", 27);
	check_counts("reference", 6);
	check_counts("mnist", 7);
	check_counts("cifar-10", 1);
	check_counts("imagenet", 4);
	check_counts("bench", 17);
	check_counts("bench-mnist", 1);

	glob_t files;
	CHECK_INT(glob("sweeps/*.yaml", 0, NULL, &files), 0);
	CHECK_INT((int)files.gl_pathc, 11);
	globfree(&files);
}
