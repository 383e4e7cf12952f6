/* The harness of test.h: runs each test in a process of its own and adds up. Not part of the program.
 *
 *   build/tests [WORD...]       all tests, or those whose names contain one of the words
 *
 * A test that crashes, exits or hangs is one failed test, not the end of the run, and whatever it started ends with it.
 * ARCHSWEEP names the program under test (default: archsweep beside the test program), TEST_SECONDS the time limit of a test. */
#include "tests/helpers/test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SECONDS = 120,                  /* a test's time limit */
	SHOWN = 10,                     /* failures printed of one test */
	PATHS = 16,                     /* results of test_path that live side by side */
	PASSED = 100, FAILED = 101, SKIPPED = 102,      /* a test's exit status; an exit() inside the tested code is neither */
};

/* What test.h's functions share: they have no argument to carry it. */
static struct {
	struct test *first, **end;      /* in order of registration */
	char folder[PATH_MAX];          /* of this run; each test has one inside */
	const struct test *running;
	atomic_int failures;            /* of the running test; tested code may have threads */
} harness;

void test_register(struct test *test)
{
	if (!harness.end)
		harness.end = &harness.first;
	*harness.end = test;
	harness.end = &test->next;
}

void test_fail(const char *file, int line, const char *format, ...)
{
	char text[2048];
	va_list arguments;
	int failure = atomic_fetch_add(&harness.failures, 1);

	if (failure >= SHOWN)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	printf("%s:%d: %s: %s\n", file, line, harness.running->name, text);
	if (failure == SHOWN - 1)
		printf("%s:%d: %s: further failures are not shown\n", file, line, harness.running->name);
	fflush(stdout);
}

_Noreturn void test_skip(const char *reason)
{
	printf("%s: %s: skipped: %s\n", harness.running->file, harness.running->name, reason);
	fflush(stdout);
	_exit(harness.failures ? FAILED : SKIPPED);
}

int test_terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	if (master < 0)
		test_skip("no pseudo-terminals here: /dev/pts is not mounted");
	if (grantpt(master) != 0 || unlockpt(master) != 0)
		test_fail(__FILE__, __LINE__, "a pseudo-terminal cannot be unlocked: %s", strerror(errno));
	return master;
}

static void stop(const char *what, const char *about)
{
	fprintf(stderr, "tests: %s %s: %s\n", what, about, strerror(errno));
	exit(1);
}

/* --- Checks --- */

void check_text(const char *file, int line, const char *got, const char *want, const char *what)
{
	if (got && want ? strcmp(got, want) == 0 : got == want)
		return;
	test_fail(file, line, "%s\n  got  %s\n  want %s", what, got ? got : "(NULL)", want ? want : "(NULL)");
}

void check_long(const char *file, int line, long long got, long long want, const char *what)
{
	if (got != want)
		test_fail(file, line, "%s: got %lld, want %lld", what, got, want);
}

void check_close(const char *file, int line, double got, double want, double tolerance, const char *what)
{
	if (got == want || (isfinite(want) && fabs(got - want) <= tolerance * fmax(1, fabs(want))))
		return;
	test_fail(file, line, "%s: got %.17g, want %.17g within %g", what, got, want, tolerance);
}

/* --- Files of a test --- */

const char *test_folder(void)
{
	static char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/%s", harness.folder, harness.running->name) >= (int)sizeof path)
		stop("too long a path", harness.folder);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		stop("cannot create", path);
	return path;
}

const char *test_path(const char *name)
{
	static char ring[PATHS][PATH_MAX];
	static int next;
	char *path = ring[next++ % PATHS];

	if (snprintf(path, PATH_MAX, "%s/%s", test_folder(), name) >= PATH_MAX)
		stop("too long a path", name);
	return path;
}

const char *test_write(const char *name, const void *bytes, size_t len)
{
	const char *path = test_path(name);
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		stop("cannot write", path);
	return path;
}

static int entry_remove(const char *path, const struct stat *about, int type, struct FTW *place)
{
	(void)about, (void)type, (void)place;
	return remove(path);
}

static void folder_remove(const char *path)
{
	if (nftw(path, entry_remove, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT)
		stop("cannot remove", path);
}

/* --- The run --- */

/* Absolute, since a test may start the program in another folder. */
static void program_find(void)
{
	char path[PATH_MAX + sizeof "archsweep"] = "";

	if (readlink("/proc/self/exe", path, PATH_MAX) < 0)
		stop("cannot read", "/proc/self/exe");
	snprintf(strrchr(path, '/') + 1, sizeof "archsweep", "archsweep");
	setenv("ARCHSWEEP", path, 0);
}

static void folder_create(void)
{
	const char *temporary = getenv("TMPDIR");

	snprintf(harness.folder, sizeof harness.folder, "%s/archsweep-tests-XXXXXX", temporary && *temporary ? temporary : "/tmp");
	if (!mkdtemp(harness.folder))
		stop("cannot create", harness.folder);
}

static unsigned limit_seconds(void)
{
	const char *wanted = getenv("TEST_SECONDS");
	unsigned long seconds = wanted ? strtoul(wanted, NULL, 10) : 0;

	return seconds > 0 && seconds < INT_MAX ? (unsigned)seconds : SECONDS;
}

static bool has_ended(pid_t child)
{
	siginfo_t about = { 0 };

	return waitid(P_PID, (id_t)child, &about, WEXITED | WNOHANG | WNOWAIT) == 0 && about.si_pid == child;
}

/* SIGCHLD: the child has ended; SIGALRM: its time was up; else what interrupts us. Its whole process group is gone in any case. */
static int child_await(pid_t child, const sigset_t *signals, int *status)
{
	sigset_t late;
	int got;

	alarm(limit_seconds());
	do
		got = sigwaitinfo(signals, NULL);
	while (got < 0 || (got == SIGCHLD && !has_ended(child)));
	alarm(0);
	sigemptyset(&late);
	sigaddset(&late, SIGALRM);
	sigtimedwait(&late, NULL, &(struct timespec){ 0 });     /* one that came between the child's end and alarm(0) */
	kill(-child, SIGKILL);
	waitpid(child, status, 0);
	return got;
}

_Noreturn static void child_run(const struct test *test, const sigset_t *before)
{
	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, before, NULL);
	test->run();
	exit(harness.failures ? FAILED : PASSED);
}

/* Prints why a test failed if its own checks have not. PASSED, FAILED or SKIPPED. */
static int outcome_print(const struct test *test, int event, int status)
{
	if (event == SIGALRM)
		printf("%s: %s: still running after %u s, killed\n", test->file, test->name, limit_seconds());
	else if (WIFSIGNALED(status))
		printf("%s: %s: killed by signal %d (%s)\n", test->file, test->name, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if ((WEXITSTATUS(status) < PASSED || WEXITSTATUS(status) > SKIPPED))
		printf("%s: %s: exited with status %d\n", test->file, test->name, WEXITSTATUS(status));
	fflush(stdout);
	bool told = event == SIGCHLD && WIFEXITED(status) && WEXITSTATUS(status) >= PASSED && WEXITSTATUS(status) <= SKIPPED;
	return told ? WEXITSTATUS(status) : FAILED;
}

static int test_run(const struct test *test, const sigset_t *signals, const sigset_t *before)
{
	int status = 0;

	harness.running = test;
	fflush(NULL);
	pid_t child = fork();
	if (child < 0)
		stop("cannot fork for", test->name);
	if (child == 0)
		child_run(test, before);
	setpgid(child, child);
	int event = child_await(child, signals, &status);
	if (event != SIGCHLD && event != SIGALRM) {
		folder_remove(harness.folder);
		exit(128 + event);
	}
	folder_remove(test_folder());
	return outcome_print(test, event, status);
}

static bool is_wanted(const struct test *test, char **words)
{
	if (!*words)
		return true;
	for (; *words; words++)
		if (strstr(test->name, *words))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	static const int watched[] = { SIGCHLD, SIGALRM, SIGINT, SIGTERM, SIGHUP };
	sigset_t signals, before;
	int counts[3] = { 0 };  /* passed, failed, skipped */

	(void)argc;
	program_find();
	folder_create();
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof watched / sizeof *watched; i++) {
		sigaddset(&signals, watched[i]);
		signal(watched[i], SIG_DFL);    /* whoever starts us in the background may ignore some, and tests would inherit that */
	}
	sigprocmask(SIG_BLOCK, &signals, &before);
	for (const struct test *test = harness.first; test; test = test->next)
		if (is_wanted(test, argv + 1))
			counts[test_run(test, &signals, &before) - PASSED]++;
	folder_remove(harness.folder);
	printf("%d passed, %d failed", counts[0], counts[1]);
	if (counts[2] > 0)
		printf(", %d skipped", counts[2]);
	printf("\n");
	return counts[1] > 0 || counts[0] == 0;
}
