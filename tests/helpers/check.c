/* What test.h offers to the running test: checks, skipping, terminals, and files in a folder of its own. */
#include "tests/helpers/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SHOWN = 10,                     /* failures printed of one test */
	PATHS = 16,                     /* results of test_path that live side by side */
};

/* The functions of test.h have no argument to carry it. */
static struct {
	const struct test *test;
	const char *folder;             /* of the run */
	atomic_int failures;            /* tested code may have threads */
} running;

_Noreturn void harness_stop(const char *what, const char *about)
{
	fprintf(stderr, "tests: %s %s: %s\n", what, about, strerror(errno));
	exit(1);
}

void check_begin(const struct test *test, const char *folder)
{
	running.test = test;
	running.folder = folder;
}

_Noreturn void check_end(void)
{
	exit(running.failures ? FAILED : PASSED);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	char text[2048];
	va_list arguments;
	int failure = atomic_fetch_add(&running.failures, 1);

	if (failure >= SHOWN)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	printf("%s:%d: %s: %s\n", file, line, running.test->name, text);
	if (failure == SHOWN - 1)
		printf("%s:%d: %s: further failures are not shown\n", file, line, running.test->name);
	fflush(stdout);
}

_Noreturn void test_skip(const char *reason)
{
	printf("%s: %s: skipped: %s\n", running.test->file, running.test->name, reason);
	fflush(stdout);
	_exit(running.failures ? FAILED : SKIPPED);
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

	if (snprintf(path, sizeof path, "%s/%s", running.folder, running.test->name) >= (int)sizeof path)
		harness_stop("too long a path", running.folder);
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
		harness_stop("cannot create", path);
	return path;
}

const char *test_path(const char *name)
{
	static char ring[PATHS][PATH_MAX];
	static int next;
	char *path = ring[next++ % PATHS];

	if (snprintf(path, PATH_MAX, "%s/%s", test_folder(), name) >= PATH_MAX)
		harness_stop("too long a path", name);
	return path;
}

const char *test_write(const char *name, const void *bytes, size_t len)
{
	const char *path = test_path(name);
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
		harness_stop("cannot write", path);
	return path;
}
