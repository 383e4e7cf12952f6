/* See progress.h. One lock guards everything; a whole frame goes out in one write, so that a terminal shows no
 * half-drawn block. */
#include "bench/run/progress.h"

#include "bench/run/time_left.h"
#include "bench/system/clock.h"
#include "bench/text/text.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PART_SIZE = 128, LINE_SIZE = 6 * PART_SIZE };

#define REDRAW_SECONDS 0.25

enum state { TO_COME, RUNNING, OVER };

/* A point and how far it is. */
struct point_state {
	struct progress_point point;
	enum state state;
	const struct training *training;        /* borrowed while it runs; NULL before and after */
	struct epoch_row row;                   /* the last whole epoch; row.epoch 0: none yet */
	bool between;                           /* the training still counts the images of that epoch */
	double began, seconds;                  /* seconds: once it is over */
	bool odd;                               /* it did not end as points should */
};

struct progress {
	enum progress_mode mode;
	bool colour;
	int count;
	struct point_state *points;     /* [count], owned */
	struct point_pace *paces;       /* [count], owned: for put_total */
	double began, work;             /* work: of all points */
	int drawn_lines;                /* of the live block on the screen now */
	bool closing;
	pthread_t artist;               /* PROGRESS_LIVE only */
	pthread_mutex_t lock;
	pthread_cond_t end;
};

struct screen { int rows, columns; };

static struct screen screen_size(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20 || size.ws_row < 4)
		return (struct screen){ 24, 80 };
	return (struct screen){ size.ws_row, size.ws_col };
}

/* One line of the block, cut so that it never wraps: a wrapped line would be two to wipe. */
static void put_line(struct progress *p, FILE *frame, struct screen screen, char *line)
{
	int width = 0;

	for (char *c = line; *c; c++) {
		width += ((unsigned char)*c & 0xC0) != 0x80;    /* continuation bytes of UTF-8 take no column */
		if (width == screen.columns) {
			*c = '\0';
			break;
		}
	}
	fputs("\r\033[K", frame);
	print_plain_text(line, frame);
	fputc('\n', frame);
	p->drawn_lines++;
}

/* Images that a point's whole training is worth, and those that are done. After the last epoch the test images and the
 * files are still to come. */
static double share_done(struct point_state *w)
{
	if (w->state != RUNNING)
		return w->state == OVER;
	int images = w->training ? training_progress(w->training) : 0;
	w->between = w->between && images == w->point.images;
	double epoch = w->point.images + w->point.evaluated;
	double done = w->row.epoch * epoch + (w->between ? 0 : images);
	double share = done / (w->point.epochs * epoch + w->point.closing);

	return share < 1 ? share : 1;
}

/* What a point's line consists of. */
enum part { NAME, SHARE, LOSS, TRAINING, VALIDATION, SPEED, PART_COUNT };

static void write_parts(struct point_state *w, char to[PART_COUNT][PART_SIZE])
{
	const struct epoch_row *row = &w->row;
	int epoch = row->epoch < w->point.epochs ? row->epoch + 1 : w->point.epochs;
	double seconds = clock_seconds() - w->began, share = share_done(w);
	double images = share * w->point.epochs * w->point.images;
	char speed[NUMBER_BYTES];

	for (int i = 0; i < PART_COUNT; i++)
		to[i][0] = '\0';
	snprintf(to[NAME], PART_SIZE, "%-20s epoch %2d/%d", w->point.name, epoch, w->point.epochs);
	snprintf(to[SHARE], PART_SIZE, " %3.0f %%", 100 * share);
	if (row->epoch > 0) {
		snprintf(to[LOSS], PART_SIZE, "  loss %.4f", row->training.loss);
		snprintf(to[TRAINING], PART_SIZE, "  training %5.2f %%", 100 * row->training.accuracy);
	}
	if (row->epoch > 0 && row->validation.accuracy >= 0)
		snprintf(to[VALIDATION], PART_SIZE, "  validation %5.2f %%", 100 * row->validation.accuracy);
	if (seconds > 0.5)
		snprintf(to[SPEED], PART_SIZE, "  %s images/s", format_thousands((int64_t)(images / seconds), speed));
}

/* On a narrow terminal the least important parts are left out. */
static void put_point(struct progress *p, FILE *frame, struct screen screen, struct point_state *w)
{
	static const enum part least_important[] = { LOSS, SPEED, TRAINING, SHARE, VALIDATION };
	enum { DROPPABLE = sizeof least_important / sizeof *least_important };
	char parts[PART_COUNT][PART_SIZE], line[LINE_SIZE];
	int width = 0;

	write_parts(w, parts);
	for (int i = 0; i < PART_COUNT; i++)
		width += text_width(parts[i]);
	for (int i = 0; i < DROPPABLE && width >= screen.columns; i++) {
		width -= text_width(parts[least_important[i]]);
		parts[least_important[i]][0] = '\0';
	}
	snprintf(line, sizeof line, "%s%s%s%s%s%s", parts[NAME], parts[SHARE], parts[LOSS], parts[TRAINING],
	         parts[VALIDATION], parts[SPEED]);
	put_line(p, frame, screen, line);
}

static struct point_pace pace_of(struct point_state *w)
{
	double seconds = w->state == RUNNING ? clock_seconds() - w->began : w->seconds;

	return (struct point_pace){ w->point.family, w->point.work, share_done(w), seconds, w->odd };
}

/* The bottom line. */
static void put_total(struct progress *p, FILE *frame, struct screen screen)
{
	char line[LINE_SIZE], elapsed[24], left[24];
	int over = 0, running = 0;
	double done = 0, seconds = clock_seconds() - p->began;

	for (int i = 0; i < p->count; i++) {
		over += p->points[i].state == OVER;
		running += p->points[i].state == RUNNING;
		p->paces[i] = pace_of(&p->points[i]);
		done += p->paces[i].work * p->paces[i].share;
	}
	int used = snprintf(line, sizeof line, "%d of %d points done, %d running, %s", over, p->count, running,
	                    clock_text(seconds, elapsed));
	double seconds_left = done > 0.01 * p->work ? time_left(p->paces, p->count, seconds) : 0;

	if (seconds_left >= 1)
		snprintf(line + used, sizeof line - (size_t)used, ", about %s left", clock_text(seconds_left, left));
	put_line(p, frame, screen, line);
}

static void wipe(struct progress *p, FILE *frame)
{
	if (p->drawn_lines > 0)
		fprintf(frame, "\033[%dA\r\033[J", p->drawn_lines);
	p->drawn_lines = 0;
}

static void put_block(struct progress *p, FILE *frame)
{
	struct screen screen = screen_size();
	int room = screen.rows - 2;

	for (int i = 0; i < p->count && room > 0; i++) {
		if (p->points[i].state == RUNNING) {
			put_point(p, frame, screen, &p->points[i]);
			room--;
		}
	}
	put_total(p, frame, screen);
}

/* A frame: the old block goes, a line stays if there is one, the new block comes. Called with the lock held. A terminal
 * that is gone is no reason to end a run: nobody looks at what write says. */
static void show(struct progress *p, const char *line, bool trouble)
{
	char *text = NULL;
	size_t len = 0;
	FILE *frame = open_memstream(&text, &len);

	if (!frame)
		return;
	wipe(p, frame);
	if (line) {
		fputs(trouble && p->colour ? "\033[31m" : "", frame);
		print_plain_text(line, frame);
		fputs(trouble && p->colour ? "\033[0m\n" : "\n", frame);
	}
	if (p->mode == PROGRESS_LIVE && !p->closing)
		put_block(p, frame);
	if (fclose(frame) == 0)
		for (size_t at = 0; at < len;) {
			ssize_t wrote = write(STDERR_FILENO, text + at, len - at);
			if (wrote <= 0)
				break;
			at += (size_t)wrote;
		}
	free(text);
}

static void *draw_until_closed(void *about)
{
	struct progress *p = about;

	pthread_mutex_lock(&p->lock);
	while (!p->closing) {
		struct timespec until;

		show(p, NULL, false);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += (long)(REDRAW_SECONDS * 1e9);
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&p->end, &p->lock, &until);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

enum progress_mode progress_mode_here(void)
{
	const char *terminal = getenv("TERM");

	if (!isatty(STDERR_FILENO))
		return PROGRESS_SILENT;
	return terminal && *terminal && strcmp(terminal, "dumb") != 0 ? PROGRESS_LIVE : PROGRESS_LINES;
}

static void init_lock(struct progress *p)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&p->end, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

struct progress *progress_create(enum progress_mode mode, const struct progress_point *points, int count,
                                 struct error *err)
{
	struct progress *p = calloc(1, sizeof *p);
	struct point_state *watched = calloc((size_t)count + 1, sizeof *watched);
	struct point_pace *paces = calloc((size_t)count + 1, sizeof *paces);

	if (!p || !watched || !paces) {
		free(p);
		free(watched);
		free(paces);
		fail(err, "not enough memory to watch %d points", count);
		return NULL;
	}
	*p = (struct progress){ .mode = mode, .colour = wants_colour(stderr), .count = count, .points = watched,
		.paces = paces, .began = clock_seconds() };
	for (int i = 0; i < count; i++) {
		watched[i].point = points[i];
		p->work += points[i].work;
	}
	init_lock(p);
	if (mode == PROGRESS_LIVE && pthread_create(&p->artist, NULL, draw_until_closed, p) != 0)
		p->mode = PROGRESS_LINES;
	return p;
}

void progress_destroy(struct progress *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	if (p->mode == PROGRESS_LIVE)
		show(p, NULL, false);
	pthread_cond_signal(&p->end);
	pthread_mutex_unlock(&p->lock);
	if (p->mode == PROGRESS_LIVE)
		pthread_join(p->artist, NULL);
	pthread_cond_destroy(&p->end);
	pthread_mutex_destroy(&p->lock);
	free(p->points);
	free(p->paces);
	free(p);
}

void progress_begin(struct progress *p, int point)
{
	pthread_mutex_lock(&p->lock);
	p->points[point].state = RUNNING;
	p->points[point].began = clock_seconds();
	pthread_mutex_unlock(&p->lock);
}

void progress_watch(struct progress *p, int point, const struct training *training)
{
	pthread_mutex_lock(&p->lock);
	p->points[point].training = training;
	pthread_mutex_unlock(&p->lock);
}

void progress_epoch(struct progress *p, int point, const struct epoch_row *row)
{
	pthread_mutex_lock(&p->lock);
	p->points[point].row = *row;
	p->points[point].between = true;
	pthread_mutex_unlock(&p->lock);
}

void progress_end(struct progress *p, int point, const char *line, bool trouble)
{
	pthread_mutex_lock(&p->lock);
	p->points[point].state = OVER;
	p->points[point].seconds = clock_seconds() - p->points[point].began;
	p->points[point].odd = trouble || !line;
	p->points[point].training = NULL;
	if (line && (trouble || p->mode != PROGRESS_SILENT))
		show(p, line, trouble);
	pthread_mutex_unlock(&p->lock);
}

double progress_share_left(struct progress *p, int point)
{
	pthread_mutex_lock(&p->lock);
	double left = 1 - share_done(&p->points[point]);
	pthread_mutex_unlock(&p->lock);
	return left;
}
