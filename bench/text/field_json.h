/* The values of a table of fields as a JSON object. Floor 4a. */
#ifndef BENCH_TEXT_FIELD_JSON_H
#define BENCH_TEXT_FIELD_JSON_H

#include "nn/base/field.h"

/* {"kernel": [3, 3], "stride": 1, "padding": [1, 1, 1, 1], "bias": true, "init": "he"}: a pair is [rows, columns],
 * padding its rule's word or [top, bottom, left, right]; {} where `fields` is NULL. malloc'd, the caller frees; NULL
 * without memory. */
char *fields_json(const struct field *fields, const void *config);

#endif
