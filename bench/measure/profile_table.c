/* See profile_table.h. Microseconds are of the whole machine: the time of all threads, divided by their number, so that
 * rows add up to the time of an image. */
#include "bench/measure/profile_table.h"

#include "nn/model/network.h"

enum { SHAPE_BYTES = 40 };

const struct column profile_columns[] = {
	{ "sweep", .kind = COLUMN_TEXT, .machine_only = true },
	{ "family", .kind = COLUMN_TEXT, .machine_only = true },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "index", .kind = COLUMN_INT, .title = "#" },
	{ "what", .kind = COLUMN_TEXT },
	{ "output", .kind = COLUMN_TEXT, .spare = 4 },
	{ "forward_us", .kind = COLUMN_REAL, .decimals = 3, .title = "forward us" },
	{ "backward_us", .kind = COLUMN_REAL, .decimals = 3, .title = "backward us" },
	{ "update_us", .kind = COLUMN_REAL, .decimals = 3, .title = "update us", .spare = 1 },
	{ "us", .kind = COLUMN_REAL, .decimals = 3, .title = "us/image" },
	{ "percent", .kind = COLUMN_REAL, .decimals = 1, .title = "%" },
	{ "gflops", .kind = COLUMN_REAL, .decimals = 1, .title = "GFLOP/s", .spare = 2 },
	{ "percent_of_peak", .kind = COLUMN_REAL, .decimals = 1, .title = "% of peak", .spare = 3 },
	{ "peak_gflops", .kind = COLUMN_REAL, .decimals = 1, .machine_only = true },
	{ "bytes_per_image", .kind = COLUMN_BYTES, .title = "bytes/image", .spare = 6 },
	{ "gigabytes_per_second", .kind = COLUMN_REAL, .decimals = 1, .title = "GB/s", .spare = 5 },
	{ 0 }
};

/* One row; seconds per image. */
struct row {
	int index;                      /* -1: none */
	const char *what;
	struct shape out;               /* c 0: none */
	double forward, backward, update, other;
	double macs, bytes;             /* of one image; macs of layers only */
	bool is_layer;
};

static double seconds_of(const struct profiled *p, enum stage stage, int layer)
{
	return profile_seconds(p->profile, stage, layer, p->threads);
}

static double wall_seconds(const struct profiled *p)
{
	return p->profile->images > 0 ? p->profile->wall_seconds / (double)p->profile->images : 0;
}

static void table_seconds(struct table *t, double seconds, bool there)
{
	if (there)
		table_real(t, 1e6 * seconds);
	else
		table_missing(t);
}

/* Adds rates: operations per time of both passes, bytes per time of the row. */
static void add_rates(struct table *t, const struct profiled *p, const struct row *r)
{
	double passes = r->forward + r->backward, all = passes + r->update + r->other;
	double gflops = r->macs > 0 && passes > 0 ? 2 * r->macs / passes / 1e9 : 0;

	if (gflops > 0) {
		table_real(t, gflops);
		table_real(t, 100 * gflops / p->peak_gflops);
	} else {
		table_missing(t);
		table_missing(t);
	}
	table_real(t, p->peak_gflops);
	if (r->bytes > 0 && all > 0) {
		table_bytes(t, (int64_t)(r->bytes + 0.5));
		table_real(t, r->bytes / all / 1e9);
	} else {
		table_missing(t);
		table_missing(t);
	}
}

static void add_row(struct table *t, const struct profiled *p, const struct row *r)
{
	double all = r->forward + r->backward + r->update + r->other, wall = wall_seconds(p);
	char out[SHAPE_BYTES];

	table_text(t, p->sweep->name);
	table_text(t, p->point->family);
	table_real(t, p->point->width);
	if (r->index >= 0)
		table_int(t, r->index);
	else
		table_missing(t);
	table_text(t, r->what);
	snprintf(out, sizeof out, "%d x %d x %d", r->out.h, r->out.w, r->out.c);
	table_text(t, r->out.c ? out : NULL);
	table_seconds(t, r->forward, r->is_layer);
	table_seconds(t, r->backward, r->is_layer);
	table_seconds(t, r->update, r->is_layer && r->update > 0);
	table_real(t, 1e6 * all);
	table_real(t, wall > 0 ? 100 * all / wall : 0);
	add_rates(t, p, r);
}

/* Bytes of one image. */
static double bytes_of(const struct profiled *p, enum stage stage, int layer)
{
	return (double)model_plan_stage(p->plan, stage, layer).bytes / p->point->variant->recipe.batch;
}

static double macs_of(const struct profiled *p, enum stage stage, int layer)
{
	return (double)model_plan_stage(p->plan, stage, layer).macs / p->point->variant->recipe.batch;
}

/* Adds a layer's row; a layer without its own cost has none: the layer before does its work. */
static double add_layer(struct table *t, const struct profiled *p, int i)
{
	struct row r = {
		.index = i + 1, .what = p->point->network.layers[i].type->kind.name,
		.out = model_plan_layer(p->plan, i)->out,
		.is_layer = true,
		.forward = seconds_of(p, STAGE_PACKING, i) + seconds_of(p, STAGE_FORWARD, i),
		.backward = seconds_of(p, STAGE_BACKWARD, i) + seconds_of(p, STAGE_SUMMING, i),
		.update = seconds_of(p, STAGE_UPDATE, i),
		.macs = macs_of(p, STAGE_FORWARD, i) + macs_of(p, STAGE_BACKWARD, i),
	};

	for (int stage = 0; stage < STAGES; stage++)
		r.bytes += stage == STAGE_LOSS ? 0 : bytes_of(p, (enum stage)stage, i);
	if (!model_plan_computes(p->plan, i))
		return 0;
	add_row(t, p, &r);
	return r.forward + r.backward + r.update;
}

static double add_other(struct table *t, const struct profiled *p, enum stage stage, int layer)
{
	const char *what = stage == STAGE_LOADING ? "loading" : stage == STAGE_TEACHERS ? "teachers" : "loss";
	struct row r = { .index = layer == NETWORK_INPUT ? 0 : -1, .what = what,
		.out = layer == NETWORK_INPUT ? p->point->network.input : (struct shape){ 0 },
		.other = seconds_of(p, stage, layer), .bytes = bytes_of(p, stage, layer) };

	add_row(t, p, &r);
	return r.other;
}

void profile_table_add(struct table *t, const struct profiled *p)
{
	int layers = p->point->network.layer_count;
	double busy = add_other(t, p, STAGE_LOADING, NETWORK_INPUT);

	if (seconds_of(p, STAGE_TEACHERS, NETWORK_INPUT) > 0)
		busy += add_other(t, p, STAGE_TEACHERS, NETWORK_INPUT);
	for (int i = 0; i < layers; i++)
		busy += add_layer(t, p, i);
	busy += add_other(t, p, STAGE_LOSS, layers - 1);
	add_row(t, p, &(struct row){ .index = -1, .what = "waiting", .other = wall_seconds(p) - busy });
}
