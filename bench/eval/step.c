/* See step.h. */
#include "bench/eval/step.h"

#include "bench/system/schedule.h"
#include "bench/weights/batch_file.h"
#include "bench/weights/weights.h"
#include "nn/model/model.h"
#include "nn/train/train.h"

#include <stdlib.h>

struct run {
	const struct step_request *request;
	struct batch_file batch;        /* owned, as are the next three */
	struct model_plan *plan;
	struct model *model;
	struct weights *weights;
};

static bool load_weights(const struct run *r, struct error *err)
{
	struct model_memory memory = model_memory(r->model);

	if (r->request->weights)
		return weights_read(r->weights, r->request->weights,
		                    (struct weight_values){ memory.params, memory.state }, err);
	training_first_weights(r->plan, (uint64_t)r->request->point->seed, memory.params, memory.state);
	return true;
}

static bool prepare(struct run *r, struct error *err)
{
	const struct network *network = &r->request->point->network;

	if (!batch_file_read(r->request->batch, network, &r->batch, err))
		return false;
	r->plan = model_plan_create(network, r->batch.images, 0, err);
	r->weights = r->plan ? weights_create(network, r->plan, err) : NULL;
	r->model = r->weights ? model_create(r->plan, r->request->kernels, err) : NULL;
	return r->model && load_weights(r, err);
}

/* [n][h][w][c] of the file to [c][h][w][LANES] of each group; lanes without an image get zeros. */
static void load_group(void *about, int group, int thread)
{
	const struct run *r = about;
	struct shape in = r->request->point->network.input;
	size_t pixels = (size_t)in.h * (size_t)in.w, channels = (size_t)in.c;
	real *to = model_input(r->model, group);
	struct target *targets = model_targets(r->model, group);

	(void)thread;
	for (int lane = 0; lane < LANES; lane++) {
		int image = group * LANES + lane;
		const float *from = image < r->batch.images ? r->batch.x + (size_t)image * image_len(in) : NULL;
		for (size_t c = 0; c < channels; c++)
			for (size_t i = 0; i < pixels; i++)
				to[(c * pixels + i) * LANES + (size_t)lane] = from ? from[i * channels + c] : 0;
		targets[lane] = target_of(from ? r->batch.labels[image] : 0);
	}
}

static void pass(void *about, int task, struct team *team)
{
	struct run *r = about;
	const struct step_request *request = r->request;
	struct batch batch = { .images = r->batch.images, .training = true, .without_dropout = !request->dropout,
		.label_smoothing = request->point->variant->recipe.label_smoothing,
		.noise = training_noise((uint64_t)request->point->seed, 1) };

	(void)task;
	team_run(team, (batch.images + LANES - 1) / LANES, load_group, r);
	model_forward(r->model, team, &batch, true);
	model_backward(r->model, team);
}

static double all_left(void *about, int task)
{
	(void)about;
	(void)task;
	return 1;
}

static bool run_passes(struct run *r, struct error *err)
{
	struct task task = { .work = 1, .most_threads = (r->batch.images + LANES - 1) / LANES };
	struct schedule alone = { .threads = r->request->threads, .task_count = 1, .tasks = &task, .lead = pass,
		.share_left = all_left, .about = r };
	struct schedule_times times;

	return schedule_run(&alone, &times, err);
}

static void score_batch(const struct run *r, struct step_score *score)
{
	*score = (struct step_score){ .images = r->batch.images };
	for (int i = 0; i < r->batch.images; i++) {
		score->loss += model_loss(r->model, i);
		score->accuracy += model_correct(r->model, i);
	}
	score->loss /= r->batch.images;
	score->accuracy /= r->batch.images;
}

static bool add_losses(const struct run *r, const struct step_score *score, float *values, struct npz_draft *to,
                       struct error *err)
{
	float loss = (float)score->loss;

	for (int i = 0; i < r->batch.images; i++)
		values[i] = (float)model_loss(r->model, i);
	const struct npz_array mean = { .name = "loss", .type = NPZ_FLOAT32 };
	const struct npz_array each = { .name = "losses", .type = NPZ_FLOAT32, .rank = 1, .dims = { r->batch.images } };

	return npz_add_floats(to, &mean, &loss, err) && npz_add_floats(to, &each, values, err);
}

static bool add_logits(const struct run *r, float *values, struct npz_draft *to, struct error *err)
{
	int classes = r->request->point->network.classes;
	const real *logits = model_logits(r->model);

	for (int i = 0; i < r->batch.images; i++)
		for (int c = 0; c < classes; c++)
			values[(size_t)i * (size_t)classes + (size_t)c] =
				logits[((size_t)(i / LANES) * (size_t)classes + (size_t)c) * LANES +
				       (size_t)(i % LANES)];
	return npz_add_floats(to, &(struct npz_array){ .name = "logits", .type = NPZ_FLOAT32, .rank = 2,
	                                               .dims = { r->batch.images, classes } }, values, err);
}

static bool add_results(const struct run *r, const struct step_score *score, struct npz_draft *to, struct error *err)
{
	size_t len = (size_t)r->batch.images * (size_t)r->request->point->network.classes;
	float *values = malloc(len * sizeof *values);
	struct model_memory memory = model_memory(r->model);
	struct weights_source gradients = { "grad/", { .params = memory.gradients }, NPZ_FLOAT32 };
	struct weights_source statistics = { "", { .state = memory.state }, NPZ_FLOAT32 };

	if (!values)
		return fail(err, "not enough memory for the logits of %d images", r->batch.images);
	bool added = add_losses(r, score, values, to, err) && add_logits(r, values, to, err);
	free(values);
	return added && weights_add(r->weights, to, &gradients, err) && weights_add(r->weights, to, &statistics, err);
}

static bool write_results(const struct run *r, const struct step_score *score, struct error *err)
{
	struct npz_draft *draft = npz_create(err);

	if (!draft)
		return false;
	if (add_results(r, score, draft, err))
		return npz_save(draft, r->request->out, err);
	npz_discard(draft);
	return false;
}

bool step_run(const struct step_request *request, struct step_score *score, struct error *err)
{
	struct run r = { .request = request };
	bool good = prepare(&r, err) && run_passes(&r, err);

	if (good) {
		score_batch(&r, score);
		good = write_results(&r, score, err);
	}
	model_destroy(r.model);
	weights_destroy(r.weights);
	model_plan_destroy(r.plan);
	batch_file_free(&r.batch);
	return good;
}
