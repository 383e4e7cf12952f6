/* The entry points of libFuzzer, which AFL++ calls as well: one program for all targets, and $FUZZ_TARGET chooses.
 *
 *	FUZZ_TARGET=sweep build/fuzz/fuzzer FILE        feeds one input again
 *	build/fuzz/fuzzer --targets                     names the targets, with dictionary and more inputs, or "-"
 *
 * Inputs are written to a folder below $TMPDIR, which should be in memory; ci/fuzz.sh provides one. */
#include "tests/fuzz/targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct fuzz_place place;

static void list_targets(void)
{
	for (const struct fuzz_target *target = fuzz_targets; target->name; target++)
		printf("%s %s %s\n", target->name, target->dictionary ? target->dictionary : "-",
		       target->more ? target->more : "-");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET"), *parent = getenv("TMPDIR");
	char folder[FUZZ_PATH_BYTES / 2];

	if (*argc > 1 && strcmp((*argv)[1], "--targets") == 0) {
		list_targets();
		exit(0);
	}
	const struct fuzz_target *target = name ? fuzz_find(name) : NULL;
	if (!target) {
		fprintf(stderr, "FUZZ_TARGET: \"%s\" is no target; accepted:\n", name ? name : "");
		list_targets();
		exit(2);
	}
	snprintf(folder, sizeof folder, "%s/fuzz-XXXXXX", parent && *parent ? parent : "/tmp");
	if (!mkdtemp(folder)) {
		perror(folder);
		exit(2);
	}
	fuzz_open(&place, target, folder);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	fuzz_feed(&place, bytes, len);
	return 0;
}
