/* A sweep of three networks of two seeds, and made-up records and times of it: what the tests of timings and
 * comparisons share. */
#ifndef TESTS_HELPERS_ZOO_H
#define TESTS_HELPERS_ZOO_H

#include "bench/record/record.h"
#include "tests/helpers/sweep_text.h"

#define ZOO_LAYERS "layers: [flatten, dense: {units: 4w}, dense: {units: classes}]"
/* 195, 547 and 71 parameters, 192, 536 and 67 multiply-adds; points 0 and 1, 2 and 3, 4 and 5. */
#define ZOO HEAD "seeds: [1, 2]\nfamilies:\n  - {name: ape, widths: [1], " BODY "}\n" \
	"  - {name: zebra, widths: [2, 0.25], " ZOO_LAYERS "}\n"
#define SPEED_HEADER "id\tfamily\twidth\ttraining_microseconds\ttraining_fastest\ttraining_slowest\t" \
	"inference_microseconds\tinference_fastest\tinference_slowest\tbatch\trounds\tkernels\tprocessor\n"

/* A point's record, in the folder "s" of the test's folder. */
void zoo_write_record(const struct sweep *zoo, int point, enum point_status status, double accuracy,
                      uint64_t data_digest);

/* s/speed.tsv with the times of the three networks: 100, 150 and 60 microseconds in training, 40, 50 and 25 in
 * inference. `kernels` and `processor` NULL: this machine's. */
void zoo_write_times(const struct sweep *zoo, const char *kernels, const char *processor);

/* The id that s/speed.tsv has of the network that begins with this point; in a static buffer. */
const char *zoo_speed_id(const struct sweep *zoo, int point);

/* A file of the folder "s"; "(none)" where it is missing. In a static buffer. */
const char *zoo_read(const char *name);
/* Writes a file of the folder "s". */
void zoo_write(const char *name, const char *text);

#endif
