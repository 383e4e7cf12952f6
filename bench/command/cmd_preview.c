/* archsweep preview: what training sees of its images, as a picture and a table of labels. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/eval/preview.h"
#include "bench/sweep/point_find.h"
#include "bench/system/interrupt.h"
#include "bench/system/machine.h"

#include <stdlib.h>

enum { IMAGES = 8, EPOCHS = 4 };

static const struct column columns[] = {
	{ "image", .kind = COLUMN_INT },
	{ "epoch", .kind = COLUMN_INT },
	{ "label", .kind = COLUMN_INT },
	{ "name", .kind = COLUMN_TEXT },
	{ "share", .kind = COLUMN_REAL, .decimals = 3 },
	{ "other", .kind = COLUMN_INT },
	{ "other_name", .kind = COLUMN_TEXT, .title = "other name" },
	{ 0 }
};

static const struct option_row options[] = {
	{ "images", 'n', "N", .help = "show the first N training images; 8 if not given", .min = 1,
	  .max = PREVIEW_IMAGES },
	{ "epochs", 'e', "N", .help = "show what they become in the first N epochs; 4 if not given", .min = 1,
	  .max = PREVIEW_EPOCHS },
	{ "output", 'o', "FILE", .help = "write the picture there; preview.png if not given" },
	OPTION_SET,
	{ "json", 'j', .help = "print the table of labels as an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "print the table of labels as tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"POINT is \"family/width\", with several seeds \"family/width/seed\", or the beginning of an id; its recipe\n"
	"and seed decide what training sees. The first point of the sweep if not given.\n"
	"\n"
	"The picture is a PNG with a row for each image: the image itself, then what training with the recipe's\n"
	"`augment`, or its `flip` and `shift`, sees of it in epoch 1, 2 and so on, loaded by the same code, before\n"
	"pixels are scaled. Small images are enlarged, each pixel to a square. The table has a row for each image and\n"
	"epoch: its label, and where `mixup` or `cutmix` mixed it, how much of the label is its own (share) and whose\n"
	"the rest is (other). Images and epochs count from 1.\n"
	"\n"
	"    archsweep preview sweeps/my.yaml --images 8 --set 'recipe.augment=[flip, {affine: {rotate: 15}}]'\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 the command line or the YAML is wrong.\n";

/* One line a target: only a mixed one has a share and another label. */
static void add_target(struct table *table, const struct data_description *data, struct target t)
{
	bool mixed = t.share < 1;

	table_int(table, t.label);
	table_text(table, dataset_class_name(data, t.label));
	table_real(table, mixed ? (double)t.share : 1);
	if (mixed) {
		table_int(table, t.other);
		table_text(table, dataset_class_name(data, t.other));
	} else {
		table_missing(table);
		table_missing(table);
	}
}

static bool print_targets(const struct options *given, const struct preview_request *r, const struct target *targets,
                          struct error *err)
{
	struct table *table = table_create(columns);

	for (int i = 0; i < r->images * r->epochs; i++) {
		table_int(table, i / r->epochs + 1);
		table_int(table, i % r->epochs + 1);
		add_target(table, &r->sweep->data, targets[i]);
	}
	bool printed = table_print(table, options_format(given), stdout, err);
	table_destroy(table);
	if (options_format(given) == TABLE_HUMAN)
		printf("%s\n", r->out);
	return printed;
}

static bool preview(const struct options *given, struct preview_request *r, struct error *err)
{
	struct target *targets = calloc((size_t)r->images * (size_t)r->epochs, sizeof *targets);

	if (!targets)
		return fail(err, "not enough memory for the labels of %d images", r->images);
	interrupt_listen();     /* from here on an interrupted program removes what it has half written */
	r->kernels = machine_kernels(err);
	bool done = r->kernels && preview_draw(r, targets, err) && print_targets(given, r, targets, err);
	free(targets);
	return done;
}

/* The point that is named, or the first one. NULL and an error for none. */
static const struct point *choose_point(const struct options *given, const struct sweep *sweep, struct error *err)
{
	if (given->operand_count < 2)
		return &sweep->points[0];
	return point_find(&(struct point_search){ sweep, given->operands[1], true }, err);
}

static bool check_size(const struct options *given, const struct preview_request *r, struct error *err)
{
	struct error large = { "" };

	if (preview_fits(r, &large))
		return true;
	options_fail(given, err, "--images, --epochs: %s", large.text);
	return false;
}

static int run_data(const struct options *given, struct preview_request *r, struct error *err)
{
	struct dataset data = { 0 };

	if (!dataset_read(&r->sweep->data, &data, err))
		return data.misfit ? EXIT_USAGE : EXIT_FAILED;
	int count = dataset_split(&data, ROLE_TRAINING)->count;
	r->data = &data;
	r->images = r->images < count ? r->images : count;
	int status = EXIT_USAGE;
	if (check_size(given, r, err))
		status = preview(given, r, err) ? EXIT_DONE : EXIT_FAILED;
	dataset_free(&data);
	return status;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	const char *out = options_value(given, "output");
	struct preview_request request = { .sweep = sweep, .out = out ? out : "preview.png",
		.images = (int)options_number(given, "images", IMAGES),
		.epochs = (int)options_number(given, "epochs", EPOCHS) };
	struct error unknown = { "" };

	request.point = choose_point(given, sweep, &unknown);
	if (!request.point)
		return options_fail(given, err, "%s", unknown.text);
	if (!dataset_is_named(&sweep->data, err))
		return EXIT_USAGE;
	return run_data(given, &request, err);
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_preview = {
	.name = "preview", .summary = "a picture of what training sees of its images after augmentation",
	.operands = "SWEEP.yaml [POINT]", .min_operands = 1, .max_operands = 2, .options = options, .help = help,
	.run = run,
};
