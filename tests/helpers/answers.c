/* See answers.h. */
#include "tests/helpers/answers.h"

#include "bench/record/point_files.h"
#include "bench/sweep/cost.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const char *const answers_sweep =
	"data: {idx: {folder: ., validation: 32}}\n"
	"input: [8, 8, 1]\n"
	"classes: 3\n"
	"seeds: [1, 2]\n"
	"recipe: {epochs: 1}\n"
	"families:\n"
	"  - {name: ape, widths: [3, 10], layers: [flatten, dense: {units: w}, dense: {units: classes}]}\n"
	"  - {name: bee, widths: [3, 9], layers: [flatten, dense: {units: w}, dense: {units: w}, dense: {units: "
	"classes}]}\n";

struct sweep *answers_prepare(const char *yaml, struct dataset *data)
{
	struct error err = { "" };

	run_case_write_data(0);
	struct sweep *sweep = sweep_read(run_case_write_sweep(yaml ? yaml : answers_sweep), NULL, 0, &err);
	CHECK(sweep && dataset_read(&sweep->data, data, &err));
	CHECK_TEXT(err.text, "");
	return sweep;
}

/* The right class has the largest output, or the one behind it. */
static void write_outputs(const struct answered *where, const char *folder, struct record *record, uint32_t right)
{
	const struct split *split = dataset_split(where->data, ROLE_TEST);
	float outputs[ANSWERED_IMAGES][3] = { { 0 } };
	struct split_logits logits = { split->name, ANSWERED_IMAGES, outputs[0] };
	struct error err = { "" };

	CHECK_INT(split->count, ANSWERED_IMAGES);
	for (int i = 0; i < ANSWERED_IMAGES; i++)
		outputs[i][(where->data->labels[split->first + i] + !(right >> i & 1)) % 3] = 1;
	CHECK(point_logits_write(folder, record->id, &logits, 1, 3, &err) &&
	      point_file_digest(folder, record, POINT_LOGITS, &err));
	CHECK_TEXT(err.text, "");
}

void answers_write(const struct answered *where, int point, uint32_t right, double seconds)
{
	const struct point *p = &where->sweep->points[point];
	double accuracy = __builtin_popcount(right) / (double)ANSWERED_IMAGES;
	struct record record = {
		.width = p->width, .seed = p->seed, .status = POINT_DONE, .epochs = 1, .last = { 0.5, accuracy },
		.validation = { 1, 0.25 }, .best_epoch = 1, .best = { 0.5, accuracy }, .split_count = 2,
		.split_names = { "validation", "test" }, .splits = { { 1, 0.25 }, { 0.5, accuracy } },
		.data_digest = where->data->digest, .kernels = "portable", .train_seconds = seconds,
		.wall_seconds = seconds, .threads = 1,
	};
	const struct epoch_row row = { 1, 0.5, .training = { 1, 0.25 }, .validation = { 1, 0.25 } };
	struct curve curve = { 0 };
	struct error err = { "" };
	struct cost cost = { 0 };
	char folder[512];

	mkdir(test_path("reports"), 0777);
	snprintf(folder, sizeof folder, "%s/%s", test_path("reports"), where->name);
	mkdir(folder, 0777);
	CHECK(point_count(p, &cost, &err));
	record.trainable = cost.trainable;
	record.total = cost.total;
	record.macs = cost.macs;
	snprintf(record.id, sizeof record.id, "%s", p->id);
	snprintf(record.family, sizeof record.family, "%s", p->family);
	CHECK(curve_add(&curve, &row, 1, &err));
	snprintf(folder + strlen(folder), sizeof folder - strlen(folder), "/points");
	mkdir(folder, 0777);
	*strrchr(folder, '/') = '\0';
	write_outputs(where, folder, &record, right);
	CHECK(record_write(folder, &record, &curve, &err));
	CHECK_TEXT(err.text, "");
	curve_free(&curve);
}
