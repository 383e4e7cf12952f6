/* The test harness: a TEST registers itself, a failed CHECK prints both values and is counted, main runs all or those
 * whose names contain a word of the command line, prints "N passed, N failed" and exits 1 if anything failed. Tests run
 * side by side, each in a process of its own; a TEST_ALONE runs while no other does, since it measures times or counts
 * on threads that run at once. */
#ifndef TESTS_HELPERS_TEST_H
#define TESTS_HELPERS_TEST_H

#include <stdbool.h>
#include <stddef.h>

struct test {
	const char *name, *file;
	void (*run)(void);
	bool alone;
	struct test *next;
};

void test_register(struct test *test);
/* Marks the running test as failed and prints the message once per failure (the first ten of a test). */
void test_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Ends the running test where this machine lacks what it needs; counted apart, and a failure before it stays one. */
_Noreturn void test_skip(const char *reason);
/* The master of a new pseudo-terminal, unlocked; the caller closes it. Skips the test where there are none. */
int test_terminal(void);
/* A folder of the running test's own, empty at its start, removed at its end. */
const char *test_folder(void);
/* path in test_folder(), in a ring of static buffers; written with `text` if it is not NULL. */
const char *test_path(const char *name);
const char *test_write(const char *name, const void *bytes, size_t len);

void check_text(const char *file, int line, const char *got, const char *want, const char *what);
void check_long(const char *file, int line, long long got, long long want, const char *what);
/* Element by element: |got - want| <= tolerance * max(1, |want|); NaN never passes. */
void check_close(const char *file, int line, double got, double want, double tolerance, const char *what);

#define TEST_DEFINED(test_name, is_alone) \
	static void test_name(void); \
	static struct test test_##test_name = { #test_name, __FILE__, test_name, is_alone, NULL }; \
	__attribute__((constructor)) static void register_##test_name(void) { test_register(&test_##test_name); } \
	static void test_name(void)
#define TEST(test_name) TEST_DEFINED(test_name, false)
#define TEST_ALONE(test_name) TEST_DEFINED(test_name, true)

#define CHECK(condition) do { if (!(condition)) test_fail(__FILE__, __LINE__, "%s is false", #condition); } while (0)
#define CHECK_TEXT(got, want) check_text(__FILE__, __LINE__, got, want, #got)
#define CHECK_INT(got, want) check_long(__FILE__, __LINE__, got, want, #got)
#define CHECK_CLOSE(got, want, tolerance) check_close(__FILE__, __LINE__, got, want, tolerance, #got)

#endif
