/* Softmax cross-entropy: numbers from paper, very large logits, infinities and NaN. */
#include "nn/loss/loss.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { MAX_CLASSES = 4 };

/* One loss, of lane `lane` with these logits; the other lanes hold something else, and those after it are empty. */
struct verdict { double loss, d_logits[MAX_CLASSES]; bool correct; };

struct question {
	int classes, label, lane, batch_images;
	double logits[MAX_CLASSES], label_smoothing;
};

static struct verdict loss_of(const struct question *q)
{
	real logits[MAX_CLASSES * LANES], d_logits[MAX_CLASSES * LANES];
	double losses[LANES];
	bool correct[LANES];
	struct target targets[LANES] = { { 0 } };
	struct verdict v;

	for (int i = 0; i < q->classes * LANES; i++) {
		logits[i] = i % LANES == q->lane ? (real)q->logits[i / LANES] : (real)(i * 0.1);
		d_logits[i] = (real)NAN;
	}
	targets[q->lane] = target_of(q->label);
	for (int i = q->lane + 1; i < LANES; i++)
		targets[i] = target_of(1 << 30);
	loss_softmax(&(struct loss_job){ .logits = logits, .d_logits = d_logits, .classes = q->classes,
		.targets = targets, .lanes = q->lane + 1, .batch_images = q->batch_images,
		.batch_weight = q->batch_images, .label_smoothing = q->label_smoothing,
		.losses = losses,
		.correct = correct });
	for (int c = 0; c < q->classes; c++) {
		v.d_logits[c] = (double)d_logits[c * LANES + q->lane];
		for (int i = q->lane + 1; i < LANES; i++)
			CHECK(d_logits[c * LANES + i] == 0);
	}
	v.loss = losses[q->lane];
	v.correct = correct[q->lane];
	return v;
}

/* Logits ln 1, ln 2, ln 5: shares 1/8, 2/8, 5/8. For the label 1 the loss is ln 4; the gradient is the share, less 1 at
 * the label, over the batch of 10. */
TEST(loss_by_hand)
{
	for (int lane = 0; lane < LANES; lane++) {
		struct verdict v = loss_of(&(struct question){ 3, 1, lane, 10, { 0, log(2), log(5) }, 0 });
		CHECK_CLOSE(v.loss, log(4), 1e-6);
		CHECK_CLOSE(v.d_logits[0], 0.0125, 1e-7);
		CHECK_CLOSE(v.d_logits[1], -0.075, 1e-7);
		CHECK_CLOSE(v.d_logits[2], 0.0625, 1e-7);
		CHECK(!v.correct);
		CHECK(loss_of(&(struct question){ 3, 2, lane, 10, { 0, log(2), log(5) }, 0 }).correct);
	}
}

/* Smoothing 0.3 over three classes: targets 0.1, 0.8, 0.1; the loss is 0.1 ln 8 + 0.8 ln 4 + 0.1 ln 8/5. */
TEST(loss_with_label_smoothing_by_hand)
{
	struct verdict v = loss_of(&(struct question){ 3, 1, 4, 1, { 0, log(2), log(5) }, 0.3 });

	CHECK_CLOSE(v.loss, 0.1 * log(8) + 0.8 * log(4) + 0.1 * log(1.6), 1e-6);
	CHECK_CLOSE(v.d_logits[0], 0.025, 1e-7);
	CHECK_CLOSE(v.d_logits[1], -0.55, 1e-7);
	CHECK_CLOSE(v.d_logits[2], 0.525, 1e-7);
}

TEST(loss_gradient_sums_to_zero)
{
	static const double logits[][MAX_CLASSES] = {
		{ 1, -2, 0.5, 3 }, { 0, 0, 0, 0 }, { 30, -30, 10, 29 }, { 1e30, 0, 0, -1e30 }
	};

	for (int i = 0; i < 4; i++)
		for (int smooth = 0; smooth < 2; smooth++) {
			struct question q = { 4, i, i, 1, { 0 }, smooth * 0.2 };
			memcpy(q.logits, logits[i], sizeof q.logits);
			struct verdict v = loss_of(&q);
			CHECK_CLOSE(v.d_logits[0] + v.d_logits[1] + v.d_logits[2] + v.d_logits[3], 0, 1e-7);
		}
}

/* The first of equals is the answer. */
TEST(loss_takes_the_first_of_equal_logits)
{
	CHECK(loss_of(&(struct question){ 3, 0, 0, 1, { 7, 7, 7 }, 0 }).correct);
	CHECK(!loss_of(&(struct question){ 3, 1, 0, 1, { 7, 7, 7 }, 0 }).correct);
	CHECK(loss_of(&(struct question){ 3, 1, 0, 1, { -1, 7, 7 }, 0 }).correct);
	CHECK_CLOSE(loss_of(&(struct question){ 3, 1, 0, 1, { 7, 7, 7 }, 0 }).loss, log(3), 1e-7);
}

TEST(loss_of_huge_logits_does_not_overflow)
{
	struct verdict v = loss_of(&(struct question){ 3, 0, 0, 1, { 1e30, 0, -1e30 }, 0 });

	CHECK_CLOSE(v.loss, 0, 0);
	CHECK_CLOSE(v.d_logits[0], 0, 0);
	CHECK_CLOSE(v.d_logits[1], 0, 0);
	v = loss_of(&(struct question){ 3, 2, 0, 1, { 1e30, 0, -1e30 }, 0 });
	CHECK_CLOSE(v.loss, 2e30, 1e-6);
	CHECK_CLOSE(v.d_logits[0], 1, 0);
	CHECK_CLOSE(v.d_logits[2], -1, 0);
	v = loss_of(&(struct question){ 2, 1, 0, 1, { 1e30, 1e30 }, 0 });
	CHECK_CLOSE(v.loss, log(2), 1e-7);
}

/* Divergence must be seen: the loss is not a number, whichever logit is not. */
TEST(loss_of_nan_is_nan)
{
	for (int bad = 0; bad < 3; bad++)
		for (int label = 0; label < 3; label++) {
			struct question q = { 3, label, 0, 1, { 1, 2, 3 }, 0 };
			q.logits[bad] = NAN;
			CHECK(isnan(loss_of(&q).loss));
			CHECK(isnan(loss_of(&q).d_logits[label]));
		}
	for (int label = 0; label < 3; label++) {
		struct verdict v = loss_of(&(struct question){ 3, label, 0, 1, { NAN, NAN, NAN }, 0.1 });
		CHECK(isnan(v.loss));
		CHECK(!v.correct);
	}
	CHECK(!isfinite(loss_of(&(struct question){ 2, 0, 0, 1, { INFINITY, 0 }, 0 }).loss));
	CHECK(!isfinite(loss_of(&(struct question){ 2, 1, 0, 1, { 0, -INFINITY }, 0 }).loss));
}
