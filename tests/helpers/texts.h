/* What a program printed or a file holds, looked into. */
#ifndef TESTS_HELPERS_TEXTS_H
#define TESTS_HELPERS_TEXTS_H

#include <stdbool.h>

/* The field of that name in a row (0 is the first below the header) of TSV text; "no such column", "no such row". In a
 * ring of 16 static buffers. */
const char *tsv_field(const char *tsv, int row, const char *name);

void check_contains(const char *file, int line, const char *text, const char *part);
#define CHECK_CONTAINS(text, part) check_contains(__FILE__, __LINE__, text, part)

/* A whole file, "(none)" where it is missing. In a ring of two static buffers. */
const char *file_text(const char *path);

/* Byte for byte; false where one is missing. */
bool same_files(const char *left, const char *right);

struct npz;
struct npz_array;

/* Opens, finds; aborts the test where it cannot. */
struct npz *npz_open_well(const char *path);
const struct npz_array *npz_find_well(const struct npz *npz, const char *name);

#endif
