/* Runs each test in a process of its own, several side by side.
 *
 * A test that crashes, exits or hangs is one failed test, not the end of the run, and whatever it started ends with it.
 * What it prints goes to a file without a name and is shown when the tests before it have ended, so that the order is
 * always the same. */
#include "tests/helpers/harness.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 120 };         /* a test's time limit */

/* A running test. */
struct slot {
	struct result *result;
	pid_t child;            /* 0: free; also its process group */
	FILE *output;
	double start;
};

struct run {
	char folder[PATH_MAX];          /* each test has one inside */
	sigset_t signals, before;       /* what is waited for; what the tests inherit */
	struct slot *slots;
	int jobs, running;
};

static double now(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (double)at.tv_sec + 1e-9 * (double)at.tv_nsec;
}

static unsigned limit_seconds(void)
{
	const char *wanted = getenv("TEST_SECONDS");
	unsigned long seconds = wanted ? strtoul(wanted, NULL, 10) : 0;

	return seconds > 0 && seconds < INT_MAX ? (unsigned)seconds : SECONDS;
}

/* --- Folders --- */

static void folder_create(char path[PATH_MAX])
{
	const char *temporary = getenv("TMPDIR");

	snprintf(path, PATH_MAX, "%s/archsweep-tests-XXXXXX", temporary && *temporary ? temporary : "/tmp");
	if (!mkdtemp(path))
		harness_stop("cannot create", path);
}

static int entry_remove(const char *path, const struct stat *about, int type, struct FTW *place)
{
	(void)about, (void)type, (void)place;
	return remove(path);
}

static void folder_remove(const char *path)
{
	if (nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		harness_stop("cannot remove", path);
}

static void folder_of_test_remove(const struct run *run, const struct test *test)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s", run->folder, test->name) < (int)sizeof path)
		folder_remove(path);
}

/* --- One test --- */

_Noreturn static void child_run(const struct run *run, const struct slot *slot)
{
	setpgid(0, 0);
	for (int i = 0; i < run->jobs; i++)
		if (run->slots[i].child && &run->slots[i] != slot)
			close(fileno(run->slots[i].output));
	if (dup2(fileno(slot->output), STDOUT_FILENO) < 0 || dup2(fileno(slot->output), STDERR_FILENO) < 0)
		harness_stop("cannot redirect the output of", slot->result->test->name);
	close(fileno(slot->output));
	sigprocmask(SIG_SETMASK, &run->before, NULL);
	check_begin(slot->result->test, run->folder);
	slot->result->test->run();
	check_end();
}

static void start(struct run *run, struct result *result)
{
	struct slot *slot = run->slots;

	while (slot->child)
		slot++;
	*slot = (struct slot){ .result = result, .output = tmpfile(), .start = now() };
	if (!slot->output)
		harness_stop("cannot create a file for the output of", result->test->name);
	fflush(NULL);
	pid_t child = fork();
	if (child < 0)
		harness_stop("cannot fork for", result->test->name);
	if (child == 0)
		child_run(run, slot);
	setpgid(child, child);
	slot->child = child;
	run->running++;
}

static bool has_ended(pid_t child)
{
	siginfo_t about = { 0 };

	return waitid(P_PID, (id_t)child, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == child;
}

static void output_read(FILE *output, struct result *result)
{
	if (fseek(output, 0, SEEK_END) != 0 || (result->len = (size_t)ftell(output)) == (size_t)-1)
		harness_stop("cannot read the output of", result->test->name);
	rewind(output);
	result->text = malloc(result->len + 1);
	if (!result->text || fread(result->text, 1, result->len, output) != result->len)
		harness_stop("cannot read the output of", result->test->name);
	result->text[result->len] = '\0';
	fclose(output);
}

/* Adds why a test failed if its own checks have not said so. */
static enum outcome outcome_of(FILE *output, const struct test *test, int status, bool late)
{
	fseek(output, 0, SEEK_END);
	if (late)
		fprintf(output, "%s: %s: still running after %u s, killed\n", test->file, test->name, limit_seconds());
	else if (WIFSIGNALED(status))
		fprintf(output, "%s: %s: killed by signal %d (%s)\n", test->file, test->name, WTERMSIG(status),
		        strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status) >= PASSED && WEXITSTATUS(status) <= SKIPPED)
		return (enum outcome)WEXITSTATUS(status);
	else
		fprintf(output, "%s: %s: exited with status %d\n", test->file, test->name, WEXITSTATUS(status));
	return FAILED;
}

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

/* The whole process group goes, whether the test has ended by itself or is late. */
static void finish(struct run *run, struct slot *slot, bool late)
{
	struct result *result = slot->result;
	struct rusage used = { 0 };
	int status = 0;

	kill(-slot->child, SIGKILL);
	wait4(slot->child, &status, 0, &used);
	slot->child = 0;
	run->running--;
	folder_of_test_remove(run, result->test);
	result->seconds = now() - slot->start;
	result->processor_seconds = seconds_of(used.ru_utime) + seconds_of(used.ru_stime);
	result->outcome = outcome_of(slot->output, result->test, status, late);
	output_read(slot->output, result);
}

/* --- All of them --- */

/* The signals are blocked from here on and wait for us. Whoever starts us in the background may ignore some, which
 * tests would inherit. */
static void signals_block(struct run *run)
{
	static const int watched[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };

	sigemptyset(&run->signals);
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
		sigaddset(&run->signals, watched[i]);
		signal(watched[i], SIG_DFL);
	}
	sigprocmask(SIG_BLOCK, &run->signals, &run->before);
}

_Noreturn static void interrupted(struct run *run, int number)
{
	for (int i = 0; i < run->jobs; i++)
		if (run->slots[i].child) {
			kill(-run->slots[i].child, SIGKILL);
			waitpid(run->slots[i].child, NULL, 0);
		}
	folder_remove(run->folder);
	exit(128 + number);
}

/* Until a test has ended or the next time limit is over. */
static void await(struct run *run)
{
	double left = limit_seconds();

	for (int i = 0; i < run->jobs; i++)
		if (run->slots[i].child && run->slots[i].start + limit_seconds() - now() < left)
			left = run->slots[i].start + limit_seconds() - now();
	left = left > 0 ? left : 0;
	struct timespec rest = { .tv_sec = (time_t)left, .tv_nsec = (long)((left - (double)(time_t)left) * 1e9) };
	int got = sigtimedwait(&run->signals, NULL, &rest);
	if (got > 0 && got != SIGCHLD)
		interrupted(run, got);
}

static void finish_those_at_end(struct run *run)
{
	for (struct slot *slot = run->slots; slot < run->slots + run->jobs; slot++) {
		if (slot->child && has_ended(slot->child))
			finish(run, slot, false);
		else if (slot->child && now() - slot->start >= limit_seconds())
			finish(run, slot, true);
	}
}

/* Tests that want the machine alone come last. */
void run_tests(const struct results *results, int jobs, void (*done)(const struct result *result, int number))
{
	struct run run = { .jobs = jobs, .slots = calloc((size_t)jobs, sizeof *run.slots) };
	int next = 0, shown = 0;

	if (!run.slots)
		harness_stop("no memory for", "the running tests");
	folder_create(run.folder);
	signals_block(&run);
	while (shown < results->count) {
		while (next < results->count && run.running < (results->at[next].test->alone ? 1 : jobs))
			start(&run, &results->at[next++]);
		await(&run);
		finish_those_at_end(&run);
		for (; shown < results->count && results->at[shown].outcome; shown++)
			done(&results->at[shown], shown + 1);
	}
	folder_remove(run.folder);
	free(run.slots);
}
