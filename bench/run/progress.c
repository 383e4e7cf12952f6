/* See progress.h. One lock guards everything; a whole frame goes out in one write, so that a terminal shows no
 * half-drawn block.
 *
 * Only the writer, a thread of its own, writes, and never with the lock held: a terminal that nobody reads (Ctrl-S, a
 * connection that is dead) holds up the writer, and nobody else. Meanwhile lines wait in the outbox, and frames are not
 * drawn at all. */
#include "bench/run/progress.h"

#include "bench/run/outbox.h"
#include "bench/run/time_left.h"
#include "bench/system/clock.h"
#include "bench/text/text.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { PART_SIZE = 128, LINE_SIZE = 6 * PART_SIZE };

#define REDRAW_SECONDS 0.25
#define CLOSING_SECONDS 1.0     /* most that the end of a run waits for a terminal */

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
	struct outbox outbox;           /* lines that are to be written */
	bool closing, written;          /* written: the writer has written all that there will ever be */
	pthread_t writer;
	pthread_mutex_t lock;
	pthread_cond_t news, end;       /* for the writer: a line, or closing; by the writer: written */
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
	snprintf(to[NAME], PART_SIZE, "%-20.90s epoch %2d/%d", w->point.name, epoch, w->point.epochs);
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

/* A frame, which the caller frees: the old block goes, lines that wait stay, the new block comes. Called with the lock
 * held. NULL where memory is short. */
static char *draw(struct progress *p, size_t *len)
{
	char *text = NULL;
	FILE *frame = open_memstream(&text, len);

	if (frame) {
		wipe(p, frame);
		outbox_print(&p->outbox, p->colour, frame);
		if (p->mode == PROGRESS_LIVE && !p->closing)
			put_block(p, frame);
	}
	outbox_clear(&p->outbox);
	if (frame && fclose(frame) == 0)
		return text;
	free(text);
	return NULL;
}

/* A terminal that is gone is no reason to end a run: nobody looks at what write says. */
static void write_frame(const char *text, size_t len)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	for (size_t at = 0; at < len;) {
		ssize_t wrote = write(STDERR_FILENO, text + at, len - at);

		if (wrote < 0 && errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (wrote == 0 || (wrote < 0 && errno != EINTR))
			break;
		at += wrote > 0 ? (size_t)wrote : 0;
	}
}

/* Called with the lock held, which is released while the frame is written. Only there may the writer be cancelled. */
static void show(struct progress *p)
{
	size_t len = 0;
	char *text = draw(p, &len);
	int state;

	pthread_mutex_unlock(&p->lock);
	pthread_cleanup_push(free, text);
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state);
	if (text)
		write_frame(text, len);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_cleanup_pop(1);
	pthread_mutex_lock(&p->lock);
}

static struct timespec time_in(double seconds)
{
	struct timespec then;

	clock_gettime(CLOCK_MONOTONIC, &then);
	then.tv_nsec += (long)(seconds * 1e9);
	then.tv_sec += then.tv_nsec / 1000000000;
	then.tv_nsec %= 1000000000;
	return then;
}

/* Until there is something to write; with a live block, no longer than until it is to be redrawn. */
static void await_news(struct progress *p)
{
	struct timespec redraw = time_in(REDRAW_SECONDS);
	int error = 0;

	while (!p->closing && outbox_is_empty(&p->outbox) && error != ETIMEDOUT)
		error = p->mode == PROGRESS_LIVE ? pthread_cond_timedwait(&p->news, &p->lock, &redraw) :
		                                   pthread_cond_wait(&p->news, &p->lock);
}

static void *write_until_closed(void *about)
{
	struct progress *p = about;
	int state;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	pthread_mutex_lock(&p->lock);
	for (bool last = false; !last;) {
		last = p->closing;
		show(p);
		if (!last)
			await_news(p);
	}
	p->written = true;
	pthread_cond_signal(&p->end);
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
	pthread_cond_init(&p->news, &monotonic);
	pthread_cond_init(&p->end, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void free_progress(struct progress *p)
{
	outbox_clear(&p->outbox);
	pthread_cond_destroy(&p->news);
	pthread_cond_destroy(&p->end);
	pthread_mutex_destroy(&p->lock);
	free(p->points);
	free(p->paces);
	free(p);
}

static struct progress *allocate(int count)
{
	struct progress *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	init_lock(p);
	p->count = count;
	p->points = calloc((size_t)count + 1, sizeof *p->points);
	p->paces = calloc((size_t)count + 1, sizeof *p->paces);
	if (p->points && p->paces)
		return p;
	free_progress(p);
	return NULL;
}

struct progress *progress_create(enum progress_mode mode, const struct progress_point *points, int count,
                                 struct error *err)
{
	struct progress *p = allocate(count);

	if (!p) {
		fail(err, "not enough memory to watch %d points", count);
		return NULL;
	}
	p->mode = mode;
	p->colour = wants_colour(stderr);
	p->began = clock_seconds();
	for (int i = 0; i < count; i++) {
		p->points[i].point = points[i];
		p->work += points[i].work;
	}
	int error = pthread_create(&p->writer, NULL, write_until_closed, p);
	if (!error)
		return p;
	fail(err, "no thread to show the progress: %s", strerror(error));
	free_progress(p);
	return NULL;
}

void progress_destroy(struct progress *p)
{
	int error = 0;

	if (!p)
		return;
	struct timespec latest = time_in(CLOSING_SECONDS);

	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_signal(&p->news);
	while (!p->written && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&p->end, &p->lock, &latest);
	if (!p->written)
		pthread_cancel(p->writer);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->writer, NULL);
	free_progress(p);
}

/* Called with the lock held. */
static void say(struct progress *p, const char *line, bool trouble)
{
	if (!trouble && p->mode == PROGRESS_SILENT)
		return;
	outbox_put(&p->outbox, line, trouble);
	pthread_cond_signal(&p->news);
}

void progress_say(struct progress *p, const char *line, bool trouble)
{
	pthread_mutex_lock(&p->lock);
	say(p, line, trouble);
	pthread_mutex_unlock(&p->lock);
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
	if (line)
		say(p, line, trouble);
	pthread_mutex_unlock(&p->lock);
}

double progress_share_left(struct progress *p, int point)
{
	pthread_mutex_lock(&p->lock);
	double left = 1 - share_done(&p->points[point]);
	pthread_mutex_unlock(&p->lock);
	return left;
}
