/* The live block, on a made-up terminal. */
#include "tests/helpers/test.h"

#include "bench/run/progress.h"

#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* stderr is a terminal of 24 rows and so many columns until screen_close. */
struct screen {
	int master, saved;
	size_t len;
	char text[1 << 16];     /* all that was written */
};

static bool screen_open(struct screen *s, int columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };

	*s = (struct screen){ .master = test_terminal() };
	int slave = open(ptsname(s->master), O_RDWR | O_NOCTTY);

	if (slave < 0 || ioctl(slave, TIOCSWINSZ, &size) != 0)
		return false;
	fflush(stderr);
	s->saved = dup(STDERR_FILENO);
	dup2(slave, STDERR_FILENO);
	close(slave);
	return true;
}

/* Reads what is there, and waits so long for the first of it. False where nothing comes. */
static bool screen_read(struct screen *s, int milliseconds)
{
	struct pollfd ready = { .fd = s->master, .events = POLLIN };
	bool some = false;

	while (s->len + 1 < sizeof s->text && poll(&ready, 1, some ? 0 : milliseconds) > 0 && ready.revents & POLLIN) {
		ssize_t got = read(s->master, s->text + s->len, sizeof s->text - 1 - s->len);
		if (got <= 0)
			break;
		s->len += (size_t)got;
		some = true;
	}
	s->text[s->len] = '\0';
	return some;
}

static void screen_await(struct screen *s, const char *text)
{
	while (!strstr(s->text, text))
		if (!screen_read(s, 10000)) {
			test_fail(__FILE__, __LINE__, "never shown: %s", text);
			break;
		}
}

static void screen_close(struct screen *s)
{
	screen_read(s, 0);
	dup2(s->saved, STDERR_FILENO);
	close(s->saved);
	close(s->master);
}

static const struct progress_point two[2] = {
	{ "plain/3", 10, 4, 1000, .evaluated = 0 },
	{ "a-family-with-a-rather-long-name/48", 30, 4, 1000, .evaluated = 0 },
};

static const struct epoch_row second_epoch = {
	.epoch = 2, .training = { 1.25, 0.5 }, .validation = { 1.0, 0.625 },
};

/* What a run of one point out of two does. Where there is a screen, it lasts until that shows the first point's end. */
static void act(enum progress_mode mode, const char *end, struct screen *screen)
{
	struct error err = { "" };
	struct progress *p = progress_create(mode, two, 2, &err);

	CHECK_TEXT(err.text, "");
	CHECK(p);
	CHECK_CLOSE(progress_share_left(p, 0), 1, 0);
	progress_begin(p, 0);
	progress_begin(p, 1);
	CHECK_CLOSE(progress_share_left(p, 1), 1, 0);
	progress_epoch(p, 1, &second_epoch);
	CHECK_CLOSE(progress_share_left(p, 1), 0.5, 0);
	progress_end(p, 0, end, false);
	CHECK_CLOSE(progress_share_left(p, 0), 0, 0);
	if (screen)
		screen_await(screen, "1 of 2 points done, 1 running, ");
	progress_end(p, 1, NULL, false);
	progress_destroy(p);
}

TEST(progress_draws_running_points_and_wipes_them)
{
	static struct screen s;
	const char *wiped = "\r\033[J";

	CHECK(screen_open(&s, 120));
	setenv("TERM", "xterm", 1);
	CHECK_INT(progress_mode_here(), PROGRESS_LIVE);
	act(PROGRESS_LIVE, "plain/3  62.50 %", &s);
	screen_close(&s);
	CHECK(strstr(s.text, "plain/3  62.50 %\r\n"));
	CHECK(strstr(s.text, "a-family-with-a-rather-long-name/48 epoch  3/4  50 %  loss 1.2500  training 50.00 %"
	             "  validation 62.50 %\r\n"));
	CHECK(strstr(s.text, "1 of 2 points done, 1 running, 0.0 s\r\n"));
	CHECK(s.len > strlen(wiped) && strcmp(s.text + s.len - strlen(wiped), wiped) == 0);
}

TEST(progress_cuts_lines_at_the_terminals_width)
{
	static struct screen s;
	int column = 0, widest = 0;

	CHECK(screen_open(&s, 40));
	act(PROGRESS_LIVE, "plain/3 ended", &s);
	screen_close(&s);
	for (const char *c = s.text; *c; c++) {
		if (*c == '\033')
			c += strcspn(c, "AKJ");
		else
			column = *c == '\r' || *c == '\n' ? 0 : column + 1;
		widest = column > widest ? column : widest;
	}
	CHECK_INT(widest, 39);
}

/* At 80 columns the loss and then all else make room for the validation accuracy. */
TEST(progress_shows_the_validation_accuracy_at_80_columns)
{
	static struct screen s;

	CHECK(screen_open(&s, 80));
	act(PROGRESS_LIVE, "plain/3 ended", &s);
	screen_close(&s);
	CHECK(strstr(s.text, "a-family-with-a-rather-long-name/48 epoch  3/4  50 %  validation 62.50 %\r\n"));
	CHECK(screen_open(&s, 100));
	act(PROGRESS_LIVE, "plain/3 ended", &s);
	screen_close(&s);
	CHECK(strstr(s.text, "48 epoch  3/4  50 %  training 50.00 %  validation 62.50 %\r\n"));
}

/* A point is not over when its last epoch is: its test images are still to come. */
TEST(progress_counts_evaluation)
{
	const struct progress_point point = { "plain/3", 10, 4, 1000, .evaluated = 200, .closing = 400 };
	struct error err = { "" };
	struct progress *p = progress_create(PROGRESS_SILENT, &point, 1, &err);
	struct epoch_row row = second_epoch;

	progress_begin(p, 0);
	progress_epoch(p, 0, &row);
	CHECK_CLOSE(progress_share_left(p, 0), 1 - 2400 / 5200., 1e-12);
	row.epoch = 4;
	progress_epoch(p, 0, &row);
	CHECK_CLOSE(progress_share_left(p, 0), 400 / 5200., 1e-12);
	progress_end(p, 0, NULL, false);
	CHECK_CLOSE(progress_share_left(p, 0), 0, 0);
	progress_destroy(p);
}

TEST(progress_on_a_plain_terminal_is_lines_only)
{
	static struct screen s;

	CHECK(screen_open(&s, 80));
	setenv("TERM", "dumb", 1);
	CHECK_INT(progress_mode_here(), PROGRESS_LINES);
	act(PROGRESS_LINES, "plain/3 ended", NULL);
	setenv("TERM", "xterm", 1);
	screen_close(&s);
	CHECK_TEXT(s.text, "plain/3 ended\r\n");
}

/* Trouble is red where colour is welcome. */
static void check_trouble(const char *no_colour, const char *want)
{
	static struct screen s;
	struct error err = { "" };

	CHECK(screen_open(&s, 80));
	setenv("TERM", "xterm", 1);
	if (no_colour)
		setenv("NO_COLOR", no_colour, 1);
	else
		unsetenv("NO_COLOR");
	struct progress *p = progress_create(PROGRESS_SILENT, two, 2, &err);
	progress_begin(p, 0);
	progress_end(p, 0, "plain/3 ended", false);
	progress_begin(p, 1);
	progress_end(p, 1, "plain/48 diverged: \033[2Jboo", true);
	progress_destroy(p);
	screen_close(&s);
	CHECK_TEXT(s.text, want);
}

TEST(progress_shows_trouble_in_every_mode)
{
	check_trouble(NULL, "\033[31mplain/48 diverged: ?[2Jboo\033[0m\r\n");
	check_trouble("1", "plain/48 diverged: ?[2Jboo\r\n");
}

TEST(progress_elsewhere_is_silent)
{
	int saved = dup(STDERR_FILENO), pipes[2];
	char byte;

	CHECK_INT(pipe2(pipes, O_NONBLOCK), 0);
	fflush(stderr);
	dup2(pipes[1], STDERR_FILENO);
	enum progress_mode mode = progress_mode_here();
	act(mode, "plain/3 ended", NULL);
	dup2(saved, STDERR_FILENO);
	CHECK_INT(mode, PROGRESS_SILENT);
	CHECK_INT(read(pipes[0], &byte, 1), -1);
	close(saved);
	close(pipes[0]);
	close(pipes[1]);
}
