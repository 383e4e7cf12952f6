/* See zoo.h. */
#include "tests/helpers/zoo.h"

#include "bench/measure/timing.h"
#include "bench/sweep/describe.h"
#include "bench/system/machine.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void zoo_write_record(const struct sweep *zoo, int point, enum point_status status, double accuracy,
                      uint64_t data_digest)
{
	const struct point *p = &zoo->points[point];
	struct record record = {
		.width = p->width, .seed = p->seed, .status = status, .trainable = 1, .total = 2, .macs = 3,
		.epochs = 1,
		.last = { 0.5, accuracy }, .validation = { NAN, NAN }, .best = { NAN, NAN }, .split_count = 1,
		.split_names = { "test" },
		.splits = { { 0.5, accuracy } }, .data_digest = data_digest, .kernels = "portable", .threads = 1,
	};
	struct curve curve = { 0 };
	struct error err = { "" };

	snprintf(record.id, sizeof record.id, "%s", p->id);
	snprintf(record.family, sizeof record.family, "%s", p->family);
	curve_add(&curve, &(struct epoch_row){ 1, 0.5, .training = { 1, 0.25 }, .validation = { NAN, NAN } }, 1, &err);
	CHECK(record_write(test_path("s"), &record, &curve, &err));
	curve_free(&curve);
}

const char *zoo_speed_id(const struct sweep *zoo, int point)
{
	static char id[POINT_ID_LEN + 1];

	CHECK(describe_speed_id(zoo, &zoo->points[point], id));
	return id;
}

void zoo_write_times(const struct sweep *zoo, const char *kernels, const char *processor)
{
	static const double training[] = { 100, 150, 60 }, inference[] = { 40, 50, 25 };
	char text[2048] = SPEED_HEADER, here[64];
	size_t used = strlen(text);

	for (int i = 0; i < 3; i++) {
		const struct point *p = &zoo->points[2 * i];
		double t = training[i], f = inference[i];

		used += (size_t)snprintf(text + used, sizeof text - used,
		                         "%s\t%s\t%g\t%g\t%g\t%g\t%g\t%g\t%g\t32\t5\t%s\t%s\n",
		                         zoo_speed_id(zoo, 2 * i), p->family, p->width,
		                         t, t - 1, t + 1, f, f - 1, f + 1,
		                         kernels ? kernels : kernels_choose(getenv("ARCHSWEEP_KERNELS"))->name,
		                         processor ? processor : machine_processor(here));
	}
	zoo_write("speed.tsv", text);
}

const char *zoo_read(const char *name)
{
	char path[64];

	snprintf(path, sizeof path, "s/%s", name);
	return file_text(test_path(path));
}

void zoo_write(const char *name, const char *text)
{
	char path[64];

	mkdir(test_path("s"), 0777);
	snprintf(path, sizeof path, "s/%s", name);
	test_write(path, text, strlen(text));
}
