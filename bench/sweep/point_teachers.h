/* The teachers that a sweep's recipes name: points of this or of another sweep, and weights in files. Floor 4c.
 *
 * A point of this sweep counts by its id, weights in a file by their digest; so both are part of the student's id,
 * which is settled here, teachers first. Files may be missing as long as nothing needs an id: networks can be
 * counted and measured without. */
#ifndef BENCH_SWEEP_POINT_TEACHERS_H
#define BENCH_SWEEP_POINT_TEACHERS_H

#include "bench/sweep/settings.h"
#include "nn/train/train.h"

/* The keys of an item that is a map. */
extern const struct field teacher_fields[];

/* Gives the points of settings->sweep their teachers and the ids that follow; all points are known. A point must not
 * learn from itself, at whatever distance. */
bool point_teachers_resolve(struct settings *settings, struct error *err);

/* Whether all weights in files are there: without them the students' ids are unknown. The error says how to come by
 * them. */
bool point_teachers_there(const struct sweep *sweep, struct error *err);

/* The point's teachers without weights, to plan and to measure them. Returns their number. */
int point_teachers_bare(const struct point *point, struct teacher to[MAX_TEACHERS]);

#endif
