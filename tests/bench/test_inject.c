/* Every allocation, write and read of a small sweep fails in turn (tests/inject/inject.c): the program says so and ends
 * with 1, leaves no file that is broken and none that is half written, and goes on the next time. By default a few of
 * them, spread evenly; `make inject` lets each of them fail. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <dirent.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, A_FEW = 4, CRASHED = 128 };

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char sweep[] =
	"data: {idx: {folder: ., validation: 32}}\n"
	"input: [8, 8, 1]\n"
	"classes: 3\n"
	"recipe: {epochs: 2, batch: 64, learning_rate: 0.01}\n"
	"families:\n"
	"  - {name: small, widths: [11], layers: [{conv: {channels: w, kernel: 3}}, batch_norm, relu, flatten,\n"
	"     {dense: {units: classes}}]}\n"
	"  - {name: flat, widths: [8], layers: [flatten, {dense: {units: 4w}}, relu, {dense: {units: classes}}]}\n";

/* What is run, in the test's folder, and what it needs. */
struct victim {
	const char *const *arguments;
	bool after_run;         /* on the records of a whole run */
};

/* build/inject.so, beside the tests. */
static const char *shim(void)
{
	static char path[PATH_BYTES + 32];
	char here[PATH_BYTES];
	ssize_t len = readlink("/proc/self/exe", here, sizeof here - 1);

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	test_skip("sanitizers have an allocator of their own");
#endif
	here[len > 0 ? len : 0] = '\0';
	snprintf(path, sizeof path, "%s/inject.so", dirname(here));
	if (access(path, R_OK) != 0)
		test_skip("no inject.so beside the tests; `make test` builds it");
	return path;
}

/* Runs the victim; `inject` NULL: nothing fails. */
static struct program_result run_victim(const struct victim *victim, const char *inject)
{
	const char *argv[32] = { archsweep_path() };
	char preload[PATH_BYTES + 64], setting[64], log[PATH_BYTES], plots[PATH_BYTES];
	const char *environment[] = { "OMP_NUM_THREADS=1", plots, setting, log, preload, NULL };

	for (int i = 0; victim->arguments[i]; i++)
		argv[i + 1] = victim->arguments[i];
	snprintf(plots, sizeof plots, "ARCHSWEEP_PLOTS=%s", test_path("scripts"));
	snprintf(setting, sizeof setting, "INJECT=%s", inject ? inject : "");
	snprintf(log, sizeof log, "INJECT_LOG=%s", test_path("log"));
	snprintf(preload, sizeof preload, inject ? "LD_PRELOAD=%s" : "LD_PRELOAD", inject ? shim() : "");
	unlink(test_path("log"));
	return run_program((struct program){ .argv = argv, .folder = test_folder(), .environment = environment,
		.limit_seconds = 60 });
}

static void remove_reports(void)
{
	struct program_result got = run_program((struct program){
		.argv = WORDS("rm", "-rf", "reports", "x.npz"), .folder = test_folder() });

	program_result_free(&got);
}

static void copy_reports(const char *from, const char *to)
{
	struct program_result got = run_program((struct program){
		.argv = WORDS("cp", "-r", from, to), .folder = test_folder() });

	CHECK_INT(got.status, 0);
	program_result_free(&got);
}

/* Temporary files, and tables without a last newline, in a folder of the test. */
static int count_broken(const char *name)
{
	DIR *folder = opendir(test_path(name));
	char path[PATH_BYTES];
	int count = 0;

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		size_t len = strlen(entry->d_name);

		count += strncmp(entry->d_name, ".tmp-", 5) == 0;
		snprintf(path, sizeof path, "%s/%.200s", name, entry->d_name);
		if (len < 4 || strcmp(entry->d_name + len - 4, ".tsv") != 0)
			continue;
		const char *text = file_text(test_path(path));
		count += !*text || text[strlen(text) - 1] != '\n';
	}
	if (folder)
		closedir(folder);
	return count;
}

static void start_anew(const struct victim *victim)
{
	remove_reports();
	if (victim->after_run)
		copy_reports("whole", "reports");
}

/* The N-th call fails; then the same command does what it should. `mends`: half a read or write is no error. */
static void check_injection(const struct victim *victim, const char *kind, long number, bool mends)
{
	char inject[64], place[64];

	start_anew(victim);
	snprintf(inject, sizeof inject, "%s:%ld", kind, number);
	struct program_result got = run_victim(victim, inject);
	snprintf(place, sizeof place, "%.*s", (int)strcspn(file_text(test_path("log")), "\n"),
	         file_text(test_path("log")));

	if (got.status < 0 || got.status >= CRASHED || (mends && got.status != 0) || (got.status != 0 && !got.err[0]))
		test_fail(__FILE__, __LINE__, "%s at %s: status %d, \"%s\"", inject, place, got.status, got.err);
	program_result_free(&got);
	int broken = count_broken(".") + count_broken("reports/tiny") + count_broken("reports/tiny/points");
	if (broken)
		test_fail(__FILE__, __LINE__, "%s at %s: %d files are broken or left over", inject, place, broken);
	got = run_victim(victim, NULL);
	if (got.status != 0)
		test_fail(__FILE__, __LINE__, "after %s at %s: status %d, \"%s\"", inject, place, got.status, got.err);
	program_result_free(&got);
	if (count_records("reports") > 0)
		CHECK(same_records("reports", "whole"));
}

static void check_kind(const struct victim *victim, const char *kind)
{
	char inject[64];
	long few = getenv("INJECT_ALL") ? 0 : A_FEW;

	start_anew(victim);
	snprintf(inject, sizeof inject, "%s:0", kind);
	struct program_result got = run_victim(victim, inject);
	if (got.status != 0)
		test_fail(__FILE__, __LINE__, "%s: status %d, \"%s\"", inject, got.status, got.err);
	program_result_free(&got);
	long count = strtol(file_text(test_path("log")), NULL, 10);
	long step = few && count > few ? count / few : 1;

	for (long number = step > 1 ? 1 + step / 2 : 1; number <= count; number += step)
		check_injection(victim, kind, number, strcmp(kind, "short") == 0);
}

/* A whole run for comparison. */
static void prepare(void)
{
	static const char figure[] = "# Figure: mine\neval 'set terminal '."
		"(out[strlen(out)-1:*] eq 'ng' ? 'pngcairo' : 'svg')\nset output out\nplot x\n";
	const struct victim whole = { WORDS("run", "tiny.yaml", "--reports", "."), false };

	(void)shim();
	run_case_write_data(0);
	run_case_write_sweep(sweep);
	mkdir(test_path("scripts"), 0777);
	test_write("scripts/mine.gp", figure, sizeof figure - 1);
	struct program_result got = run_victim(&whole, NULL);
	CHECK_INT(got.status, 0);
	program_result_free(&got);
	mkdir(test_path("whole"), 0777);
	CHECK(rename(test_path("tiny"), test_path("whole/tiny")) == 0);
}

static const struct victim trained = { WORDS("run", "tiny.yaml", "--reports", "reports", "--verbose"), false };

TEST(inject_run_without_memory)
{
	prepare();
	check_kind(&trained, "alloc");
}

TEST(inject_run_on_a_full_disk)
{
	prepare();
	check_kind(&trained, "full");
}

TEST(inject_run_on_a_broken_disk)
{
	prepare();
	check_kind(&trained, "broken");
	check_kind(&trained, "short");
}

static void check_all_kinds(const char *const *arguments)
{
	static const char *const kinds[] = { "alloc", "full", "broken", "short" };
	const struct victim victim = { arguments, true };

	prepare();
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		check_kind(&victim, kinds[i]);
}

TEST(inject_plot)
{
	check_all_kinds(WORDS("plot", "tiny", "--reports", "reports"));
}

TEST(inject_export)
{
	check_all_kinds(WORDS("export", "tiny.yaml", "flat/8", "--npz", "x.npz", "--reports", "reports"));
}

TEST(inject_eval)
{
	check_all_kinds(WORDS("eval", "tiny.yaml", "flat/8", "--reports", "reports", "--json"));
}

TEST(inject_compare)
{
	check_all_kinds(WORDS("compare", "--base", "flat", "--no-speed", "tiny.yaml", "--reports", "reports"));
}

TEST(inject_compare_of_two)
{
	check_all_kinds(WORDS("compare", "tiny.yaml:small", ":flat", "--reports", "reports"));
}

TEST(inject_equal)
{
	check_all_kinds(WORDS("equal", "tiny.yaml", "--reports", "reports"));
}

TEST(inject_match)
{
	check_all_kinds(WORDS("match", "--parameters", "500", "tiny.yaml"));
}

TEST(inject_params)
{
	check_all_kinds(WORDS("params", "tiny.yaml"));
}
