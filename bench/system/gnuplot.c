/* See gnuplot.h. */
#include "bench/system/gnuplot.h"

#include "bench/system/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Prints name = 'text'; in gnuplot's syntax, where only a single quote is special and is doubled. */
static void print_text(const char *name, const char *before, const char *text, FILE *to)
{
	fprintf(to, "%s = '%s", name, before);
	for (const char *c = text; *c; c++)
		fprintf(to, "%s%c", *c == '\'' ? "'" : "", (unsigned char)*c < ' ' ? ' ' : *c);
	fputs("'; ", to);
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
	       (!d->table || print_assignment("table", d->table, to, err));
}

/* Starts the child with /dev/null as stdin and stdout, the pipe as stderr, default signals. Returns 0 or an error
 * number. */
static int spawn(char *const *argv, const int ends[2], pid_t *child)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t defaults;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, ends[1], STDERR_FILENO);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	int error = posix_spawnp(child, argv[0], &files, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error;
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
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fail(err, "gnuplot: %s", strerror(errno));
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
	int error = spawn((char *const *)(uintptr_t)argv, ends, &child);
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

static bool check_picture(const struct atomic_file *picture, struct error *err)
{
	struct stat about;

	if (fstat(picture->descriptor, &about) != 0)
		return fail(err, "%s: %s", picture->path, strerror(errno));
	return about.st_size > 0 || fail(err, "%s: gnuplot has drawn nothing", picture->path);
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
	             run(drawing, settings.bytes, said, err) && check_picture(&picture, err) &&
	             (!drawing->about || svg_text_put(&picture, drawing->about, err));
	draft_discard(&settings);
	if (drawn)
		return atomic_file_publish(&picture, err);
	atomic_file_discard(&picture);
	return false;
}
