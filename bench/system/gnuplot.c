/* See gnuplot.h. */
#include "bench/system/gnuplot.h"

#include "bench/system/atomic_file.h"
#include "bench/system/picture_check.h"
#include "bench/system/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Prints name = "text"; in gnuplot's syntax. It looks for @macros and `commands` before it looks for strings, and may
 * take a quote for another one: whatever could be special is written as an octal number. */
static void print_text(const char *name, const char *before, const char *text, FILE *to)
{
	static const char plain_characters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._-=/,:+";

	fprintf(to, "%s = \"%s", name, before);
	for (const char *c = text; *c; c++) {
		unsigned byte = (unsigned char)*c < ' ' ? ' ' : (unsigned char)*c;

		if (byte >= 0x80 || strchr(plain_characters, (int)byte))
			fputc((int)byte, to);
		else
			fprintf(to, "\\%03o", byte);
	}
	fputs("\"; ", to);
}

/* Relative paths get "./" in front, since names that begin with < | $ or ~ have other meanings in gnuplot. */
static bool print_assignment(const char *name, const char *path, FILE *to, struct error *err)
{
	for (const char *c = path; *c; c++)
		if ((unsigned char)*c < ' ')
			return fail(err, "%.100s: the path has a control character", path);
	print_text(name, *path == '/' ? "" : "./", path, to);
	return true;
}

static bool print_settings(const struct drawing *d, const char *out, FILE *to, struct error *err)
{
	if (d->title)
		print_text("title", "", d->title, to);
	return print_assignment("plots", d->plots, to, err) && print_assignment("data", d->data, to, err) &&
	       print_assignment("curves", d->curves, to, err) && print_assignment("networks", d->networks, to, err) &&
	       print_assignment("means", d->means, to, err) && print_assignment("out", out, to, err) &&
	       (!d->ensembles || print_assignment("ensembles", d->ensembles, to, err)) &&
	       (!d->table || print_assignment("table", d->table, to, err));
}

/* Reads to the end and keeps the last line that is not empty. */
static void read_last_line(int from, char said[GNUPLOT_SAID_BYTES])
{
	FILE *stream = fdopen(from, "r");
	char line[GNUPLOT_SAID_BYTES];

	said[0] = '\0';
	if (!stream) {
		close(from);
		return;
	}
	while (fgets(line, sizeof line, stream)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[strspn(line, " \t^")])
			memcpy(said, line, sizeof line);
	}
	fclose(stream);
}

static bool await(pid_t child, const struct drawing *d, const char *said, struct error *err)
{
	int status, error = spawn_await(child, &status);

	if (error)
		return fail(err, "gnuplot: %s", strerror(error));
	if (WIFSIGNALED(status))
		return fail(err, "%s: gnuplot was ended by signal %d", d->script, WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ||
	       fail(err, "%s: gnuplot exited with status %d: %s", d->script, WEXITSTATUS(status), said);
}

static bool run(const struct drawing *d, const char *settings, char said[GNUPLOT_SAID_BYTES], struct error *err)
{
	/* -d: without the user's settings. posix_spawn does not write to its arguments. */
	const char *const argv[] = { "gnuplot", "-d", "-e", settings, d->script, NULL };
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(err, "gnuplot: %s", strerror(errno));
	int error = spawn_program(argv, -1, ends[1], &child);
	close(ends[1]);
	if (!error) {
		read_last_line(ends[0], said);
		return await(child, d, said, err);
	}
	close(ends[0]);
	if (error == ENOENT)
		return fail(err, "gnuplot: not found; install the package gnuplot-nox");
	return fail(err, "gnuplot: cannot be started: %s", strerror(error));
}

bool gnuplot_draw(const struct drawing *drawing, char said[GNUPLOT_SAID_BYTES], struct error *err)
{
	struct atomic_file picture;
	struct draft settings;

	if (!draft_open(&settings, err))
		return false;
	if (!atomic_file_create(&picture, drawing->out, err)) {
		draft_discard(&settings);
		return false;
	}
	bool drawn = print_settings(drawing, picture.temporary, settings.stream, err) &&
	             (fflush(settings.stream) == 0 || fail(err, "not enough memory")) &&
	             run(drawing, settings.bytes, said, err) &&
	             picture_check(picture.temporary, picture.path, err) &&
	             (!drawing->about || svg_text_put(&picture, drawing->about, err));
	draft_discard(&settings);
	if (drawn)
		return atomic_file_publish(&picture, err);
	atomic_file_discard(&picture);
	return false;
}
