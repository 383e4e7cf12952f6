/* What a sweep says of teachers: points of this and of another sweep, weights in files, and what ids make of them. */
#include "tests/helpers/sweep_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Families t, of widths 1 and 2 and two seeds, and s, which learns from the items. */
#define DATA "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\nseeds: [1, 2]\n"
#define LAYERS "layers: [flatten, dense: {units: w}, dense: {units: classes}]"
#define TAUGHT(items) DATA "recipe: {epochs: 1}\nfamilies:\n" \
	"  - {name: s, widths: [3], " LAYERS ", recipe: {loss: distillation, teachers: " items "}}\n" \
	"  - {name: t, widths: [1, 2], " LAYERS "}\n"

enum { STUDENT_1, STUDENT_2, T_1_1, T_1_2, T_2_1, T_2_2 };

static void check_ids(const char *text, char to[2][POINT_ID_LEN + 1])
{
	struct sweep *sweep = sweep_of(text, NULL);

	if (!sweep)
		test_fail(__FILE__, __LINE__, "refused: %s", sweep_refusal());
	for (int i = 0; i < 2; i++)
		snprintf(to[i], POINT_ID_LEN + 1, "%s", sweep ? sweep->points[i].id : "");
	sweep_destroy(sweep);
}

/* Without a seed the student's own. */
TEST(teachers_are_points_of_the_sweep)
{
	struct sweep *sweep = sweep_of(TAUGHT("[t/2, t/1/1]"), NULL);

	CHECK(sweep);
	if (!sweep)
		return;
	for (int i = STUDENT_1; i <= STUDENT_2; i++) {
		const struct point *student = &sweep->points[i];

		CHECK_INT(student->teacher_count, 2);
		CHECK(student->teachers[0].point == &sweep->points[i == STUDENT_1 ? T_2_1 : T_2_2]);
		CHECK(student->teachers[1].point == &sweep->points[T_1_1]);
	}
	CHECK_TEXT(sweep->points[STUDENT_2].teachers[0].name, "t/2/2");
	CHECK_INT(sweep->points[T_2_1].teacher_count, 0);
	char *described = point_describe(sweep, &sweep->points[STUDENT_1]), want[64];
	snprintf(want, sizeof want, "\nteacher 0 point %s\n", sweep->points[T_2_1].id);
	CHECK(described && strstr(described, want));
	free(described);
	sweep_destroy(sweep);
}

/* A recipe's id follows its teachers and their order, what they are and how they are trained, and not what they are
 * called. */
TEST(teachers_are_part_of_the_id)
{
	char two[2][POINT_ID_LEN + 1], other[2][POINT_ID_LEN + 1];

	check_ids(TAUGHT("[t/2, t/1]"), two);
	CHECK(strcmp(two[0], two[1]) != 0);
	check_ids(TAUGHT("[t/1, t/2]"), other);
	CHECK(strcmp(two[0], other[0]) != 0);
	check_ids(TAUGHT("[t/2]"), other);
	CHECK(strcmp(two[0], other[0]) != 0);
	check_ids(TAUGHT("['t/2*', t/1]"), other);
	CHECK_TEXT(other[0], two[0]);
	check_ids(DATA "recipe: {epochs: 1}\nfamilies:\n"
	          "  - {name: s, widths: [3], " LAYERS ", recipe: {loss: distillation, teachers: [u/2, u/1]}}\n"
	          "  - {name: u, widths: [4, 1, 2], " LAYERS "}\n", other);
	CHECK_TEXT(other[0], two[0]);
	check_ids(DATA "recipe: {epochs: 1}\nfamilies:\n"
	          "  - {name: s, widths: [3], " LAYERS ", recipe: {loss: distillation, teachers: [t/2, t/1]}}\n"
	          "  - {name: t, widths: [1, 2], " LAYERS ", recipe: {epochs: 2}}\n", other);
	CHECK(strcmp(two[0], other[0]) != 0);
}

#define ROW(rate) DATA "recipe: {epochs: 1}\nfamilies:\n" \
	"  - {name: a, widths: [1], " LAYERS ", recipe: {loss: distillation, teachers: [b]}}\n" \
	"  - {name: b, widths: [1], " LAYERS ", recipe: {loss: distillation, teachers: [c]}}\n" \
	"  - {name: c, widths: [1], " LAYERS ", recipe: {learning_rate: " rate "}}\n"

/* a learns from b, and b from c: the ids are settled from the last to the first. */
TEST(teachers_have_teachers)
{
	char first[2][POINT_ID_LEN + 1], second[2][POINT_ID_LEN + 1];

	check_ids(ROW("0.1"), first);
	check_ids(ROW("0.2"), second);
	CHECK(strcmp(first[0], second[0]) != 0);
}

TEST(teachers_can_be_varied)
{
	struct sweep *sweep = sweep_of(DATA "recipes: {base: {epochs: 1}, taught: {epochs: 1, loss: distillation}}\n"
		"families:\n"
		"  - {name: t, widths: [1, 2], " LAYERS ", recipes: [base]}\n"
		"  - {name: s, widths: [3], " LAYERS ", recipes: [taught], "
		"vary: {teachers: {one: [t/1], both: [t/1, t/2]}}}\n", NULL);

	CHECK(sweep);
	if (!sweep)
		return;
	CHECK_INT(sweep->point_count, 8);
	CHECK_TEXT(sweep->points[4].variant->name, "taught,teachers=one");
	CHECK_INT(sweep->points[4].teacher_count, 1);
	CHECK_INT(sweep->points[6].teacher_count, 2);
	sweep_destroy(sweep);
}

TEST(sweep_refuses_teachers)
{
	CHECK_REFUSED(HEAD "families: [{name: t, widths: [1], layers: [flatten], recipe: {teachers: t}}]\n",
	              "s.yaml:5:73: teachers: \"t\" where a list is accepted");
	CHECK_REFUSED(HEAD "families: [{name: t, widths: [1], layers: [flatten], recipe: {teachers: [t, u]}}]\n",
	              "s.yaml:5:73: teachers: 2 where the loss cross_entropy reads none; accepted: the loss "
	              "distillation");
	CHECK_REFUSED(TAUGHT("[]"),
	              "s.yaml:7:106: loss: distillation without teachers; accepted: losses that read none, or"
	              " `teachers` in the recipe");
	CHECK_REFUSED(TAUGHT("[u]"), "s.yaml:7:131: teachers: no point is \"u\"; there are s/3, t/1, t/2");
	CHECK_REFUSED(TAUGHT("[t]"),
	              "s.yaml:7:131: teachers: \"t\" is more than one network: t/1, t/2; name one of them");
	CHECK_REFUSED(TAUGHT("[[t/1]]"), "s.yaml:7:131: teachers: a list where FAMILY/WIDTH or a map is accepted");
	CHECK_REFUSED(TAUGHT("[t/2, t/1, t/2]"), "s.yaml:7:141: teachers: t/2/1 stands twice");
	CHECK_REFUSED(TAUGHT("[s/3]"), "s.yaml:7:131: teachers: s/3/1 learns from itself");
	CHECK_REFUSED(TAUGHT("[{point: t}]"),
	              "s.yaml:7:131: teachers: accepted: FAMILY/WIDTH, a map of sweep and point (and folder), or one "
	              "of "
	              "weights and family (and width, scaling)");
	CHECK_REFUSED(TAUGHT("[{points: t}]"),
	              "s.yaml:7:132: points: unknown key; accepted: sweep, point, folder, weights, family, width, "
	              "scaling; did you mean \"point\"?");
	CHECK_REFUSED(TAUGHT("[{sweep: no.yaml, point: t/1}]"),
	              "s.yaml:7:139: teachers: no.yaml: No such file or directory");
	CHECK_REFUSED(TAUGHT("[{weights: w.npz, family: no}]"),
	              "s.yaml:7:156: family: \"no\" has no file families/no.yaml");
}

TEST(sweep_refuses_teachers_in_a_ring)
{
	CHECK_REFUSED(DATA "recipe: {epochs: 1, loss: distillation}\nfamilies:\n"
	              "  - {name: a, widths: [1], " LAYERS ", recipe: {teachers: [b]}}\n"
	              "  - {name: b, widths: [1], " LAYERS ", recipe: {teachers: [c/1/1]}}\n"
	              "  - {name: c, widths: [1], " LAYERS ", recipe: {teachers: [a]}}\n",
	              "s.yaml:9:111: teachers: c/1/1 learns from a/1/1, which learns from it in turn");
}

TEST(sweep_refuses_teachers_of_another_seed)
{
	CHECK_REFUSED("data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\nseeds: [1, 2, 3]\nrecipe: {epochs: 1}\n"
	              "families:\n"
	              "  - {name: s, widths: [3], " LAYERS ", recipe: {loss: distillation, teachers: [t/1]}}\n"
	              "  - {name: t, widths: [1], seed_counts: [2], " LAYERS "}\n",
	              "s.yaml:7:131: teachers: \"t/1\" is a point for each of several seeds, and none for the "
	              "student's, "
	              "3; name one: t/1/1");
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static void write_text(const char *name, const char *text)
{
	test_write(name, text, strlen(text));
}

#define FROM_FILE TAUGHT("[{weights: w.npz, family: f, width: 2}]")
#define WIDER TAUGHT("[{weights: w.npz, family: f, width: 3}]")
#define SCALED TAUGHT("[{weights: w.npz, family: f, width: 2, scaling: raw}]")

/* The digest of the bytes, the network and its pixels are in the id, and not where the file lies. A missing file
 * leaves a sweep that can be counted. */
TEST(teachers_are_weights_in_files)
{
	char none[2][POINT_ID_LEN + 1], one[2][POINT_ID_LEN + 1], other[2][POINT_ID_LEN + 1];

	write_family("f", LAYERS "\n");
	check_ids(FROM_FILE, none);
	write_text("w.npz", "weights");
	check_ids(FROM_FILE, one);
	CHECK(strcmp(none[0], one[0]) != 0);
	check_ids(FROM_FILE, other);
	CHECK_TEXT(other[0], one[0]);
	check_ids(WIDER, other);
	CHECK(strcmp(other[0], one[0]) != 0);
	check_ids(SCALED, other);
	CHECK(strcmp(other[0], one[0]) != 0);
	mkdir(test_path("sub"), 0777);
	write_text("sub/w.npz", "weights");
	check_ids(TAUGHT("[{weights: sub/w.npz, family: f, width: 2}]"), other);
	CHECK_TEXT(other[0], one[0]);
	write_text("w.npz", "other weights");
	check_ids(FROM_FILE, other);
	CHECK(strcmp(other[0], one[0]) != 0);
}

#define OTHER(size, classes) "data: {idx: {folder: d}}\ninput: [" size ", 8, 1]\nclasses: " classes "\n" \
	"recipe: {epochs: 1, scaling: standard}\nfamilies: [{name: t, widths: [1, 2], " LAYERS "}]\n"

TEST(teachers_are_points_of_another_sweep)
{
	write_text("other.yaml", OTHER("8", "3"));
	struct sweep *sweep = sweep_of(TAUGHT("[{sweep: other.yaml, point: t/2, folder: kept}]"), NULL);

	CHECK(sweep);
	if (!sweep)
		return;
	const struct point_teacher *t = &sweep->points[0].teachers[0];
	char want[256];
	CHECK(!t->point && t->network && t->id);
	CHECK_INT(t->scaling, 1);
	CHECK_TEXT(t->name, "t/2");
	snprintf(want, sizeof want, "%s/kept/points/%s.npz", test_folder(), t->id);
	CHECK_TEXT(t->path, want);
	sweep_destroy(sweep);
}

TEST(sweep_refuses_teachers_that_do_not_fit)
{
	write_text("other.yaml", OTHER("9", "3"));
	CHECK_REFUSED(TAUGHT("[{sweep: other.yaml, point: t/2}]"),
	              "s.yaml:7:131: teachers: t/2 reads images of 9x8x1 in 3 classes; accepted: 8x8x1 in 3, as in "
	              "this "
	              "sweep");
	write_text("more.yaml", OTHER("8", "4"));
	CHECK_REFUSED(TAUGHT("[{sweep: more.yaml, point: t/2}]"),
	              "s.yaml:7:131: teachers: t/2 reads images of 8x8x1 in 4 classes; accepted: 8x8x1 in 3, as in "
	              "this "
	              "sweep");
	CHECK_REFUSED(TAUGHT("[{sweep: more.yaml, point: t}]"),
	              "s.yaml:7:157: teachers: more.yaml: \"t\" is more than one network: t/1, t/2; name one of them");
	CHECK_REFUSED(TAUGHT("[{sweep: s.yaml, point: t/1}]"),
	              "s.yaml:7:139: teachers: s.yaml is this sweep, or one that reads it for its teachers; accepted: "
	              "points of this sweep as FAMILY/WIDTH, and sweeps that do not need it");
}

#define NEEDS(other) "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\n" \
	"recipe: {epochs: 1, loss: distillation, teachers: [{sweep: " other ", point: t}]}\n" \
	"families: [{name: t, widths: [1], " LAYERS "}]\n"

/* a needs b, b needs c, and c needs b. */
TEST(sweep_refuses_sweeps_in_a_circle)
{
	write_text("b.yaml", NEEDS("c.yaml"));
	write_text("c.yaml", NEEDS("b.yaml"));
	CHECK_REFUSED(NEEDS("b.yaml"),
	              "s.yaml:4:60: teachers: b.yaml:4:60: teachers: c.yaml:4:60: teachers: b.yaml is this sweep, or "
	              "one that reads it for its teachers; accepted: points of this sweep as FAMILY/WIDTH, and sweeps "
	              "that do not need it");
}

/* On the command line paths start where the person stands. */
TEST(teachers_can_be_set)
{
	char set[512];

	write_family("f", LAYERS "\n");
	write_text("w.npz", "weights");
	snprintf(set, sizeof set, "families.0.recipe.teachers=[{weights: %s, family: f}]", test_path("w.npz"));
	struct sweep *sweep = sweep_of(TAUGHT("[t/1]"), set);
	CHECK(sweep && sweep->points[0].teachers[0].digest != 0);
	sweep_destroy(sweep);
	sweep = sweep_of(TAUGHT("[t/1]"), "families.0.recipe.teachers=[{weights: w.npz, family: f}]");
	CHECK(sweep && sweep->points[0].teachers[0].digest == 0);
	CHECK_TEXT(sweep ? sweep->points[0].teachers[0].path : "", "w.npz");
	sweep_destroy(sweep);
}

/* ---- limits ---- */

#define LIMITED "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1, loss: distillation}\n"
#define SOLE_LAYERS "layers: [flatten, dense: {units: classes}]"
#define TEACHER "families:\n  - {name: t, widths: [1, 2], " LAYERS ", recipe: {loss: cross_entropy}}\n" \
	"  - name: s\n    widths: [1]\n    " SOLE_LAYERS "\n    vary:\n      teachers:\n"

/* Prints a sweep into a stream with `print`; it must be refused with exactly that message. */
static void check_limit(void (*print)(FILE *to), const char *want)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	CHECK(to);
	if (!to)
		return;
	print(to);
	fclose(to);
	CHECK_REFUSED(text, want);
	free(text);
}

/* Each variant learns from the next. */
static void print_chain(FILE *to)
{
	fputs(LIMITED TEACHER, to);
	for (int i = 0; i < 70; i++)
		fprintf(to, "        v%d: [s/1/teachers=v%d]\n", i, i + 1);
	fputs("        v70: [t/1]\n", to);
}

static void print_references(FILE *to)
{
	fputs(LIMITED TEACHER, to);
	for (int i = 0; i < 513; i++)
		fprintf(to, "        v%d: [t/1, t/2]\n", i);
}

static void print_teachers(FILE *to)
{
	fputs(LIMITED "seeds: [1", to);
	for (int i = 2; i < 15700; i++)
		fprintf(to, ", %d", i);
	fputs("]\nfamilies:\n  - {name: t, " LAYERS ", recipe: {loss: cross_entropy}, widths: [1", to);
	for (int i = 2; i <= 64; i++)
		fprintf(to, ", %d", i);
	fputs("], seed_counts: [1", to);
	for (int i = 2; i <= 64; i++)
		fputs(", 1", to);
	fputs("]}\n  - {name: s, widths: [1], " LAYERS ", recipe: {teachers: [t/1", to);
	for (int i = 2; i <= 64; i++)
		fprintf(to, ", t/%d", i);
	fputs("]}}\n", to);
}

TEST(teachers_have_limits)
{
	check_limit(print_chain, "s.yaml:76:15: teachers: more than 64 points learn one from another");
	check_limit(print_references, "s.yaml:524:16: teachers: more than 1024 in all recipes together");
	check_limit(print_teachers, "s.yaml:8:110: teachers: more than 1000000 of all points together");
}
