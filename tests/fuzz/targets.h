/* What reads bytes from outside, as a table of functions that are fed arbitrary ones: by libFuzzer or AFL++ (fuzzer.c),
 * and by the test that feeds the committed inputs and their beginnings (tests/bench/test_fuzz.c).
 *
 * A new reader is one row of the table in targets.c and a folder of small inputs, tests/fixtures/fuzz/NAME. */
#ifndef TESTS_FUZZ_TARGETS_H
#define TESTS_FUZZ_TARGETS_H

#include "bench/sweep/sweep.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FUZZ_PATH_BYTES = 4096 };

/* One input on its way to a reader. */
struct fuzz_input {
	const char *folder;             /* where it lies */
	const char *path;               /* the file that holds it */
	const char *text;               /* its bytes, with a zero after them */
	size_t len;
	const struct sweep *sweep;      /* the target's own, folder/sweep.yaml; NULL: it has none, or reads it itself */
};

struct fuzz_target {
	const char *name;
	const char *file;               /* the input's path in the folder; readers find it by that name */
	void (*feed)(const struct fuzz_input *input);
	const char *sweep;              /* text of folder/sweep.yaml, or NULL */
	bool sweep_later;               /* feed() reads the sweep, since the input is a part of it */
	void (*prepare)(const char *folder);    /* writes what else the folder must hold; or NULL */
	const char *dictionary;         /* of words in tests/fuzz, or NULL */
	const char *more;               /* folder of further inputs to begin with, or NULL */
};

extern const struct fuzz_target fuzz_targets[];         /* without a name at the end */

/* The target of that name, or NULL. */
const struct fuzz_target *fuzz_find(const char *name);

/* A target at work in an empty folder of its own. */
struct fuzz_place {
	const struct fuzz_target *target;
	char folder[FUZZ_PATH_BYTES / 2], path[FUZZ_PATH_BYTES];
	struct sweep *sweep;            /* owned; or NULL */
};

/* Ends the program where the folder cannot be written: that is no finding. */
void fuzz_open(struct fuzz_place *place, const struct fuzz_target *target, const char *folder);
void fuzz_feed(const struct fuzz_place *place, const void *bytes, size_t len);
void fuzz_close(struct fuzz_place *place);

#endif
