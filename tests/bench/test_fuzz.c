/* What the fuzzer begins with, without a fuzzer: every committed input of every target, and its beginnings. Readers
 * must neither crash nor overrun, which the sanitizers' build sees best. Inputs that once did are among them. */
#include "tests/fuzz/targets.h"
#include "tests/helpers/test.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INPUT_BYTES = 1 << 16, CUTS = 128 };      /* CUTS: of a longer input not every beginning is fed */

static size_t read_input(const char *path, char to[INPUT_BYTES])
{
	FILE *file = fopen(path, "rb");
	size_t len = file ? fread(to, 1, INPUT_BYTES, file) : 0;

	CHECK(file && len < INPUT_BYTES);
	if (file)
		fclose(file);
	return len;
}

static char feeding[FUZZ_PATH_BYTES + 1];        /* the input that a reader has now */

static void say_which(int number)
{
	(void)number;
	(void)!write(STDOUT_FILENO, feeding, strlen(feeding));
}

/* A crash tells which input it was. A sanitizer's own handler, which tells more, stays. */
static void watch_crashes(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT };
	struct sigaction before, after = { .sa_handler = say_which, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		if (sigaction(crashes[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(crashes[i], &after, NULL);
}

static void feed_with_beginnings(const struct fuzz_place *place, const char *path)
{
	static char bytes[INPUT_BYTES];
	size_t len = read_input(path, bytes), step = len / CUTS + 1;

	snprintf(feeding, sizeof feeding, "%s\n", path);
	for (size_t cut = 0; cut < len; cut += step)
		fuzz_feed(place, bytes, cut);
	fuzz_feed(place, bytes, len);
}

/* Returns how many inputs the target has. */
static int feed_folder(const struct fuzz_place *place)
{
	char folder[FUZZ_PATH_BYTES / 2], path[FUZZ_PATH_BYTES];
	struct dirent *entry;
	int count = 0;

	snprintf(folder, sizeof folder, "tests/fixtures/fuzz/%s", place->target->name);
	DIR *inputs = opendir(folder);
	while (inputs && (entry = readdir(inputs))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		feed_with_beginnings(place, path);
		count++;
	}
	if (inputs)
		closedir(inputs);
	return count;
}

TEST(fuzz_inputs_and_their_beginnings_crash_no_reader)
{
	struct fuzz_place place;

	watch_crashes();
	for (const struct fuzz_target *target = fuzz_targets; target->name; target++) {
		const char *folder = test_path(target->name);

		if (mkdir(folder, 0777) != 0)
			test_fail(__FILE__, __LINE__, "cannot create %s", folder);
		fuzz_open(&place, target, folder);
		if (feed_folder(&place) < 1)
			test_fail(__FILE__, __LINE__, "%s: has no inputs in tests/fixtures/fuzz", target->name);
		fuzz_close(&place);
	}
}

TEST(fuzz_targets_are_found_by_name)
{
	CHECK(fuzz_find("sweep") == fuzz_targets);
	CHECK(!fuzz_find("sweeps"));
}
