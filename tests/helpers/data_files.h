/* What the tests of data formats share: a description with its config, gzip, and the exact text of an error. */
#ifndef TESTS_HELPERS_DATA_FILES_H
#define TESTS_HELPERS_DATA_FILES_H

#include "bench/data/dataset.h"

#include <stddef.h>
#include <stdint.h>

/* A description that stands at sweeps/x.yaml:5:3; its relative paths start at the test's folder. Not to be copied. */
struct data_case {
	struct data_description description;
	max_align_t config[4];
};

void data_case_init(struct data_case *c, const char *format, struct shape shape, int classes);
void data_case_set_text(struct data_case *c, const char *key, const char *text);
void data_case_set_int(struct data_case *c, const char *key, int value);

/* test_write into a new file: truncating an old one makes some file systems wait for the disk, and there are thousands
 * to write. */
void write_anew(const char *name, const void *bytes, size_t len);

/* Compresses as gzip(1) does. Returns the length, at most `room`. */
size_t gzip_bytes(const void *bytes, size_t len, uint8_t *to, size_t room);

/* Reads and expects exactly this error; '@' in it stands for the test's folder. Checks that nothing is left in the data
 * set. */
void check_data_error(const char *file, int line, const struct data_case *c, const char *want);
#define CHECK_DATA_ERROR(c, want) check_data_error(__FILE__, __LINE__, c, want)

/* Expects success; frees nothing. */
bool check_data_read(const char *file, int line, const struct data_case *c, struct dataset *to);
#define CHECK_DATA_READ(c, to) check_data_read(__FILE__, __LINE__, c, to)

/* Every byte of two runs. */
void check_bytes(const char *file, int line, const uint8_t *got, const uint8_t *want, size_t len);
#define CHECK_BYTES(got, want, len) check_bytes(__FILE__, __LINE__, got, want, len)

/* "training 0 0+4, test 2 4+2": names, roles, images. Returns `to`. */
const char *describe_splits(const struct dataset *data, char to[256]);

#endif
