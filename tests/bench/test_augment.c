/* The recipe's list of augmentation steps in the YAML. */
#include "nn/augment/augment.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include <stdlib.h>
#include <string.h>

#define LIST_OF(text) "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\n" TINY "recipe: {epochs: 1, augment: " \
	text "}\n"
#define STEPS "flip, shift, crop, affine, brightness, contrast, erase, mixup, cutmix"

TEST(augment_list_is_read_in_order)
{
	struct sweep *sweep = sweep_of(LIST_OF("[flip, {shift: 0.25}, {shift: {share: 0.1, border: reflect}}, "
	                                       "{flip: alternate}, mixup]"), NULL);

	CHECK_INT(sweep ? sweep->points[0].variant->recipe.augment_count : 0, 5);
	if (!sweep)
		return;
	const struct augment_step *steps = sweep->points[0].variant->recipe.augment;
	const struct flip *first = steps[0].config, *fourth = steps[3].config;
	const struct shift *second = steps[1].config, *third = steps[2].config;
	CHECK(steps[0].type == &augment_flip && steps[3].type == &augment_flip);
	CHECK(steps[1].type == &augment_shift && steps[2].type == &augment_shift);
	CHECK_TEXT(steps[4].type->kind.name, "mixup");
	CHECK(first->when == FLIP_RANDOM && fourth->when == FLIP_ALTERNATE);
	CHECK(second->share == 0.25 && second->border == BORDER_ZERO);
	CHECK(third->share == 0.1 && third->border == BORDER_REFLECT);
	sweep_destroy(sweep);
}

TEST(augment_refuses_lists)
{
	CHECK_REFUSED(LIST_OF("flip"), "s.yaml:5:30: augment: \"flip\" where a list is accepted");
	CHECK_REFUSED(LIST_OF("[flap]"),
	              "s.yaml:5:31: augment: \"flap\" is unknown; accepted: " STEPS "; did you mean \"flip\"?");
	CHECK_REFUSED(LIST_OF("[{flap: 1}]"),
	              "s.yaml:5:32: augment: \"flap\" is unknown; accepted: " STEPS "; did you mean \"flip\"?");
	CHECK_REFUSED(LIST_OF("[{flip: random, shift: 0.1}]"),
	              "s.yaml:5:46: augment: both \"flip\" and \"shift\" where one name is accepted");
	CHECK_REFUSED(LIST_OF("[[flip]]"), "s.yaml:5:31: augment: a list where a name or {name: {...}} is accepted");
	CHECK_REFUSED(LIST_OF("[shift]"), "s.yaml:5:31: share: missing; a number is required");
	CHECK_REFUSED(LIST_OF("[{shift: 0.6}]"), "s.yaml:5:39: share: 0.6 is outside 0..0.5");
	CHECK_REFUSED(LIST_OF("[{shift: [1]}]"), "s.yaml:5:39: share: a list where a number is accepted");
	CHECK_REFUSED(LIST_OF("[{flip: sometimes}]"),
	              "s.yaml:5:38: when: \"sometimes\" is unknown; accepted: random, alternate");
	CHECK_REFUSED(LIST_OF("[{affine: {rotate: 200}}]"), "s.yaml:5:49: rotate: 200 is outside 0..180");
	CHECK_REFUSED(LIST_OF("[{affine: {turn: 20}}]"),
	              "s.yaml:5:41: turn: unknown key; accepted: rotate, zoom, shear, shift, border");
	CHECK_REFUSED(LIST_OF("[{affine: {border: edge}}]"),
	              "s.yaml:5:32: affine: nothing to do; accepted: one of rotate, zoom, shear, shift above 0");
	CHECK_REFUSED(LIST_OF("[{erase: {area_min: 0.5}}]"),
	              "s.yaml:5:32: erase: area_min 0.5 is above area_max 0.4; accepted: area_min up to area_max");
	CHECK_REFUSED(LIST_OF("[flip, flip, flip, flip, flip, flip, flip, flip, flip]"),
	              "s.yaml:5:30: augment: a list of 9 where up to 8 steps are accepted");
	CHECK_REFUSED(LIST_OF("[flip], flip: true"),
	              "s.yaml:5:30: augment: a list beside flip: true; accepted: flip in the list");
	CHECK_REFUSED(LIST_OF("[flip], shift: 0.1"),
	              "s.yaml:5:30: augment: a list beside shift: 0.1; accepted: {shift: 0.1} in the list");
}

/* What the id is a hash of: every value of every step, in order; nothing without steps. */
TEST(augment_stands_in_the_description)
{
	struct sweep *with = sweep_of(LIST_OF("[{affine: {rotate: 10, zoom: 0.25}}, {flip: alternate}]"), NULL);
	char *text = with ? point_describe(with, &with->points[0]) : NULL;

	CHECK_CONTAINS(text ? text : "", "\naugment 0 affine\naugment 0 rotate 10\naugment 0 zoom 0.25\n"
	               "augment 0 shear 0\naugment 0 shift 0\naugment 0 border zero\naugment 1 flip\n"
	               "augment 1 when alternate\noptimizer ");
	free(text);
	sweep_destroy(with);
	struct sweep *without = sweep_of(LIST_OF("[]"), NULL);
	text = without ? point_describe(without, &without->points[0]) : NULL;
	CHECK(text && !strstr(text, "augment"));
	free(text);
	sweep_destroy(without);
}
