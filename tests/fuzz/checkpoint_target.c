/* Feeds inputs to the reader of checkpoints. See targets.h. The digest in an input is put right first: it is there
 * against damage, not against whoever computes it anew, and the rest must hold without it. */
#include "tests/fuzz/checkpoint_target.h"

#include "bench/record/checkpoint.h"
#include "bench/system/digest.h"
#include "nn/kernel/kernels.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 40, PIXELS = 16 };

static const char digest_name[] = "format\t1\tdigest\t";

/* A training of the sweep's first network; the caller destroys it. */
static struct training *start(const struct sweep *sweep)
{
	static const uint8_t pixels[IMAGES * PIXELS], labels[IMAGES];
	static struct team team;
	const struct images images = { .pixels = pixels, .labels = labels, .count = IMAGES,
		.shape = { .c = 1, .h = 4, .w = 4 } };
	const struct training_setup setup = {
		.network = &sweep->points[0].network, .recipe = &sweep->points[0].variant->recipe,
		.training = images, .seed = 1,
		.kernels = kernels_choose(NULL), .team = &team,
	};
	struct error err = { "" };

	team_init(&team);
	return training_create(&setup, &err);
}

/* The input with the digest of what stands behind its first line. */
static void write_with_digest(const struct fuzz_input *input)
{
	const char *line = memchr(input->text, '\n', input->len);
	size_t name = sizeof digest_name - 1;
	struct digest digest;
	FILE *file;

	if (!line || strncmp(input->text, digest_name, name) != 0 || line - input->text < (long)name + 16)
		return;
	digest_begin(&digest);
	digest_add(&digest, line + 1, input->len - (size_t)(line + 1 - input->text));
	file = fopen(input->path, "wb");
	if (!file)
		return;
	fprintf(file, "%s%016" PRIx64, digest_name, digest_end(&digest));
	fwrite(input->text + name + 16, 1, input->len - name - 16, file);
	fclose(file);
}

void feed_checkpoint(const struct fuzz_input *input)
{
	const struct checkpoint want = { .id = FUZZ_CHECKPOINT_ID, .data_digest = 1, .version = "1", .kernels = "any" };
	struct training *training = start(input->sweep);
	struct error err = { "" };
	struct checkpoint found;

	if (!training)
		return;
	write_with_digest(input);
	if (checkpoint_read(input->folder, &want, training, &found, &err))
		curve_free(&found.curve);
	training_destroy(training);
}
