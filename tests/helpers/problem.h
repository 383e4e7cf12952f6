/* A small problem that can be learnt, and its training by a recipe. For tests of nn/train. */
#ifndef TESTS_HELPERS_PROBLEM_H
#define TESTS_HELPERS_PROBLEM_H

#include "nn/train/train.h"
#include "tests/helpers/network.h"

#include <pthread.h>

enum { PROBLEM_HELPERS = 3 };
/* Neither number of images is a multiple of the batch or of 16. */
enum { SIDE = 8, PIXELS = SIDE * SIDE, TRAINING = 250, VALIDATION = 70 };

/* Class 0: the brighter half is on the left; class 1: on the right. Noise over both. */
struct problem {
	uint8_t pixels[TRAINING + VALIDATION][PIXELS], labels[TRAINING + VALIDATION];
	struct net net;
	_Alignas(16) char optimizer_config[NET_CONFIG], schedule_config[NET_CONFIG], loss_config[NET_CONFIG];
	struct recipe recipe;
	struct training_setup setup;
	struct team team;
	pthread_t threads[PROBLEM_HELPERS];
	int helpers;
};

/* An optimizer's name, at a constant rate (0: its usual one), 6 epochs of batches of 40; `p` must stay where it is. */
void problem_open(struct problem *p, const char *optimizer, double rate);

/* Another schedule; its fields as in tests/helpers/network.h. */
void problem_schedule(struct problem *p, const char *name, const char *fields);

struct training *problem_start(const struct problem *p);

/* Runs to the end; returns the number of epochs, their rows, and the score of the training images in inference. */
int problem_run(const struct problem *p, struct epoch_row *rows, struct score *score);

/* Threads that help in all trainings from now on, up to PROBLEM_HELPERS, and their end. */
void problem_help(struct problem *p, int helpers);
void problem_leave(struct problem *p);

#endif
