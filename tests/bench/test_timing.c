/* Times per image: that they are measured, kept, read back as they were, and that nothing broken or stale counts. */
#include "bench/measure/timing.h"
#include "bench/system/machine.h"
#include "tests/helpers/zoo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder(void)
{
	return test_path("s");
}

/* Reads s/speed.tsv; the message without the test's folder. */
static const char *read_times(const struct sweep *zoo, struct timings *to)
{
	static char text[1024];
	struct error err = { "" };
	bool read = timings_read(folder(), zoo, to, &err);
	size_t len = strlen(test_folder());

	snprintf(text, sizeof text, "%s", strncmp(err.text, test_folder(), len) ? err.text : err.text + len + 1);
	return read ? "read" : text[0] ? text : "no file";
}

TEST(timings_read_back_as_they_were_written)
{
	struct error err = { "" };
	struct sweep *zoo = sweep_of(ZOO, NULL);
	struct timings timings, again;

	CHECK(timings_create(zoo, &timings, &err) && timings_create(zoo, &again, &err));
	CHECK_TEXT(read_times(zoo, &timings), "no file");
	zoo_write_times(zoo, NULL, "Slow \"CPU\"");
	CHECK_TEXT(read_times(zoo, &timings), "read");
	CHECK_CLOSE(timings.of[2].training.median, 150, 0);
	CHECK_CLOSE(timings.of[4].inference.slowest, 26, 0);
	CHECK_TEXT(timings.of[4].processor, "Slow \"CPU\"");
	CHECK_INT(timings.of[4].rounds, 5);
	CHECK_INT(timings.of[1].rounds + timings.of[3].rounds + timings.of[5].rounds, 0);
	timings.of[0].training = (struct span){ 1 / 3.0, 1e-5, 123456789.125 };
	CHECK(timings_write(folder(), zoo, &timings, &err));
	CHECK_TEXT(read_times(zoo, &again), "read");
	CHECK_TEXT(err.text, "");
	CHECK(memcmp(again.of, timings.of, (size_t)zoo->point_count * sizeof *again.of) == 0);
	timings_free(&timings);
	timings_free(&again);
	sweep_destroy(zoo);
}

/* One changed line of a good file must be refused with this message, and leave nothing known. */
static void check_broken(const char *line, const char *want)
{
	struct error err = { "" };
	struct sweep *zoo = sweep_of(ZOO, NULL);
	struct timings timings;
	char text[1024];

	CHECK(timings_create(zoo, &timings, &err));
	snprintf(text, sizeof text, SPEED_HEADER "%s\tape\t1\t2\t2\t2\t1\t1\t1\t8\t1\tavx2\tCPU\n%s",
	         zoo_speed_id(zoo, 0), line);
	if (*line == '!')
		snprintf(text, sizeof text, "%s", line + 1);
	zoo_write("speed.tsv", text);
	CHECK_TEXT(read_times(zoo, &timings), want);
	CHECK_INT(timings.of[0].rounds, 0);
	timings_free(&timings);
	sweep_destroy(zoo);
}

#define ID "0123456789abcdef"
#define ROW(time) ID "\tzebra\t2\t" time "\t2\t2\t1\t1\t1\t8\t1\tavx2\tCPU\n"

TEST(timings_refuse_what_is_broken)
{
	struct sweep *zoo = sweep_of(ZOO, NULL);
	char twice[256], want[256];

	check_broken("!", "s/speed.tsv:1:1: found 0 values, 13 belong here");
	check_broken("!id\tfamily\n", "s/speed.tsv:1:1: found 2 values, 13 belong here");
	check_broken("!id\tfamily\tmass\n", "s/speed.tsv:1:11: found \"mass\" where column \"width\" belongs");
	check_broken(ID "\tzebra\t2\n", "s/speed.tsv:3:1: found 3 values, 13 belong here");
	check_broken("\n", "s/speed.tsv:3:1: found 1 values, 13 belong here");
	check_broken(ROW("many"), "s/speed.tsv:3:26: training_microseconds: \"many\" is not a number");
	check_broken(ROW("nan"), "s/speed.tsv:3:26: training_microseconds: \"nan\" is not a number");
	check_broken(ROW("0"), "s/speed.tsv:3:26: training_microseconds: 0 is outside 1e-06..1000000000000");
	check_broken(ROW("-3"), "s/speed.tsv:3:26: training_microseconds: -3 is outside 1e-06..1000000000000");
	check_broken(ID "0" ROW("1"), "s/speed.tsv:3:1: id: longer than 16 bytes");
	check_broken(ID "\tzebra\t2", "s/speed.tsv:3:25: the file ends within a line");
	check_broken("a\033b\n", "s/speed.tsv:3:2: a control character");
	snprintf(twice, sizeof twice, "%s\tape\t1\t2\t2\t2\t1\t1\t1\t8\t1\tavx2\tCPU\n", zoo_speed_id(zoo, 0));
	snprintf(want, sizeof want, "s/speed.tsv:3:1: id: \"%s\" stands twice", zoo_speed_id(zoo, 0));
	check_broken(twice, want);
	sweep_destroy(zoo);
}

static bool from_here(const struct sweep *zoo, const struct sweep *asked)
{
	struct error err = { "" };
	struct timings timings;

	CHECK(timings_create(asked, &timings, &err));
	CHECK_TEXT(read_times(asked, &timings), "read");
	bool here = timings_are_from_here(asked, &timings, kernels_choose(getenv("ARCHSWEEP_KERNELS")));
	CHECK_INT(timings.of[0].rounds, asked == zoo ? 5 : 0);
	timings_free(&timings);
	return here;
}

/* Times of another recipe, of other kernels, of another processor, or of fewer networks, are not those of this sweep
 * here. */
TEST(timings_that_are_stale)
{
	struct sweep *zoo = sweep_of(ZOO, NULL), *other = sweep_of(ZOO, "recipe.batch=16");
	char text[2048];

	zoo_write_times(zoo, NULL, NULL);
	CHECK(from_here(zoo, zoo));
	CHECK(!from_here(zoo, other));
	zoo_write_times(zoo, "abacus", NULL);
	CHECK(!from_here(zoo, zoo));
	zoo_write_times(zoo, NULL, "another processor");
	CHECK(!from_here(zoo, zoo));
	zoo_write_times(zoo, NULL, NULL);
	snprintf(text, sizeof text, "%s", zoo_read("speed.tsv"));
	*strstr(text, zoo_speed_id(zoo, 4)) = '\0';
	zoo_write("speed.tsv", text);
	CHECK(!from_here(zoo, zoo));
	sweep_destroy(zoo);
	sweep_destroy(other);
}

/* Nothing of an update depends on how many there are. */
TEST(timings_do_not_depend_on_epochs)
{
	struct sweep *zoo = sweep_of(ZOO, NULL), *longer = sweep_of(ZOO, "recipe.epochs=77");
	struct error err = { "" };
	struct timings timings;

	CHECK(strcmp(zoo->points[0].id, longer->points[0].id) != 0);
	zoo_write_times(zoo, NULL, NULL);
	CHECK(timings_create(longer, &timings, &err));
	CHECK_TEXT(read_times(longer, &timings), "read");
	CHECK(timings_are_from_here(longer, &timings, kernels_choose(getenv("ARCHSWEEP_KERNELS"))));
	timings_free(&timings);
	sweep_destroy(zoo);
	sweep_destroy(longer);
}

static bool in_order(const struct span *s)
{
	return s->fastest > 0 && s->fastest <= s->median && s->median <= s->slowest;
}

/* Really measured: every network once, the seeds of one together. */
TEST_ALONE(timings_are_measured)
{
	struct error err = { "" };
	struct sweep *zoo = sweep_of(ZOO, NULL);
	struct timings timings;
	const struct kernels *kernels = kernels_choose(NULL);
	char processor[64];

	CHECK(timings_create(zoo, &timings, &err));
	CHECK(timings_measure(zoo, &(struct timing_plan){ .kernels = kernels, .rounds = 3, .seconds = 0.01 }, &timings,
	                      &err));
	CHECK_TEXT(err.text, "");
	for (int i = 0; i < zoo->point_count; i += 2) {
		const struct timing *t = &timings.of[i];

		CHECK(in_order(&t->training));
		CHECK(in_order(&t->inference));
		CHECK_TEXT(t->id, zoo_speed_id(zoo, i));
		CHECK_TEXT(t->family, zoo->points[i].family);
		CHECK_CLOSE(t->width, zoo->points[i].width, 0);
		CHECK_INT(t->batch, zoo->points[0].variant->recipe.batch);
		CHECK_INT(t->rounds, 3);
		CHECK_TEXT(t->kernels, kernels->name);
		CHECK_TEXT(t->processor, machine_processor(processor));
		CHECK_INT(timings.of[i + 1].rounds, 0);
	}
	CHECK(timings_are_from_here(zoo, &timings, kernels));
	timings_free(&timings);
	sweep_destroy(zoo);
}

/* With a million parameters and batches of 16 most of an update is the optimizer's, which inference has not: some five
 * times as much. */
TEST(timings_of_inference_are_not_those_of_training)
{
	struct error err = { "" };
	struct sweep *sweep = sweep_of(LIST("[{name: big, widths: [1], layers: [flatten, dense: {units: 1024}, dense: "
	                                    "{units: 1024}, "
	                                    "dense: {units: classes}]}]"), "recipe.batch=16");
	struct timings timings;

	CHECK_TEXT(sweep_refusal(), "");
	CHECK(timings_create(sweep, &timings, &err));
	CHECK(timings_measure(sweep, &(struct timing_plan){ kernels_choose(NULL), .rounds = 5, .seconds = 0.02 },
	                      &timings, &err));
	CHECK(timings.of[0].training.fastest > 1.5 * timings.of[0].inference.fastest);
	timings_free(&timings);
	sweep_destroy(sweep);
}
