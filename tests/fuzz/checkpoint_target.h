/* The target that reads checkpoints: a row of the table in targets.c. */
#ifndef TESTS_FUZZ_CHECKPOINT_TARGET_H
#define TESTS_FUZZ_CHECKPOINT_TARGET_H

#include "tests/fuzz/targets.h"

#define FUZZ_CHECKPOINT_ID "3af899cba755f341"

void feed_checkpoint(const struct fuzz_input *input);

#endif
