/* Sweeps written out in tests: read from a string, refused with an exact text. */
#ifndef TESTS_HELPERS_SWEEP_TEXT_H
#define TESTS_HELPERS_SWEEP_TEXT_H

#include "bench/sweep/sweep.h"
#include "tests/helpers/test.h"

/* Four lines that a sweep of an 8x8 image and 3 classes begins with, and a fifth that completes it. */
#define HEAD "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1}\n"
#define TINY "families: [{name: tiny, widths: [1], layers: [flatten, dense: {units: classes}]}]\n"

/* FAMILY "[flatten]" END: a sweep of one family of width 3, whose layers stand at the beginning of line 6. */
#define FAMILY HEAD "families: [{name: t, widths: [3], layers:\n"
#define END "}]\n"

/* A sweep whose families are LIST("[{name: a, widths: [1], " BODY "}]"), in line 5. */
#define LIST(text) HEAD "families: " text "\n"
#define BODY "layers: [flatten, dense: {units: classes}]"

/* Writes families/NAME.yaml beside the sweep. */
void write_family(const char *name, const char *text);

/* The sweep of a text, written to s.yaml in the test's folder; `set`: one assignment or NULL. NULL where it was
 * refused, and the message, without the test's folder, in a static buffer. */
struct sweep *sweep_of(const char *text, const char *set);
const char *sweep_refusal(void);

/* The text must be refused with exactly that message. */
void check_refused(const char *file, int line, const char *text, const char *want);

#define CHECK_REFUSED(text, want) check_refused(__FILE__, __LINE__, text, want)

#endif
