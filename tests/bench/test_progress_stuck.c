/* A terminal or a pipe that nobody reads holds up no training. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include "bench/run/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static const struct progress_point point = { "plain/3", 10, 4, 1000, .evaluated = 0 };

static struct progress *create(enum progress_mode mode)
{
	struct error err = { "" };
	struct progress *p = progress_create(mode, &point, 1, &err);

	CHECK_TEXT(err.text, "");
	return p;
}

/* A pipe without room, whose writing end blocks. Returns the bytes in it. */
static size_t open_full_pipe(int ends[2])
{
	static const char bytes[4096];
	size_t len = 0;

	CHECK_INT(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ends[1], bytes, sizeof bytes) == sizeof bytes)
		len += sizeof bytes;
	CHECK_INT(errno, EAGAIN);
	CHECK_INT(fcntl(ends[1], F_SETFL, 0), 0);
	return len;
}

/* Puts `descriptor` in stderr's place and returns what was there. */
static int replace_stderr(int descriptor)
{
	fflush(stderr);
	int saved = dup(STDERR_FILENO);
	dup2(descriptor, STDERR_FILENO);
	return saved;
}

static void restore_stderr(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

TEST(progress_goes_on_where_a_terminal_is_stopped)
{
	int master = test_terminal(), slave = open(ptsname(master), O_RDWR | O_NOCTTY);

	CHECK(slave >= 0 && tcflow(slave, TCOOFF) == 0);
	int saved = replace_stderr(slave);
	struct progress *p = create(PROGRESS_LIVE);

	progress_begin(p, 0);
	progress_end(p, 0, "plain/3 ended", false);
	progress_destroy(p);
	CHECK_INT(tcflow(slave, TCOON), 0);
	restore_stderr(saved);
	close(slave);
	close(master);
}

/* All lines of the pipe behind the bytes that filled it; the writing end is closed. */
static size_t read_lines(int from, char *to, size_t size)
{
	size_t len = 0;
	ssize_t got;
	char byte;

	while ((got = read(from, &byte, 1)) == 1)
		if (byte && len + 1 < size)
			to[len++] = byte;
	to[len] = '\0';
	return len;
}

/* Lines that were printed, "line 7", and those that others count, "7 lines left out". */
static void count_lines(const char *text, int *printed, int *left_out)
{
	*printed = *left_out = 0;
	for (const char *at = text, *end; (end = strchr(at, '\n')); at = end + 1) {
		int count;

		if (sscanf(at, "%d", &count) == 1)
			*left_out += count;
		else
			(*printed)++;
	}
}

/* Lines that find no room are counted. The writer may have taken some before the pipe held it up, and then there is
 * room for as many more, and what finds none is counted once more. */
TEST(progress_keeps_lines_for_a_reader_who_comes_late)
{
	enum { LINES = 1000, KEPT = 256 };
	static char text[1 << 16];
	int ends[2], lines, left_out;
	size_t waste = open_full_pipe(ends);
	int saved = replace_stderr(ends[1]);
	struct progress *p = create(PROGRESS_SILENT);
	char line[32], byte;

	for (int i = 0; i < LINES; i++) {
		snprintf(line, sizeof line, "line %d", i);
		progress_say(p, line, true);
	}
	while (waste > 0 && read(ends[0], &byte, 1) == 1)
		waste--;
	progress_destroy(p);
	restore_stderr(saved);
	close(ends[1]);
	read_lines(ends[0], text, sizeof text);
	close(ends[0]);
	count_lines(text, &lines, &left_out);
	CHECK_INT(lines + left_out, LINES);
	CHECK(left_out > 0);
	CHECK(lines >= KEPT);
	CHECK(strncmp(text, "line 0\nline 1\n", 14) == 0);
}

TEST(progress_says_lines_that_are_no_points_end)
{
	static char text[4096];
	int ends[2];

	for (int mode = PROGRESS_SILENT; mode <= PROGRESS_LINES; mode++) {
		CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
		int saved = replace_stderr(ends[1]);
		struct progress *p = create((enum progress_mode)mode);

		progress_say(p, "a \033[2Jword", false);
		progress_say(p, "trouble", true);
		progress_destroy(p);
		restore_stderr(saved);
		close(ends[1]);
		read_lines(ends[0], text, sizeof text);
		close(ends[0]);
		CHECK_TEXT(text, mode == PROGRESS_SILENT ? "trouble\n" : "a ?[2Jword\ntrouble\n");
	}
}

static pid_t start_verbose_run(int stderr_end)
{
	pid_t child = fork();

	if (child == 0) {
		int nowhere = open("/dev/null", O_RDWR);

		dup2(nowhere, STDIN_FILENO);
		dup2(nowhere, STDOUT_FILENO);
		dup2(stderr_end, STDERR_FILENO);
		execl(archsweep_path(), "archsweep", "run", test_path("tiny.yaml"), "--reports", test_path("reports"),
		      "--verbose", NULL);
		_exit(127);
	}
	return child;
}

/* Records and tables are there before anybody reads a word. */
TEST(run_trains_while_nobody_reads_stderr)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	static char text[1 << 16];
	int ends[2], status = -1;

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	open_full_pipe(ends);
	pid_t child = start_verbose_run(ends[1]);

	close(ends[1]);
	CHECK(child > 0);
	while (!file_stamp(test_path("reports/tiny/points.tsv")) && waitpid(child, &status, WNOHANG) == 0)
		nanosleep(&pause, NULL);
	CHECK_INT(count_records("reports"), 4);
	CHECK_INT(fcntl(ends[0], F_SETFL, 0), 0);
	read_lines(ends[0], text, sizeof text);
	close(ends[0]);
	CHECK(waitpid(child, &status, 0) == child);
	CHECK_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
	CHECK_CONTAINS(text, "4 points trained in ");
}
