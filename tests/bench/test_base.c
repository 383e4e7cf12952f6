/* A sweep's base network: how it is named, and what is refused. */
#include "bench/sweep/base.h"
#include "tests/helpers/zoo.h"

#include <stdio.h>
#include <string.h>

static void check_base(const char *name, int want)
{
	char text[1024];

	snprintf(text, sizeof text, ZOO "base: %s\n", name);
	struct sweep *sweep = sweep_of(text, NULL);
	CHECK_TEXT(sweep_refusal(), "");
	CHECK_INT(sweep ? sweep->base : -2, want);
	sweep_destroy(sweep);
}

TEST(base_is_named_by_family_or_by_family_and_width)
{
	check_base("ape", 0);
	check_base("ape/1", 0);
	check_base("zebra/2", 2);
	check_base("zebra/0.25", 4);
}

TEST(base_may_be_missing)
{
	struct sweep *sweep = sweep_of(ZOO, NULL), *set = sweep_of(ZOO, "base=zebra/0.25");

	CHECK_INT(sweep ? sweep->base : -2, -1);
	CHECK_INT(set ? set->base : -2, 4);
	sweep_destroy(sweep);
	sweep_destroy(set);
}

/* The base is not part of a point's description: it changes no id. */
TEST(base_changes_no_id)
{
	struct sweep *without = sweep_of(ZOO, NULL), *with = sweep_of(ZOO "base: ape\n", NULL);

	CHECK(without && with && without->point_count == 6);
	for (int i = 0; without && with && i < 6; i++)
		CHECK_TEXT(with->points[i].id, without->points[i].id);
	sweep_destroy(without);
	sweep_destroy(with);
}

TEST(base_refusals)
{
	CHECK_REFUSED(ZOO "base: [ape]\n", "s.yaml:9:7: base: a list where a text is accepted");
	CHECK_REFUSED(ZOO "base:\n", "s.yaml:9:6: base: nothing where a text is accepted");
	CHECK_REFUSED(ZOO "base: \"\"\n", "s.yaml:9:7: base: an empty text");
	CHECK_REFUSED(ZOO "base: apes\n",
	              "s.yaml:9:7: base: \"apes\" is no network of the sweep; accepted: ape, zebra/2, zebra/0.25; "
	              "did you mean \"ape\"?");
	CHECK_REFUSED(ZOO "base: zebra/3\n",
	              "s.yaml:9:7: base: \"zebra/3\" is no network of the sweep; accepted: ape, zebra/2, "
	              "zebra/0.25; did you mean \"zebra/2\"?");
	CHECK_REFUSED(ZOO "base: zebra\n", "s.yaml:9:7: base: \"zebra\" has 2 widths; accepted: zebra/2, zebra/0.25");
	CHECK_REFUSED(ZOO "base: ape/1/2\n",
	              "s.yaml:9:7: base: \"ape/1/2\" is no network of the sweep; accepted: ape, zebra/2, zebra/0.25");
}

/* More networks than a message lists. */
TEST(base_of_many_networks)
{
	char widths[1024] = "[1", text[2048];
	int used = 2;

	for (int i = 2; i <= 100; i++)
		used += snprintf(widths + used, sizeof widths - (size_t)used, ", %d%s", i, i == 100 ? "]" : "");
	snprintf(text, sizeof text, HEAD "families:\n  - {name: zebra, widths: %s, " ZOO_LAYERS "}\n", widths);
	struct sweep *sweep = sweep_of(text, "base=zebra/100");
	CHECK_INT(sweep ? sweep->base : -2, 99);
	sweep_destroy(sweep);
	CHECK(!sweep_of(text, "base=zebra"));
	CHECK(strstr(sweep_refusal(), "\"zebra\" has 100 widths; accepted: zebra/1, zebra/2, "));
	CHECK(strstr(sweep_refusal(), ", zebra/60, zebra/61, zebra/62, zebra/63, zebra/64, ..."));
}
