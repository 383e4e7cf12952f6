/* Teachers: trained networks whose answers to a batch the student learns (nn/loss/distillation.c). Floor 3.
 *
 * They see the student's batch as it stands in its input, augmented, and run in inference mode on the student's team.
 * The student gets the mean over the teachers, in their order, of softmax(logits / temperature). */
#ifndef NN_TRAIN_TEACHERS_H
#define NN_TRAIN_TEACHERS_H

#include "nn/train/loader.h"

/* All that teachers are made from; borrowed while they are created, networks and kernels as long as they live. */
struct teachers_setup {
	const struct teacher *of;       /* [count], count > 0 */
	int count;
	const struct recipe *recipe;    /* the student's: batch, temperature, precision and kept views; lives as long */
	struct images training;         /* the student's */
	struct pixel_scale scale;       /* of the student's pixels */
	const struct kernels *kernels;
	const struct observer *observer;        /* may be NULL; hears of STAGE_TEACHERS */
};

struct teachers;

/* NULL and an error where memory is short or a network cannot be planned. */
struct teachers *teachers_create(const struct teachers_setup *setup, struct error *err);
void teachers_destroy(struct teachers *teachers);

/* Bytes that teachers of these networks take for a student with that recipe, without the answers that they keep. False
 * and an error where one cannot be planned. */
bool teachers_bytes(const struct teacher *of, int count, const struct recipe *recipe, int64_t *bytes,
                    struct error *err);

/* The batch in the student's input, [images] of the training images. */
struct taught_batch {
	const int *order;       /* index of each image */
	int images;
	int epoch;              /* finished before */
};
/* Fills model_teacher of all groups, from the networks or from the answers that they have kept of the same views; the
 * student's input stays as it is. */
void teachers_answer(struct teachers *teachers, struct model *student, struct team *team,
                     const struct taught_batch *batch);

/* The answers that are kept, [keep_views][images][classes], which outlive a batch: in them a training goes on from a
 * checkpoint. Of length 0 where none are. */
struct model_array teachers_kept(const struct teachers *teachers);

#endif
