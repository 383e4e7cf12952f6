/* What the files of the test harness share: check.c inside a test, runner.c and report.c around it. Tests include
 * test.h. */
#ifndef TESTS_HELPERS_HARNESS_H
#define TESTS_HELPERS_HARNESS_H

#include "tests/helpers/test.h"

/* A test's exit status. An exit() inside the tested code is none of them. */
enum outcome { PASSED = 100, FAILED = 101, SKIPPED = 102 };

struct result {
	const struct test *test;
	enum outcome outcome;           /* 0: has not ended */
	double seconds;                 /* by the clock */
	double processor_seconds;       /* of all its threads, and of the programs that it ran */
	char *text;                     /* what it printed, and why it failed if its checks don't say */
	size_t len;
};

struct results {
	struct result *at;
	int count;
};

/* Prints "tests: WHAT ABOUT: the reason in errno" and ends the run. */
_Noreturn void harness_stop(const char *what, const char *about);

/* check.c: makes `test` the running one of this process, whose folder is created inside of `folder`. */
void check_begin(const struct test *test, const char *folder);
/* Ends the process with the test's outcome. */
_Noreturn void check_end(void);

/* runner.c: runs all, up to `jobs` at once, and calls done() of each in their order. */
void run_tests(const struct results *results, int jobs, void (*done)(const struct result *result, int number));

/* report.c: what a test printed; the same as TAP; the lines at the run's end, each behind `before`. */
void report_text(const struct result *result, int number);
void report_tap(const struct result *result, int number);
void report_slowest(const struct results *results, int count, const char *before);
/* "N passed, N failed"; false if one failed or none passed. */
bool report_sum(const struct results *results, const char *before);
/* JUnit's XML; `suite` names the program. */
void report_junit(const struct results *results, const char *suite, const char *path);

#endif
