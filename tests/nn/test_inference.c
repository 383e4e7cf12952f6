/* Inference: the logits of a trained network. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/test.h"

#include <string.h>

enum { CLASSES = 4 };

/* Moving statistics and no dropout: an image's logits do not depend on its company; in training they do. */
static void check_inference(const char *text)
{
	struct model_run r;
	double *logits[2][2];

	model_run_open(&r, text, (struct shape){ 3, 9, 11 }, CLASSES);
	model_run_plan(&r, 20);
	model_run_create(&r, kernels_choose(NULL));
	model_run_fill(&r, 20, 1, 0);
	model_run_train(&r);
	for (int training = 0; training < 2; training++)
		for (int company = 0; company < 2; company++) {
			model_run_fill(&r, 20, 2, 0);
			if (company)
				model_input(r.model, 1)[3] += 1;        /* image 19 */
			r.batch.training = training;
			model_forward(r.model, &r.team, &r.batch, true);
			logits[training][company] = take_plain(model_logits(r.model), (struct shape){ CLASSES, 1, 1 },
			                                       19);
		}
	CHECK_EQUAL("inference", logits[0][0], logits[0][1], 19 * CLASSES);
	CHECK(memcmp(logits[1][0], logits[1][1], 19 * CLASSES * sizeof(double)));
	model_run_close(&r);
	take_nothing();
}

TEST(model_inference_takes_each_image_by_itself)
{
	check_inference(every_layer_text);
	check_inference(expansions_text);
	check_inference(norms_text);
	check_inference(projections_text);
	check_inference(transitions_text);
}
