/* See targets.h. Each function reads its input as the program does, and then touches what was read, so that a sanitizer
 * sees what a caller would meet. What a reader says is not looked at: that is the other tests' work. */
#include "tests/fuzz/targets.h"

#include "bench/data/bytes.h"
#include "bench/data/csv.h"
#include "bench/measure/timing.h"
#include "bench/record/records.h"
#include "bench/record/report_folder.h"
#include "bench/summary/figure.h"
#include "bench/summary/mean_curves.h"
#include "bench/summary/summary.h"
#include "bench/sweep/cost.h"
#include "bench/weights/batch_file.h"
#include "bench/weights/weights.h"
#include "tests/fuzz/checkpoint_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define POINT_ID "3af899cba755f341"     /* of the record and the curve that are read */

#define HEAD "input: [4, 4, 1]\nclasses: 3\nseeds: [1, 2]\nrecipe: {epochs: 3, batch: 16}\n"
#define LAYERS "[{conv: {channels: 2w, kernel: 3}}, batch_norm, relu, flatten, {dense: {units: classes}}]"
#define FAMILIES "families: [{name: t, widths: [1, 2], layers: " LAYERS "}]\n"

static const char of_idx[] = "data: {idx: {folder: ., validation: 1}}\n" HEAD FAMILIES;
static const char of_csv[] = "data: {fer2013: {file: input.csv}}\n" HEAD FAMILIES;
static const char of_family[] = HEAD "families: [{family: input, widths: [1, 3]}]\n";

/* --- Files beside the input --------------------------------------------------------------------------------------- */

static _Noreturn void stop(const char *path)
{
	perror(path);
	exit(2);
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	unlink(path);           /* truncating an old file makes some file systems wait for the disk */
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		stop(path);
}

static const char *path_in(const char *folder, const char *name, char to[FUZZ_PATH_BYTES])
{
	if (snprintf(to, FUZZ_PATH_BYTES, "%s/%s", folder, name) >= FUZZ_PATH_BYTES)
		stop(folder);
	return to;
}

static void make_folder(const char *folder, const char *name)
{
	char path[FUZZ_PATH_BYTES];

	if (mkdir(path_in(folder, name, path), 0777) != 0)
		stop(path);
}

static void write_idx_part(const char *folder, const char *name, int dimensions, int count)
{
	unsigned char bytes[128] = { 0, 0, 8, (unsigned char)dimensions, 0, 0, 0, (unsigned char)count };
	size_t len = 8;
	char path[FUZZ_PATH_BYTES];

	if (dimensions == 3) {
		bytes[11] = bytes[15] = 4;
		len = 16 + 16 * (size_t)count;
	}
	for (int i = 0; dimensions == 1 && i < count; i++)
		bytes[len++] = (unsigned char)(i % 3);
	write_file(path_in(folder, name, path), bytes, len);
}

/* Three training images and two test images; the input takes the place of one of the files. */
static void write_idx(const char *folder)
{
	write_idx_part(folder, "train-images-idx3-ubyte", 3, 3);
	write_idx_part(folder, "train-labels-idx1-ubyte", 1, 3);
	write_idx_part(folder, "t10k-images-idx3-ubyte", 3, 2);
	write_idx_part(folder, "t10k-labels-idx1-ubyte", 1, 2);
}

static void make_points(const char *folder)
{
	make_folder(folder, "points");
}

static void make_families(const char *folder)
{
	static const char small[] = "layers: [flatten, {dense: {units: classes}}]\n";
	char path[FUZZ_PATH_BYTES];

	make_folder(folder, "families");
	write_file(path_in(folder, "families/small.yaml", path), small, sizeof small - 1);
}

/* --- Sweeps ------------------------------------------------------------------------------------------------------- */

/* Writes out what the ids of the first points are hashes of. */
static void read_sweep(const char *path, const char *const *sets, int count)
{
	struct error err = { "" };
	struct sweep *sweep = sweep_read(path, sets, count, &err);

	for (int i = 0; sweep && i < sweep->point_count && i < 3; i++) {
		free(point_describe(sweep, &sweep->points[i]));
		point_matches(&sweep->points[i], "*/1/*");
	}
	sweep_destroy(sweep);
}

static void feed_sweep(const struct fuzz_input *input)
{
	read_sweep(input->path, NULL, 0);
}

static void feed_family(const struct fuzz_input *input)
{
	char path[FUZZ_PATH_BYTES];

	read_sweep(path_in(input->folder, "sweep.yaml", path), NULL, 0);
}

/* A line is one assignment. */
static void feed_set(const struct fuzz_input *input)
{
	enum { MOST = 8 };
	char path[FUZZ_PATH_BYTES], name[REPORT_NAME_BYTES], *text = strdup(input->text), *rest = text;
	struct report_folder folder = { .path = "reports" };

	for (char *line; text && folder.set_count < MOST && (line = strsep(&rest, "\n"));)
		folder.sets[folder.set_count++] = line;
	report_name(&folder, "sweep", name);
	for (int i = 0; i < folder.set_count; i++)
		report_set_counts(folder.sets[i]);
	read_sweep(path_in(input->folder, "sweep.yaml", path), folder.sets, folder.set_count);
	free(text);
}

/* --- Data sets ---------------------------------------------------------------------------------------------------- */

static void feed_data(const struct fuzz_input *input)
{
	struct error err = { "" };
	struct dataset data;

	if (dataset_read(&input->sweep->data, &data, &err))
		dataset_free(&data);
}

/* In pieces of several lengths, and no further than 16 MB. */
static void feed_gzip(const struct fuzz_input *input)
{
	enum { LONGEST = 1 << 16, MOST = 1 << 24 };
	static unsigned char to[LONGEST];
	struct error err = { "" };
	struct bytes *in = bytes_open(input->path, &err);
	size_t got = 1, wanted = 1;

	for (size_t all = 0; in && got == wanted && all < MOST; all += got) {
		wanted = all < 100 ? 1 : LONGEST;
		if (!bytes_read(in, to, wanted, &got, &err))
			break;
	}
	bytes_close(in);
}

static void feed_csv(const struct fuzz_input *input)
{
	enum { LONGEST = 64, FIELDS = 3 };
	struct text fields[FIELDS];
	struct error err = { "" };
	struct csv *csv = csv_open(input->path, LONGEST, &err);

	while (csv && csv_next(csv, &err) && csv_line(csv) > 0) {
		char shown[SHOWN_LEN];

		if (csv_split(csv, fields, FIELDS, &err))
			bytes_show(shown, fields[FIELDS - 1].at, fields[FIELDS - 1].len);
	}
	csv_close(csv);
}

/* --- Arrays ------------------------------------------------------------------------------------------------------- */

static void read_array(struct npz *npz, const struct npz_array *array)
{
	enum { MOST = 1 << 20 };
	struct error err = { "" };
	char shape[NPZ_SHAPE_BYTES];

	npz_shape(array->rank, array->dims, shape);
	if (array->count > MOST)
		return;
	float *floats = malloc((size_t)array->count * sizeof *floats + 1);
	int64_t *integers = malloc((size_t)array->count * sizeof *integers + 1);
	if (floats && integers && npz_read_floats(npz, array, floats, &err))
		npz_read_integers(npz, array, integers, &err);
	free(floats);
	free(integers);
}

static void feed_npz(const struct fuzz_input *input)
{
	struct error err = { "" };
	struct npz *npz = npz_open(input->path, &err);

	for (int i = 0; npz && i < npz_count(npz); i++)
		read_array(npz, npz_at(npz, i));
	npz_close(npz);
}

static void feed_weights(const struct fuzz_input *input)
{
	const struct network *network = &input->sweep->points[0].network;
	struct error err = { "" };
	struct model_plan *plan = recipe_plan(network, &input->sweep->points[0].variant->recipe, &err);
	struct weights *weights = plan ? weights_create(network, plan, &err) : NULL;

	if (weights) {
		struct weight_values to = { calloc(weights_params_len(weights), sizeof(float)),
		                            calloc(weights_state_len(weights), sizeof(float)) };

		if (to.params && to.state)
			weights_read(weights, input->path, to, &err);
		free(to.params);
		free(to.state);
	}
	weights_destroy(weights);
	model_plan_destroy(plan);
}

static void feed_batch(const struct fuzz_input *input)
{
	struct error err = { "" };
	struct batch_file batch;

	if (batch_file_read(input->path, &input->sweep->points[0].network, &batch, &err))
		batch_file_free(&batch);
}

/* --- Records and tables ------------------------------------------------------------------------------------------- */

static FILE *nowhere(void)
{
	FILE *file = fopen("/dev/null", "w");

	return file ? file : (stop("/dev/null"), NULL);
}

static void feed_record(const struct fuzz_input *input)
{
	struct error err = { "" };
	struct record record;

	record_read(input->folder, POINT_ID, &record, &err);
}

static void feed_curve(const struct fuzz_input *input)
{
	const struct record record = { .id = POINT_ID, .family = "small", .width = 1, .seed = 1, .epochs = 3 };
	struct error err = { "" };
	FILE *to = nowhere();

	curve_copy(input->folder, &record, to, &err);
	fclose(to);
}

static void feed_curves(const struct fuzz_input *input)
{
	struct error err = { "" };
	FILE *to = nowhere();

	mean_curves_print(input->path, to, &err);
	fclose(to);
}

/* The statistics of the rows are computed too, since pictures show them. */
static void feed_points(const struct fuzz_input *input)
{
	static const char *const needed[] = { "family", "width", NULL };
	struct error err = { "" };
	struct records records;
	struct summary summary;

	if (!records_read_table(input->path, needed, &records, &err))
		return;
	FILE *to = nowhere();
	if (summary_create(&records, NULL, &summary, &err)) {
		summary_print(&summary, TABLE_HUMAN, to, &err);
		summary_free(&summary);
	}
	fclose(to);
	records_free(&records);
}

static void feed_timings(const struct fuzz_input *input)
{
	struct error err = { "" };
	struct timings timings;

	if (!timings_create(input->sweep, &timings, &err))
		return;
	timings_read(input->folder, input->sweep, &timings, &err);
	timings_free(&timings);
}

static void feed_figure(const struct fuzz_input *input)
{
	char said[2 * FIGURE_TEXT_BYTES];
	struct figure figure;

	if (!figure_read(input->path, &figure))
		return;
	figure_print_title(&figure, "title", said, sizeof said);
	figure_print_description(&figure, 1, 1, said, sizeof said);
}

static void feed_owner(const struct fuzz_input *input)
{
	struct report_folder folder = { .set_count = 1, .sets = { "recipe.epochs=1" } };
	char sweep[FUZZ_PATH_BYTES];
	struct error err = { "" };

	snprintf(folder.path, sizeof folder.path, "%s", input->folder);
	folder.sweep_path = path_in(input->folder, "sweep.yaml", sweep);
	report_folder_check(&folder, &err);
}

/* --- The table ---------------------------------------------------------------------------------------------------- */

#define FIXTURES "tests/fixtures/"

const struct fuzz_target fuzz_targets[] = {
	{ "sweep", "input.yaml", .feed = feed_sweep, .prepare = make_families, .dictionary = "yaml.dict" },
	{ "family", "families/input.yaml", .feed = feed_family, .sweep = of_family, .sweep_later = true,
	  .prepare = make_families, .dictionary = "yaml.dict" },
	{ "set", "input.txt", .feed = feed_set, .sweep = of_idx, .sweep_later = true, .dictionary = "yaml.dict" },
	{ "idx_images", "train-images-idx3-ubyte", .feed = feed_data, .sweep = of_idx, .prepare = write_idx },
	{ "idx_labels", "t10k-labels-idx1-ubyte", .feed = feed_data, .sweep = of_idx, .prepare = write_idx },
	{ "fer2013", "input.csv", .feed = feed_data, .sweep = of_csv },
	{ "csv", "input.csv", .feed = feed_csv },
	{ "gzip", "input.gz", .feed = feed_gzip },
	{ "npz", "input.npz", .feed = feed_npz, .more = FIXTURES "npz" },
	{ "weights", "input.npz", .feed = feed_weights, .sweep = of_idx },
	{ "batch", "input.npz", .feed = feed_batch, .sweep = of_idx },
	{ "record", "points/" POINT_ID ".tsv", .feed = feed_record, .prepare = make_points,
	  .more = FIXTURES "records/points" },
	{ "curve", "points/" POINT_ID ".curve.tsv", .feed = feed_curve, .prepare = make_points,
	  .more = FIXTURES "records/points" },
	{ "checkpoint", "points/" FUZZ_CHECKPOINT_ID ".checkpoint", .feed = feed_checkpoint, .sweep = of_idx,
	  .prepare = make_points },
	{ "curves", "curves.tsv", .feed = feed_curves, .more = FIXTURES "records" },
	{ "points", "points.tsv", .feed = feed_points, .more = FIXTURES "records" },
	{ "timings", "speed.tsv", .feed = feed_timings, .sweep = of_idx },
	{ "figure", "input.gp", .feed = feed_figure, .more = "plots" },
	{ "owner", ".sweep", .feed = feed_owner, .sweep = of_idx, .sweep_later = true },
	{ 0 }
};

const struct fuzz_target *fuzz_find(const char *name)
{
	for (const struct fuzz_target *target = fuzz_targets; target->name; target++)
		if (strcmp(target->name, name) == 0)
			return target;
	return NULL;
}

void fuzz_open(struct fuzz_place *place, const struct fuzz_target *target, const char *folder)
{
	struct error err = { "" };
	char sweep[FUZZ_PATH_BYTES];

	*place = (struct fuzz_place){ .target = target };
	if (snprintf(place->folder, sizeof place->folder, "%s", folder) >= (int)sizeof place->folder)
		stop(folder);
	path_in(folder, target->file, place->path);
	if (target->prepare)
		target->prepare(folder);
	if (!target->sweep)
		return;
	write_file(path_in(folder, "sweep.yaml", sweep), target->sweep, strlen(target->sweep));
	if (target->sweep_later)
		return;
	place->sweep = sweep_read(sweep, NULL, 0, &err);
	if (!place->sweep)
		fprintf(stderr, "%s\n", err.text), stop(sweep);
}

void fuzz_feed(const struct fuzz_place *place, const void *bytes, size_t len)
{
	char *text = malloc(len + 1);

	if (!text)
		stop(place->target->name);
	if (len > 0)
		memcpy(text, bytes, len);
	text[len] = '\0';
	write_file(place->path, bytes, len);
	place->target->feed(&(struct fuzz_input){ place->folder, place->path, text, len, place->sweep });
	free(text);
}

void fuzz_close(struct fuzz_place *place)
{
	sweep_destroy(place->sweep);
	place->sweep = NULL;
}
