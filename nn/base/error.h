/* One error, filled in once by whoever finds it, printed once by main. Floor 0.
 *
 * The user or the machine is at fault: a function returns false and fills a struct error. We are at fault: assert. */
#ifndef NN_BASE_ERROR_H
#define NN_BASE_ERROR_H

#include <stdbool.h>

/* A position in a text that a person wrote. Lines and columns count from 1; file NULL: no position. */
struct mark {
	const char *file;       /* borrowed: lives as long as what was read from it */
	int line, column;
};

struct error {
	char text[1024];        /* one line, without a newline; "file:line:column: " in front where there is a mark */
};

/* Writes the message into err (which may be NULL) and returns false, so that a caller can `return fail(...)`. An error
 * that is already filled in stays: the first cause is the one to read. Start with `struct error err = { "" }`. */
bool fail(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, with the position in front: "sweeps/a.yaml:14:20: stride: ...". */
bool fail_at(struct error *err, struct mark at, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ci/analyze.sh: an analyzer reads one file at a time and must be told that they return false. */
#ifdef ANALYZED
#define fail(...) (fail(__VA_ARGS__), false)
#define fail_at(...) (fail_at(__VA_ARGS__), false)
#endif

#endif
