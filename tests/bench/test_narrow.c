/* What commands show on a narrow terminal: no line wraps, and what there was no room for is named. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ON_TERMINAL(columns, ...) on_terminal(columns, (const char *[]){ archsweep_path(), __VA_ARGS__, NULL })

/* Reads what has come; `slave` is still open, so that nothing is lost. */
static void read_all(int master, char *to, size_t size)
{
	struct pollfd ready = { .fd = master, .events = POLLIN };
	size_t len = 0;

	while (len + 1 < size && poll(&ready, 1, 100) > 0 && ready.revents & POLLIN) {
		ssize_t got = read(master, to + len, size - 1 - len);
		if (got <= 0)
			break;
		len += (size_t)got;
	}
	to[len] = '\0';
}

/* What a program prints on a terminal of that width, in characters; in a static buffer. */
static const char *on_terminal(int columns, const char *const *argv)
{
	static char said[1 << 14];
	struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
	int master = test_terminal(), slave = open(ptsname(master), O_RDWR | O_NOCTTY);

	CHECK_INT(ioctl(slave, TIOCSWINSZ, &size), 0);
	struct program_result r = run_program((struct program){ .argv = argv, .stdout_file = ptsname(master),
		.environment = (const char *[]){ "NO_COLOR=1", NULL } });
	read_all(master, said, sizeof said);
	CHECK_RUN(r, 0, "");
	close(slave);
	close(master);
	return said;
}

/* No table's line is wider; `left_out` is the line below one. */
static void check_fits(const char *said, int columns, const char *left_out)
{
	for (const char *line = said; *line; line += strcspn(line, "\n") + (strchr(line, '\n') != NULL)) {
		int width = (int)strcspn(line, "\r\n");

		if (width > columns && strncmp(line, "too narrow for: ", 16) != 0 && !strstr(line, "kernels"))
			test_fail(__FILE__, __LINE__, "%d columns: %.*s", width, width, line);
	}
	if (!strstr(said, left_out))
		test_fail(__FILE__, __LINE__, "no \"%s\" in:\n%s", left_out, said);
}

static const char *write_tiny(void)
{
	run_case_write_data(0);
	return run_case_write_sweep(NULL);
}

TEST(bench_fits_into_80_columns)
{
	const char *path = write_tiny();
	const char *said = ON_TERMINAL(80, "bench", "--repeats", "1", "--stretch", "1", "--threads", "1", "--peak",
	                               "100", path);

	check_fits(said, 80, "\r\ntoo narrow for: ");
	CHECK(strstr(said, "images/s  inference"));
	said = ON_TERMINAL(80, "bench", "--profile", "--repeats", "1", "--stretch", "1", "--threads", "1", "--peak",
	                   "100", path);
	check_fits(said, 80, "\r\ntoo narrow for: ");
	CHECK(strstr(said, "forward us  backward us"));
}

TEST(eval_fits_into_34_columns)
{
	const char *path = write_tiny();

	CHECK_RUN(run_tiny((const char *[]){ "--only", "small/2", NULL }), 0, "");
	const char *said = ON_TERMINAL(34, "eval", path, "small/2", "--reports", test_path("reports"));
	check_fits(said, 34, "\r\ntoo narrow for: images, loss\r\n");
	check_fits(said, 34, "\r\ntoo narrow for: images, images\r\n");
}

TEST(summary_fits_into_narrow_terminals)
{
	const char *path = write_tiny();
	const char *said = ON_TERMINAL(50, "summary", path, "small/2");

	CHECK(strstr(said, "\r\n#  type        output      parameters   MACs\r\n"));
	CHECK(strstr(said, "\r\ntoo narrow for: kernel\r\n\r\ntrainable "));
	check_fits(ON_TERMINAL(36, "summary", path), 36, "\r\ntoo narrow for: channels\r\n");
}

TEST(limits_fit_into_60_columns)
{
	const char *said = ON_TERMINAL(60, "limits", "--repeats", "1", "--threads", "1");

	check_fits(said, 60, "\r\ntoo narrow for: array of one, array of each\r\n");
}
