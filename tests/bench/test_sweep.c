/* Sweeps: what is refused, and with which text; families in files. */
#include "tests/helpers/sweep_text.h"

#include <stdio.h>
#include <string.h>

/* ---- refusals ---- */

TEST(sweep_refuses_keys)
{
	CHECK_REFUSED("[1, 2]\n", "s.yaml:1:1: the sweep: a list where a map is accepted");
	CHECK_REFUSED(HEAD TINY "famlies: []\n",
	              "s.yaml:6:1: famlies: unknown key; accepted: title, classes, data, input, seeds, recipe, "
	              "recipes, vary, best, families, base, views, ensembles, checkpoint; did you mean \"families\"?");
	CHECK_REFUSED(HEAD TINY "<<: {a: 1}\n",
	              "s.yaml:6:6: a: unknown key; accepted: title, classes, data, input, seeds, recipe, recipes, "
	              "vary, best, families, base, views, ensembles, checkpoint");
	CHECK_REFUSED(HEAD, "s.yaml:1:1: families: missing; a list is required");
	CHECK_REFUSED("data: {idx: {folder: d}}\nclasses: 3\nrecipe: {epochs: 1}\n" TINY,
	              "s.yaml:1:1: input: missing; [height, width, channels] is required");
	CHECK_REFUSED("data: {idx: {folder: d}}\ninput: [8, 8, 1]\nrecipe: {epochs: 1}\n" TINY,
	              "s.yaml:1:1: classes: missing; a whole number is required");
	CHECK_REFUSED("data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\n" TINY,
	              "s.yaml:1:1: recipe: missing; a map is required");
}

TEST(sweep_refuses_values)
{
	CHECK_REFUSED("classes: many\n", "s.yaml:1:10: classes: \"many\" is not a whole number");
	CHECK_REFUSED("classes: [a]\n", "s.yaml:1:10: classes: a list of 1 where 2 to 65536 names are accepted");
	CHECK_REFUSED("classes: [a, [b]]\n", "s.yaml:1:14: classes: a list where one value is accepted");
	CHECK_REFUSED("classes: 1\n", "s.yaml:1:10: classes: 1 is outside 2..65536");
	CHECK_REFUSED("classes: 3.0\n", "s.yaml:1:10: classes: \"3.0\" is not a whole number");
	CHECK_REFUSED("classes: 3\ninput: 28\n",
	              "s.yaml:2:8: input: \"28\" where [height, width, channels] is accepted");
	CHECK_REFUSED("classes: 3\ninput: [28, 28]\n",
	              "s.yaml:2:8: input: a list of 2 where [height, width, channels] is accepted");
	CHECK_REFUSED("classes: 3\ninput: [28, 0, 1]\n", "s.yaml:2:13: input: 0 is outside 1..4096");
	CHECK_REFUSED(HEAD TINY "title: \"\"\n", "s.yaml:6:8: title: an empty text");
	CHECK_REFUSED(HEAD TINY "title: [a]\n", "s.yaml:6:8: title: a list where a text is accepted");
	CHECK_REFUSED(HEAD TINY "title: \"a\\tb\"\n", "s.yaml:6:8: title: a control character in the text");
	CHECK_REFUSED(HEAD TINY "title: \"a\\x9b31m\"\n", "s.yaml:6:8: title: a control character in the text");
	CHECK_REFUSED(HEAD TINY "title: \"a\\u202eb\"\n", "s.yaml:6:8: title: a control character in the text");
	CHECK_REFUSED(HEAD TINY "seeds: 1\n", "s.yaml:6:8: seeds: \"1\" where a list is accepted");
	CHECK_REFUSED(HEAD TINY "seeds: []\n", "s.yaml:6:8: seeds: a list of 0 where 1 to 100000 seeds are accepted");
	CHECK_REFUSED(HEAD TINY "seeds: [1, 2, 1]\n", "s.yaml:6:15: seeds: 1 stands twice");
	CHECK_REFUSED(HEAD TINY "seeds: [-1]\n", "s.yaml:6:9: seeds: -1 is outside 0..2147483647");
	CHECK_REFUSED(HEAD TINY "seeds: [2147483648]\n", "s.yaml:6:9: seeds: 2147483648 is outside 0..2147483647");
}

#define NO_DATA "input: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1}\n" TINY

TEST(sweep_refuses_data)
{
	CHECK_REFUSED(NO_DATA "data: {idz: {folder: d}}\n",
	              "s.yaml:5:8: data: \"idz\" is unknown; accepted: idx, fer2013; did you mean \"idx\"?");
	CHECK_REFUSED(NO_DATA "data: idx\n", "s.yaml:5:7: folder: missing; a text is required");
	CHECK_REFUSED(NO_DATA "data: {idx: d}\n", "s.yaml:5:13: idx: \"d\" where a map is accepted");
	CHECK_REFUSED(NO_DATA "data: {idx: {folder: d}, fer2013: {file: f}}\n",
	              "s.yaml:5:26: data: both \"idx\" and \"fer2013\" where one name is accepted");
	CHECK_REFUSED(NO_DATA "data: {idx: {folder: d, validaton: 5}}\n",
	              "s.yaml:5:25: validaton: unknown key; accepted: folder, validation; "
	              "did you mean \"validation\"?");
	CHECK_REFUSED(NO_DATA "data: []\n",
	              "s.yaml:5:7: data: an empty list where a name or {name: {...}} is accepted");
}

#define RECIPE(text) "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\n" TINY "recipe: " text "\n"

TEST(sweep_refuses_recipes)
{
	CHECK_REFUSED(RECIPE("3"), "s.yaml:5:9: recipe: \"3\" has no file recipes/3.yaml");
	CHECK_REFUSED(RECIPE("{}"), "s.yaml:5:9: epochs: missing; a whole number is required");
	CHECK_REFUSED(RECIPE("{epochs: many}"), "s.yaml:5:18: epochs: \"many\" is not a whole number");
	CHECK_REFUSED(RECIPE("{epochs: 0}"), "s.yaml:5:18: epochs: 0 is outside 1..100000");
	CHECK_REFUSED(RECIPE("{epochs: 1, lerning_rate: 1}"),
	              "s.yaml:5:21: lerning_rate: unknown key; accepted: epochs, batch, learning_rate, "
	              "label_smoothing, scaling, flip, "
	              "shift, patience, min_gain, warm_up, average_weights, dropout, sam, lookahead, "
	              "lookahead_share, clip, precision, teacher_precision, keep_views, optimizer, "
	              "schedule, loss, augment, teachers; did you mean \"learning_rate\"?");
	CHECK_REFUSED(RECIPE("{epochs: 1, learning_rate: -1}"), "s.yaml:5:36: learning_rate: -1 is outside 0..100");
	CHECK_REFUSED(RECIPE("{epochs: 1, flip: yes}"), "s.yaml:5:27: flip: \"yes\" is not true or false");
	CHECK_REFUSED(RECIPE("{epochs: 1, precision: bfloat16}"),
	              "s.yaml:5:32: precision: \"bfloat16\" is unknown; accepted: float32, bf16");
	CHECK_REFUSED(RECIPE("{epochs: 1, scaling: units}"),
	              "s.yaml:5:30: scaling: \"units\" is unknown; accepted: unit, standard, raw; "
	              "did you mean \"unit\"?");
	CHECK_REFUSED(RECIPE("{epochs: 1, scaling: {unit: 1}}"),
	              "s.yaml:5:30: scaling: a map where one word is accepted");
	CHECK_REFUSED(RECIPE("{epochs: 1, optimizer: adan}"),
	              "s.yaml:5:32: optimizer: \"adan\" is unknown; accepted: adam, sgd, adamw, adamax, adadelta, "
	              "rmsprop, muon; did you mean \"adam\"?");
	CHECK_REFUSED(RECIPE("{epochs: 1, optimizer: {adam: {beta: 0.9}}}"),
	              "s.yaml:5:40: beta: unknown key; accepted: beta1, beta2, epsilon, weight_decay; "
	              "did you mean \"beta1\"?");
	CHECK_REFUSED(RECIPE("{epochs: 1, schedule: linear}"),
	              "s.yaml:5:31: schedule: \"linear\" is unknown; accepted: constant, cosine, one_cycle, step, "
	              "reduce_on_plateau");
	CHECK_REFUSED(RECIPE("{epochs: 1, schedule: {one_cycle: {warm_up: 2}}}"),
	              "s.yaml:5:53: warm_up: 2 is outside 0..0.99");
	CHECK_REFUSED(RECIPE("{epochs: 9, patience: 3}"),
	              "s.yaml:5:31: patience: 3 where the data has no validation images; accepted: 0");
}

TEST(sweep_refuses_losses)
{
	CHECK_REFUSED(RECIPE("{epochs: 1, loss: entropy}"),
	              "s.yaml:5:27: loss: \"entropy\" is unknown; accepted: cross_entropy, distillation");
	CHECK_REFUSED(RECIPE("{epochs: 1, loss: {cross_entropy: {class_balance: 2}}}"),
	              "s.yaml:5:59: class_balance: 2 is outside 0..1");
	CHECK_REFUSED(RECIPE("{epochs: 1, loss: {distillation: {temperature: 0}}}"),
	              "s.yaml:5:56: temperature: 0 is outside 0.1..100");
	CHECK_REFUSED(RECIPE("{epochs: 1, loss: distillation}"),
	              "s.yaml:5:27: loss: distillation without teachers; accepted: losses that read none, or "
	              "`teachers` in the recipe");
	CHECK_REFUSED(RECIPE("{epochs: 1, loss: {distillation: {label_share: 0.5}}}"),
	              "s.yaml:5:28: loss: distillation without teachers; accepted: losses that read none, or "
	              "`teachers` in the recipe");
}

TEST(sweep_refuses_dropout)
{
	CHECK_REFUSED(RECIPE("{epochs: 1, dropout: -1}"), "s.yaml:5:30: dropout: -1 is outside 0..10");
	CHECK_REFUSED("data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1, dropout: 2}\n"
	              "families: [{name: a, widths: [2], layers: [flatten, dropout: {rate: 0.5}, "
	              "dense: {units: 3}]}]\n",
	              "s.yaml:5:53: rate: 0.5 times the recipe's dropout of 2 is 1; accepted: 0..0.99 "
	              "(a at width 2)");
}

TEST(sweep_refuses_warming_up)
{
	CHECK_REFUSED(RECIPE("{epochs: 9, warm_up: -1}"), "s.yaml:5:30: warm_up: -1 is outside 0..100000");
	CHECK_REFUSED(RECIPE("{epochs: 9, warm_up: two}"), "s.yaml:5:30: warm_up: \"two\" is not a number");
	CHECK_REFUSED(RECIPE("{epochs: 9, warm_up: 9.5}"), "s.yaml:5:30: warm_up: 9.5 of 9 epochs; accepted: 0..9");
	CHECK_REFUSED(RECIPE("{epochs: 1, warm_up: 2}"), "s.yaml:5:30: warm_up: 2 of 1 epoch; accepted: 0..1");
}

TEST(sweep_refuses_averages)
{
	CHECK_REFUSED(RECIPE("{epochs: 9, average_weights: 1}"),
	              "s.yaml:5:38: average_weights: 1 is outside 0..0.999999");
	CHECK_REFUSED(RECIPE("{epochs: 9, average_weights: true}"),
	              "s.yaml:5:38: average_weights: \"true\" is not a number");
}

TEST(sweep_refuses_schedules)
{
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: step}"),
	              "s.yaml:5:31: step: neither every nor at; accepted: every: EPOCHS, or at: [EPOCHS, ...]");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {every: 2, at: 5}}}"),
	              "s.yaml:5:32: step: both every and at; accepted: one of them");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {at: [2, 7, 7]}}}"),
	              "s.yaml:5:32: at: 7 behind 7; accepted: rising numbers of epochs");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {at: []}}}"),
	              "s.yaml:5:43: at: a list of 0 where 1 to 16 are accepted");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {at: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}}}"),
	              "s.yaml:5:43: at: a list of 17 where 1 to 16 are accepted");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {at: [3, x]}}}"),
	              "s.yaml:5:47: at: \"x\" is not a whole number or a list of them");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {at: 0}}}"), "s.yaml:5:43: at: 0 is outside 1..100000");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {at: {}}}}"),
	              "s.yaml:5:43: at: an empty map where a whole number or a list of them is accepted");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {step: {gamma: 2}}}"),
	              "s.yaml:5:39: gamma: unknown key; accepted: every, at, factor");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: reduce_on_plateau}"),
	              "s.yaml:5:31: schedule: reduce_on_plateau where the data has no validation images; "
	              "accepted: schedules that do not watch them");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {reduce_on_plateau: {watch: los}}}"),
	              "s.yaml:5:59: watch: \"los\" is unknown; accepted: accuracy, loss; did you mean \"loss\"?");
	CHECK_REFUSED(RECIPE("{epochs: 9, schedule: {reduce_on_plateau: {patience: 0}}}"),
	              "s.yaml:5:62: patience: 0 is outside 1..100000");
}

TEST(sweep_refuses_families)
{
	CHECK_REFUSED(LIST("3"), "s.yaml:5:11: families: \"3\" where a list is accepted");
	CHECK_REFUSED(LIST("[]"), "s.yaml:5:11: families: a list of 0 where 1 to 64 families are accepted");
	CHECK_REFUSED(LIST("[plain]"), "s.yaml:5:12: families: \"plain\" where a map is accepted");
	CHECK_REFUSED(LIST("[{widths: [1]}]"),
	              "s.yaml:5:12: family: missing; the name of a family's file, or name and layers, is required");
	CHECK_REFUSED(LIST("[{name: a, widths: [1]}]"), "s.yaml:5:12: layers: missing; a list is required");
	CHECK_REFUSED(LIST("[{name: a, " BODY "}]"), "s.yaml:5:12: widths: missing; a list of numbers is required");
	CHECK_REFUSED(LIST("[{name: a/b, widths: [1], " BODY "}]"),
	              "s.yaml:5:19: name: \"a/b\" is not a name; accepted: 1 to 63 letters, digits, ., _ and -");
	CHECK_REFUSED(LIST("[{name: a, width: [1], " BODY "}]"),
	              "s.yaml:5:22: width: unknown key; accepted: name, widths, seed_counts, expect, recipe, "
	              "recipes, vary, about, "
	              "rounding, blocks, "
	              "layers; did you mean \"widths\"?");
	CHECK_REFUSED(LIST("[{family: a, widths: [1], " BODY "}]"),
	              "s.yaml:5:37: layers: unknown key; accepted: family, name, widths, seed_counts, expect, "
	              "recipe, recipes, vary");
	CHECK_REFUSED(LIST("[{family: a, widths: [1]}]"), "s.yaml:5:21: family: \"a\" has no file families/a.yaml");
	CHECK_REFUSED(LIST("[{family: b/a.yaml, widths: [1]}]"),
	              "s.yaml:5:21: family: \"b/a.yaml\" has no file b/a.yaml");
	CHECK_REFUSED(LIST("[{name: a, widths: [1], " BODY "},\n {name: a, widths: [2], " BODY "}]"),
	              "s.yaml:6:9: name: \"a\" is already the name of family 1 in this sweep");
}

TEST(sweep_refuses_widths)
{
	CHECK_REFUSED(LIST("[{name: a, widths: 3, " BODY "}]"), "s.yaml:5:30: widths: \"3\" where a list is accepted");
	CHECK_REFUSED(LIST("[{name: a, widths: [], " BODY "}]"),
	              "s.yaml:5:30: widths: a list of 0 where 1 to 100000 widths are accepted");
	CHECK_REFUSED(LIST("[{name: a, widths: [0], " BODY "}]"), "s.yaml:5:31: widths: 0 is not above 0");
	CHECK_REFUSED(LIST("[{name: a, widths: [-1], " BODY "}]"),
	              "s.yaml:5:31: widths: -1 is outside 0..1000000000");
	CHECK_REFUSED(LIST("[{name: a, widths: [1e10], " BODY "}]"),
	              "s.yaml:5:31: widths: 1e10 is outside 0..1000000000");
	CHECK_REFUSED(LIST("[{name: a, widths: [w], " BODY "}]"), "s.yaml:5:31: widths: \"w\" is not a number");
	CHECK_REFUSED(LIST("[{name: a, widths: [1, 2, 1.0], " BODY "}]"), "s.yaml:5:37: widths: 1.0 stands twice");
}

TEST(sweep_refuses_expectations)
{
	CHECK_REFUSED(LIST("[{name: a, widths: [1, 2, 3, 4, 5], expect: {total: [1, 2, 3]}, " BODY "}]"),
	              "s.yaml:5:63: expect.total: 3 values for 5 widths");
	CHECK_REFUSED(LIST("[{name: a, widths: [1], expect: {trainable: []}, " BODY "}]"),
	              "s.yaml:5:55: expect.trainable: 0 values for 1 width");
	CHECK_REFUSED(LIST("[{name: a, widths: [1], expect: {total: [x]}, " BODY "}]"),
	              "s.yaml:5:52: expect.total: \"x\" is not a whole number");
	CHECK_REFUSED(LIST("[{name: a, widths: [1], expect: {total: [-1]}, " BODY "}]"),
	              "s.yaml:5:52: expect.total: -1 is outside 0..2147483647");
	CHECK_REFUSED(LIST("[{name: a, widths: [1], expect: {total: 3}, " BODY "}]"),
	              "s.yaml:5:51: expect.total: \"3\" where a list is accepted");
	CHECK_REFUSED(LIST("[{name: a, widths: [1], expect: {totals: []}, " BODY "}]"),
	              "s.yaml:5:44: totals: unknown key; accepted: total, trainable; did you mean \"total\"?");
	CHECK_REFUSED(LIST("[{name: a, widths: [1], expect: [], " BODY "}]"),
	              "s.yaml:5:43: expect: an empty list where a map is accepted");
}

/* Errors of the planner name the width. */
TEST(sweep_refuses_networks_that_do_not_fit)
{
	CHECK_REFUSED(LIST("[{name: a, widths: [2], layers:\n"
	                   " [conv: {channels: w, kernel: 9, padding: valid}, flatten, dense: {units: 3}]}]"),
	              "s.yaml:6:3: kernel: 9x9 is larger than its input of 8x8 (a at width 2)");
}

TEST(sweep_takes_fewer_seeds_at_some_widths)
{
	static const int seeds[] = { 5, 6, 7, 5, 5, 6, 7 };
	struct sweep *sweep;

	write_family("one", "about: a text\n" BODY "\n");
	sweep = sweep_of(LIST("[{name: a, widths: [1, 2, 4], seed_counts: [3, 1, 9], layers: [flatten, "
	                      "dense: {units: w}, dense: {units: classes}]}]") "seeds: [5, 6, 7]\n", NULL);
	CHECK_TEXT(sweep_refusal(), "");
	CHECK_INT(sweep ? sweep->point_count : 0, 7);
	for (int i = 0; sweep && i < 7; i++)
		CHECK_INT(sweep->points[i].seed, seeds[i]);
	sweep_destroy(sweep);
	CHECK_REFUSED(LIST("[{family: one, widths: [1, 2], seed_counts: [3]}]"),
	              "s.yaml:5:55: seed_counts: 1 value for 2 widths");
}

/* ---- files ---- */

TEST(sweep_reads_families_beside_it)
{
	struct sweep *sweep;

	write_family("one", "about: a text\n" BODY "\n");
	sweep = sweep_of(LIST("[{family: one, widths: [2]}, {family: families/one.yaml, name: two, "
	                      "widths: [1]}]") "seeds: [1]\n", NULL);
	CHECK(!sweep);
	CHECK_TEXT(sweep_refusal(), "s.yaml:5:88: two at width 1 is the very same point as one at width 2");
	sweep = sweep_of(LIST("[{family: one, widths: [2]}]"), NULL);
	CHECK_TEXT(sweep_refusal(), "");
	CHECK_TEXT(sweep ? sweep->points[0].family : NULL, "one");
	CHECK_TEXT(sweep ? sweep->title : NULL, "s");
	sweep_destroy(sweep);
}

TEST(sweep_errors_in_a_family_name_its_file)
{
	write_family("bad",
	             "layers:\n  - conv: {channels: 0.5w, kernel: 3}\n  - flatten\n  - dense: {units: classes}\n");
	CHECK_REFUSED(LIST("[{family: bad, widths: [2, 3]}]"),
	              "families/bad.yaml:2:22: channels: 0.5w is 1.5 at width 3, not a whole number (rounding: exact)");
	write_family("bad", "layers: [flatten]\nwidths: [1]\n");
	CHECK_REFUSED(LIST("[{family: bad, widths: [2]}]"),
	              "families/bad.yaml:2:1: widths: unknown key; accepted: about, rounding, blocks, layers");
	write_family("bad", "- flatten\n");
	CHECK_REFUSED(LIST("[{family: bad, widths: [2]}]"),
	              "families/bad.yaml:1:1: the family: a list where a map is accepted");
	write_family("bad", "layers: [flatten\n");
	CHECK_REFUSED(LIST("[{family: bad, widths: [2]}]"),
	              "families/bad.yaml:2:1: did not find expected ',' or ']' (while parsing a flow sequence)");
}

TEST(sweep_refuses_file_names)
{
	struct error err = { "" };
	const char *path = test_write("a b.yaml", HEAD TINY, strlen(HEAD TINY));
	char want[5000];

	snprintf(want, sizeof want,
	         "%s: the file's name becomes the sweep's; accepted: 1 to 63 letters, digits, ., _ and - before .yaml",
	         path);
	want[sizeof err.text - 1] = '\0';
	CHECK(!sweep_read(path, NULL, 0, &err));
	CHECK_TEXT(err.text, want);
}
