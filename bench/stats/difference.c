/* See difference.h. */
#include "bench/stats/difference.h"

#include "bench/record/point_files.h"
#include "bench/stats/bootstrap.h"
#include "bench/stats/mcnemar.h"
#include "bench/system/crew.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* --- what the records say ----------------------------------------------------------------------------------------- */

/* NULL: the point has an accuracy on the data. */
static const char *find_fault(const struct contest *c, const struct side *side, int point)
{
	const struct record *record = &side->records->of[point];

	if (side->records->states[point] != RECORD_READ)
		return "not trained";
	if (record->status != POINT_DONE)
		return record->status == POINT_DIVERGED ? "diverged" : "failed";
	if (record->data_digest != c->data->digest)
		return "other data";
	return isnan(record->last.accuracy) ? "no test images" : NULL;
}

static struct contestant judge(const struct contest *c, const struct side *side, const struct side_network *network)
{
	struct contestant to = { .network = network, .accuracy = NAN, .deviation = NAN, .train_seconds = NAN,
		.status = "done" };
	double accuracy = 0, seconds = 0, squares = 0;

	for (int i = 0; i < network->seeds; i++) {
		const struct record *record = &side->records->of[network->points[i]];
		const char *fault = find_fault(c, side, network->points[i]);

		if (fault && to.seeds == i)
			to.status = fault;
		if (fault)
			continue;
		accuracy += record->last.accuracy;
		seconds += record->train_seconds;
		to.seeds++;
	}
	if (!to.seeds)
		return to;
	to.accuracy = accuracy / to.seeds;
	to.train_seconds = seconds / to.seeds;
	for (int i = 0; i < network->seeds; i++)
		if (!find_fault(c, side, network->points[i]))
			squares += pow(side->records->of[network->points[i]].last.accuracy - to.accuracy, 2);
	to.deviation = to.seeds > 1 ? sqrt(squares / (to.seeds - 1)) : NAN;
	return to;
}

/* --- what the outputs say ----------------------------------------------------------------------------------------- */

/* The first of the largest, -1 where none is a number, as training counts (nn/model/loss.c). */
static int largest(const float *values, int count)
{
	int best = -1;

	for (int c = 0; c < count; c++)
		if (values[c] == values[c] && (best < 0 || values[c] > values[best]))
			best = c;
	return best;
}

static bool read_point(const struct contest *c, const struct side *side, const struct record *record, uint8_t *to,
                       struct error *err)
{
	int images = c->split->count, classes = c->data->classes;
	struct split_logits logits = { c->split->name, images,
		malloc((size_t)images * (size_t)classes * sizeof *logits.at) };
	int right = 0;

	if (!logits.at)
		return fail(err, "not enough memory for the outputs for %d images", images);
	bool read = point_logits_read(side->folder, record, &logits, classes, err);
	for (int i = 0; read && i < images; i++) {
		to[i] = largest(logits.at + (size_t)i * (size_t)classes, classes) ==
		        c->data->labels[c->split->first + i];
		right += to[i];
	}
	free(logits.at);
	return read && (fabs((double)right / images - record->last.accuracy) < 1e-9 ||
	                fail(err, "%s/points/%s.logits.npz: %d of %d images are right, which is not the accuracy of "
	                     "the record", side->folder, record->id, right, images));
}

/* The outputs of all seeds that count, and which seeds those are. */
struct sheet {
	struct answers answers;
	int *seeds;             /* [answers.seeds], owned, as are the answers */
};

static void sheet_free(struct sheet *sheet)
{
	for (int i = 0; sheet->answers.right && i < sheet->answers.seeds; i++)
		free(sheet->answers.right[i]);
	free(sheet->answers.right);
	free(sheet->seeds);
}

static bool sheet_read(const struct contest *c, const struct side *side, const struct side_network *network,
                       struct sheet *to, struct error *err)
{
	to->answers.right = calloc((size_t)network->seeds, sizeof *to->answers.right);
	to->seeds = calloc((size_t)network->seeds, sizeof *to->seeds);
	bool good = (to->answers.right && to->seeds) || fail(err, "not enough memory for %d seeds", network->seeds);

	for (int i = 0; good && i < network->seeds; i++) {
		const struct record *record = &side->records->of[network->points[i]];

		if (find_fault(c, side, network->points[i]))
			continue;
		uint8_t *right = malloc((size_t)c->split->count);
		to->seeds[to->answers.seeds] = record->seed;
		to->answers.right[to->answers.seeds++] = right;
		good = right ? read_point(c, side, record, right, err) :
		               fail(err, "not enough memory for %d images", c->split->count);
	}
	return good;
}

/* Records of older formats have no outputs. */
static bool has_outputs(const struct contest *c, const struct side *side, const struct side_network *network)
{
	for (int i = 0; i < network->seeds; i++)
		if (!find_fault(c, side, network->points[i]) &&
		    !side->records->of[network->points[i]].file_digests[POINT_LOGITS])
			return false;
	return true;
}

/* --- both together ------------------------------------------------------------------------------------------------ */

static bool test_seeds(const struct answers *a, const struct answers *b, struct difference *to, struct error *err)
{
	int pairs = a->seeds < b->seeds ? a->seeds : b->seeds;
	double *p = calloc((size_t)pairs, sizeof *p);

	if (!p)
		return fail(err, "not enough memory for %d seeds", pairs);
	for (int s = 0; s < pairs; s++) {
		int only_a = 0, only_b = 0;

		for (int i = 0; i < to->images; i++) {
			only_a += a->right[s][i] && !b->right[s][i];
			only_b += b->right[s][i] && !a->right[s][i];
		}
		p[s] = mcnemar_exact(only_a, only_b);
		to->only_a += only_a;
		to->only_b += only_b;
	}
	to->p = mcnemar_join(p, pairs);
	free(p);
	return true;
}

static bool compare_sheets(const struct sheet *a, const struct sheet *b, struct difference *to, struct error *err)
{
	bool paired = a->answers.seeds == b->answers.seeds &&
	              memcmp(a->seeds, b->seeds, (size_t)a->answers.seeds * sizeof *a->seeds) == 0;
	const struct bootstrap bootstrap = { to->images, &a->answers, &b->answers, paired };

	return bootstrap_interval(&bootstrap, &to->low, &to->high, err) &&
	       test_seeds(&a->answers, &b->answers, to, err);
}

static bool compare_outputs(const struct contest *c, const struct network_pair *pair, struct difference *to,
                            struct error *err)
{
	struct sheet a = { 0 }, b = { 0 };

	if (to->a.seeds > MAX_COMPARED_SEEDS || to->b.seeds > MAX_COMPARED_SEEDS)
		return fail(err, "more than %d seeds of one network", MAX_COMPARED_SEEDS);
	to->images = c->split->count;
	bool good = sheet_read(c, c->a, pair->a, &a, err) && sheet_read(c, c->b, pair->b, &b, err) &&
	            compare_sheets(&a, &b, to, err);
	sheet_free(&a);
	sheet_free(&b);
	return good;
}

static void compare_pair(const struct contest *c, const struct network_pair *pair, struct difference *to)
{
	struct error why = { "" };

	*to = (struct difference){ .a = judge(c, c->a, pair->a), .b = judge(c, c->b, pair->b), .low = NAN,
		.high = NAN, .p = NAN };
	to->difference = to->b.accuracy - to->a.accuracy;
	if (!to->a.seeds || !to->b.seeds)
		return;
	if (!has_outputs(c, c->a, pair->a) || !has_outputs(c, c->b, pair->b)) {
		snprintf(to->fault, FAULT_BYTES, "a record is older than the outputs for test images, which intervals "
		         "are made of; `archsweep run --force` trains it again");
		return;
	}
	if (compare_outputs(c, pair, to, &why))
		return;
	snprintf(to->fault, FAULT_BYTES, "%s", why.text);
	to->low = to->high = to->p = NAN;
	to->images = to->only_a = to->only_b = 0;
}

/* The pairs, which threads take one after the other. */
struct queue {
	const struct contest *contest;
	const struct pairs *pairs;
	struct difference *to;
	atomic_int next;
};

static void work(void *about)
{
	struct queue *q = about;

	for (int i; (i = atomic_fetch_add(&q->next, 1)) < q->pairs->count;)
		compare_pair(q->contest, &q->pairs->of[i], &q->to[i]);
}

bool differences_compute(const struct contest *contest, const struct pairs *pairs, int threads, struct difference *to,
                         struct error *err)
{
	struct queue queue = { .contest = contest, .pairs = pairs, .to = to };

	return crew_run(threads < pairs->count ? threads : pairs->count ? pairs->count : 1, work, &queue, err);
}

const struct split *contest_split(const struct sweep *sweep, const struct dataset *data, struct error *err)
{
	for (int i = 0; i < data->split_count; i++)
		if (dataset_is_headline(sweep->data.format, &data->splits[i]))
			return &data->splits[i];
	fail(err, "%s: the data has no test images to compare on", sweep->name);
	return NULL;
}

int differences_lacking(const struct difference *differences, int count)
{
	int lacking = 0;

	for (int i = 0; i < count; i++) {
		const struct difference *d = &differences[i];

		lacking += d->a.seeds < d->a.network->seeds || d->b.seeds < d->b.network->seeds;
	}
	return lacking;
}

const char *differences_fault(const struct difference *differences, int count)
{
	for (int i = 0; i < count; i++)
		if (differences[i].fault[0])
			return differences[i].fault;
	return NULL;
}
