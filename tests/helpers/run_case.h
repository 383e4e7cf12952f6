/* What the tests of `archsweep run` share: a tiny data set, a tiny sweep, a run of it, and what it left behind. */
#ifndef TESTS_HELPERS_RUN_CASE_H
#define TESTS_HELPERS_RUN_CASE_H

#include "tests/helpers/run_program.h"

#include <stdbool.h>

enum { MAX_RUN_ARGUMENTS = 24 };

/* Three points of family "small" at widths 1, 2, 4 and one of "flat": 8x8 images, 3 classes, a few epochs. */
extern const char *const tiny_sweep;

/* Writes four IDX files into the test's folder: 128 training images, of which `tiny_sweep` holds out 32, and 32 test
 * images. Their pixels tell their class, more or less; another `salt` gives other noise. */
void run_case_write_data(unsigned salt);
/* Writes tiny.yaml (NULL: tiny_sweep) and returns its path. */
const char *run_case_write_sweep(const char *yaml);

/* `archsweep run tiny.yaml --reports FOLDER/reports` and further arguments, NULL at the end. */
struct program_result run_tiny(const char *const *arguments);
/* The same, with OMP_NUM_THREADS and a folder of its own for the reports. */
struct program_result run_tiny_in(const char *reports, int threads, const char *const *arguments);
/* The same, on its way: finish with program_finish. */
struct running_program *start_tiny(const char *reports, const char *const *arguments, pid_t *id);

/* Checks the status and that stderr says this; '@' stands for the test's folder. Frees the result. */
void check_run(const char *file, int line, struct program_result result, int status, const char *err);
#define CHECK_RUN(result, status, err) check_run(__FILE__, __LINE__, result, status, err)

/* Records below FOLDER/reports/tiny/points: how many there are (curves not counted). */
int count_records(const char *reports);
/* The file of the record of family/width, "" where there is none; found by its contents. In a ring of static
 * buffers. */
const char *record_file(const char *reports, const char *family, const char *width);
/* One column's value in a record's file; "" where it has none. In a ring of static buffers. */
const char *record_value(const char *file, const char *column);
/* The file of its weights, which may be missing. In a ring of static buffers. */
const char *weights_file(const char *reports, const char *family, const char *width);
/* Whether two reports hold the same records, curves and weights, byte for byte, apart from the columns of times and
 * threads. Says what differs. */
bool same_records(const char *reports, const char *others);
/* A number that changes when a file is written anew, by whatever way; 0 where it is missing. */
unsigned long long file_stamp(const char *path);

#endif
