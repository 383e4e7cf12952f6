/* Whether a picture is whole. Floor 4a. gnuplot exits with 0 on a full disk, too, and leaves what found room. */
#ifndef BENCH_SYSTEM_PICTURE_CHECK_H
#define BENCH_SYSTEM_PICTURE_CHECK_H

#include "nn/base/error.h"

/* Looks at `file`: a PNG's chunks and their sums to the last one, an SVG's closing tag. Errors name `path`, the
 * picture that the file is to become; its ending, .svg or another, says which of them it is. */
bool picture_check(const char *file, const char *path, struct error *err);

#endif
