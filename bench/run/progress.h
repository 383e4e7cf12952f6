/* What a run shows while it runs: on a terminal a block of live lines on stderr, redrawn a few times a second, and a
 * plain line when a point ends; elsewhere nothing but trouble. Floor 4g. Also keeps how far each point is, which the
 * scheduler asks. No call but progress_destroy ever waits for the terminal. */
#ifndef BENCH_RUN_PROGRESS_H
#define BENCH_RUN_PROGRESS_H

#include "bench/sweep/point_find.h"
#include "nn/train/train.h"

#include <stdbool.h>

enum progress_mode {
	PROGRESS_SILENT,        /* lines of trouble only */
	PROGRESS_LINES,         /* a line when a point ends */
	PROGRESS_LIVE,          /* the same, under it a block of lines that move */
};

/* One point to be trained. */
struct progress_point {
	char name[POINT_NAME_BYTES];   /* "plain/12" */
	double work;            /* estimate, in the same unit for all points */
	int epochs, images;     /* at most this many epochs, of this many training images */
	/* Training images that an epoch's evaluation takes as long as, and what follows the last epoch: evaluation of
	 * the other splits. */
	double evaluated, closing;
	int family;             /* points of a family take about as long for their work; 0 to MAX_FAMILIES - 1 */
};

struct progress;

/* The mode that stderr can show. */
enum progress_mode progress_mode_here(void);

/* `points` [count] is copied. NULL and an error where memory or threads are short. Starts a thread that writes. */
struct progress *progress_create(enum progress_mode mode, const struct progress_point *points, int count,
                                 struct error *err);
/* Wipes the live block and waits until all lines are written, but no longer than a second: then they are lost. */
void progress_destroy(struct progress *p);

/* The next four may be called by any thread, each point's by one at a time. */
void progress_begin(struct progress *p, int point);
/* `training` may be asked how far it is until the next call with NULL. */
void progress_watch(struct progress *p, int point, const struct training *training);
void progress_epoch(struct progress *p, int point, const struct epoch_row *row);
/* `line` is what people should know of the point's end; NULL: it was interrupted. Trouble is shown in every mode. */
void progress_end(struct progress *p, int point, const char *line, bool trouble);

/* A line that is no point's end, trouble in every mode; any thread may say it. While the terminal takes nothing, 256
 * lines wait; the next ones are counted and left out. */
void progress_say(struct progress *p, const char *line, bool trouble);

/* Share of the point's epochs that is still to do, 1 to 0. Any thread may ask. */
double progress_share_left(struct progress *p, int point);

#endif
