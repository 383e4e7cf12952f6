/* Recipes as an axis: names, files, grids, what families fix for themselves, and what is refused. */
#include "bench/sweep/point_find.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DATA "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\n"
#define LAYERS "layers: [flatten, dense: {units: classes}]}"
#define ONE "families: [{name: a, widths: [1], " LAYERS "]\n"

/* "a/1/base a/1/sgd ...": the points of a sweep. */
static const char *points_of(const char *text)
{
	static char to[4096];
	struct sweep *sweep = sweep_of(text, NULL);
	char path[POINT_PATH_BYTES];
	size_t used = 0;

	to[0] = '\0';
	if (!sweep)
		return sweep_refusal();
	for (int i = 0; i < sweep->point_count; i++)
		used += (size_t)snprintf(to + used, sizeof to - used, "%s%s", used ? " " : "",
		                         point_path(&sweep->points[i], false, path));
	sweep_destroy(sweep);
	return to;
}

TEST(variants_of_one_recipe_have_no_name)
{
	CHECK_TEXT(points_of(DATA "recipe: {epochs: 1}\n" ONE), "a/1");
}

TEST(variants_of_named_recipes)
{
	struct sweep *sweep = sweep_of(DATA "recipe: {epochs: 4, batch: 8}\n"
	                               "recipes:\n  base: {}\n  long: {from: base, epochs: 9}\n  sgd: {optimizer: "
	                               "sgd}\n"
	                               ONE, NULL);

	CHECK_INT(sweep ? sweep->point_count : 0, 3);
	if (!sweep)
		return;
	const struct variant *base = sweep->points[0].variant, *longer = sweep->points[1].variant,
		*sgd = sweep->points[2].variant;
	CHECK_TEXT(base->name, "base");
	CHECK_INT(base->recipe.epochs, 4);
	CHECK_TEXT(longer->name, "long");
	CHECK_INT(longer->recipe.epochs, 9);
	CHECK_INT(longer->recipe.batch, 8);
	CHECK_TEXT(sgd->recipe.optimizer->kind.name, "sgd");
	CHECK_INT(sgd->recipe.epochs, 4);
	CHECK(sweep->several_variants && strcmp(sweep->points[0].id, sweep->points[1].id) != 0);
	sweep_destroy(sweep);
}

/* A point is the same whatever its variant is called, and however its recipe was put together. */
TEST(variants_keep_the_ids_of_their_recipes)
{
	struct sweep *alone = sweep_of(DATA "recipe: {epochs: 4, learning_rate: 0.5}\n" ONE, NULL);
	struct sweep *varied = sweep_of(DATA "recipe: {epochs: 4}\nvary: {learning_rate: [0.25, 0.5]}\n" ONE, NULL);

	CHECK(alone && varied);
	if (alone && varied)
		CHECK_TEXT(varied->points[1].id, alone->points[0].id);
	sweep_destroy(alone);
	sweep_destroy(varied);
}

TEST(variants_are_a_grid_in_the_files_order)
{
	CHECK_TEXT(points_of(DATA "recipe: {epochs: 1}\nvary: {batch: [8, 16], learning_rate: [0.1, 0.2]}\n" ONE),
	           "a/1/batch=8,learning_rate=0.1 a/1/batch=8,learning_rate=0.2 "
	           "a/1/batch=16,learning_rate=0.1 a/1/batch=16,learning_rate=0.2");
	CHECK_TEXT(points_of(DATA "recipe: {}\nvary: {zip: {epochs: [5, 9], batch: [8, 16]}}\n" ONE),
	           "a/1/epochs=5,batch=8 a/1/epochs=9,batch=16");
	CHECK_TEXT(points_of(DATA "recipe: {epochs: 1}\nvary: {optimizer: [adam, {sgd: {momentum: 0.9}}]}\n" ONE),
	           "a/1/optimizer=adam a/1/optimizer=sgd");
	CHECK_TEXT(points_of(DATA "recipe: {epochs: 1}\nvary: {optimizer: {slow: {sgd: {momentum: 0.5}}, fast: "
	                     "{sgd: {momentum: 0.9}}}}\n" ONE), "a/1/optimizer=slow a/1/optimizer=fast");
}

/* A dotted path reaches into a kind, whether the recipe writes it as a word or as a map. */
TEST(variants_vary_values_of_kinds)
{
	const char *recipes[] = { "{epochs: 1, optimizer: adam}", "{epochs: 1, optimizer: {adam: {epsilon: 1e-8}}}" };

	for (int i = 0; i < 2; i++) {
		char text[512];

		snprintf(text, sizeof text, DATA "recipe: %s\nvary: {optimizer.adam.beta1: [0.8, 0.9]}\n" ONE,
		         recipes[i]);
		struct sweep *sweep = sweep_of(text, NULL);
		CHECK(sweep);
		if (!sweep)
			continue;
		CHECK_TEXT(sweep->points[0].variant->name, "beta1=0.8");
		CHECK_CLOSE(*(const double *)sweep->points[0].variant->recipe.optimizer_config, 0.8, 0);
		CHECK_CLOSE(*(const double *)sweep->points[1].variant->recipe.optimizer_config, 0.9, 0);
		sweep_destroy(sweep);
	}
}

#define RECIPES "recipe: {epochs: 1}\nrecipes: {base: {}, sgd: {optimizer: sgd}}\nvary: {batch: [8, 16]}\n"

TEST(variants_of_a_family_of_its_own)
{
	CHECK_TEXT(points_of(DATA RECIPES "families:\n"
	                     "- {name: a, widths: [1], recipes: [sgd], recipe: {batch: 4}, " LAYERS "\n"
	                     "- {name: b, widths: [1, 2], recipes: [base], vary: {batch: [32]}, layers: [flatten, "
	                     "dense: "
	                     "{units: 3}, dense: {units: w}, dense: {units: 3}]}\n"
	                     "- {name: c, widths: [1], recipes: [base], vary: {shift: [0.1, 0.2]}, " LAYERS "\n"),
	           "a/1/sgd b/1/base,batch=32 b/2/base,batch=32 c/1/base,batch=8,shift=0.1 c/1/base,batch=8,shift=0.2 "
	           "c/1/base,batch=16,shift=0.1 c/1/base,batch=16,shift=0.2");
}

/* What `best` chooses among is not in a variant's group. */
TEST(variants_of_one_group_differ_in_what_best_is_over)
{
	struct sweep *sweep = sweep_of("input: [8, 8, 1]\nclasses: 3\n" RECIPES "best: {over: [batch, recipe]}\n" ONE,
	                               NULL);

	CHECK_INT(sweep ? sweep->point_count : 0, 4);
	for (int i = 0; sweep && i < 4; i++)
		CHECK_TEXT(sweep->points[i].variant->group, "");
	sweep_destroy(sweep);
	sweep = sweep_of("input: [8, 8, 1]\nclasses: 3\n" RECIPES "best: {over: [batch], by: validation}\n" ONE, NULL);
	CHECK_TEXT(sweep ? sweep->points[3].variant->group : "", "sgd");
	sweep_destroy(sweep);
}

TEST(variants_from_files)
{
	static const char near[] = "{epochs: 7, from: deep.yaml}\n", deep[] = "{epochs: 3, batch: 5}\n";

	mkdir(test_path("recipes"), 0777);
	test_write("recipes/near.yaml", near, strlen(near));
	test_write("deep.yaml", deep, strlen(deep));
	struct sweep *sweep = sweep_of(DATA "recipe: near\n" ONE, NULL);
	CHECK_INT(sweep ? sweep->points[0].variant->recipe.epochs : 0, 7);
	CHECK_INT(sweep ? sweep->points[0].variant->recipe.batch : 0, 5);
	sweep_destroy(sweep);
	sweep = sweep_of(DATA "recipes: {a: near, b: {from: near, batch: 6}}\n" ONE, NULL);
	CHECK_INT(sweep ? sweep->points[1].variant->recipe.batch : 0, 6);
	CHECK_INT(sweep ? sweep->points[1].variant->recipe.epochs : 0, 7);
	sweep_destroy(sweep);
}

TEST(variants_that_do_not_fit_are_refused)
{
	CHECK_CONTAINS(points_of(DATA "recipe: {epochs: 1}\nvary: {learning_rat: [1, 2]}\n" ONE),
	               "s.yaml:5:8: learning_rat: unknown key; accepted: epochs, batch, ");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {batch: 8}\n" ONE,
	              "s.yaml:5:15: batch: \"8\" where a list of values, or a map of names and values, is accepted");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {batch: [8, 0]}\n" ONE, "s.yaml:5:19: batch: 0 is outside "
		"1..65536");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {batch: [8], zip: {batch: [4]}}\n" ONE,
	              "s.yaml:5:26: vary: batch stands twice");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {zip: {batch: [4], epochs: [1, 2]}}\n" ONE,
	              "s.yaml:5:34: epochs: 2 values where batch, in the same zip, has 1");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {schedule: [[a]]}\n" ONE,
	              "s.yaml:5:19: schedule: a list is no name for a variant; accepted: a map of names (1 to 63 "
	              "letters, "
	              "digits, ., _ and -) and values: {schedule: {a: ..., b: ...}}");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {batch: [8, 8.0]}\n" ONE, "s.yaml:5:19: batch: \"8.0\" is not "
		"a whole number");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {shift: [0.1, 0.10]}\n" ONE,
	              "s.yaml:6:31: a at width 1, shift=0.10 is the very same point as a at width 1, shift=0.1");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: [batch]\n" ONE, "s.yaml:5:7: vary: a list where a map is "
		"accepted");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {epochs.a: [1]}\n" ONE,
	              "s.yaml:5:8: epochs.a: the value of epochs is \"1\", not a map");
	CHECK_REFUSED(DATA "recipe: {epochs: 1, optimizer: {sgd: {}}}\nvary: {optimizer.adam.beta2: [0.9]}\n" ONE,
	              "s.yaml:5:8: optimizer: both \"sgd\" and \"adam\" where one name is accepted");
}

TEST(variants_of_wrong_recipes_are_refused)
{
	CHECK_REFUSED(DATA "recipes: {}\n" ONE, "s.yaml:4:10: recipes: a map of 0 where 1 to 64 recipes are accepted");
	CHECK_REFUSED(DATA "recipes: {a/b: {epochs: 1}}\n" ONE,
	              "s.yaml:4:11: recipes: \"a/b\" is not a name; accepted: 1 to 63 letters, digits, ., _ and -");
	CHECK_REFUSED(DATA "recipes: {a: {from: b}, b: {from: a}}\n" ONE,
	              "s.yaml:4:35: from: more than 8 recipes one from another, or in a circle");
	CHECK_REFUSED(DATA "recipes: {a: {from: c}}\n" ONE, "s.yaml:4:21: recipe: \"c\" has no file recipes/c.yaml");
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nfamilies: [{name: a, widths: [1], recipes: [b], " LAYERS "]\n",
	              "s.yaml:5:44: recipes: the sweep names none");
	CHECK_REFUSED(DATA "recipes: {base: {epochs: 1}}\nfamilies: [{name: a, widths: [1], recipes: [bas], "
		"" LAYERS "]\n",
	              "s.yaml:5:45: recipes: \"bas\" is no recipe of the sweep; accepted: base; did you mean "
	              "\"base\"?");
}

TEST(variants_of_a_wrong_best_are_refused)
{
	const char *head = "recipe: {epochs: 1}\nvary: {batch: [8, 16]}\n";
	char text[512];

	snprintf(text, sizeof text, DATA "%sbest: {over: [batch]}\n" ONE, head);
	CHECK_REFUSED(text, "s.yaml:6:7: best: chosen by validation images, which the data does not have");
#define BEST "input: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1}\nvary: {batch: [8, 16]}\n"
	CHECK_REFUSED(BEST "best: {over: [bath]}\n" ONE, "s.yaml:5:15: over: nothing varies \"bath\"; accepted: keys "
		"of "
	              "`vary`, and recipe where there are `recipes`");
	CHECK_REFUSED(BEST "best: {over: []}\n" ONE, "s.yaml:5:14: over: an empty list");
	CHECK_REFUSED(BEST "best: {by: validation}\n" ONE, "s.yaml:5:7: over: missing; a list of keys of `vary` is "
		"required");
	CHECK_REFUSED(BEST "best: {over: [batch], by: test}\n" ONE,
	              "s.yaml:5:27: by: \"test\" is unknown; accepted: validation");
}

TEST(variants_have_limits)
{
	CHECK_REFUSED(DATA "recipe: {epochs: 1}\nvary: {a: &v [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], b: *v, c: *v, d: *v, "
		"e: *v}\n" ONE,
	              "s.yaml:5:7: vary: more than 10000 variants (recipes x values)");
}
