/* See ask.h. */
#include "bench/system/ask.h"

#include "bench/system/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Keeps the first line and reads on to the end, so that the program is never stopped by a full pipe. */
static void read_first_line(int from, char *to, size_t size)
{
	FILE *stream = fdopen(from, "r");

	to[0] = '\0';
	if (!stream) {
		close(from);
		return;
	}
	if (fgets(to, (int)size, stream))
		to[strcspn(to, "\n")] = '\0';
	while (fgetc(stream) != EOF)
		;
	fclose(stream);
}

static bool await(pid_t child, const char *name, struct error *err)
{
	int status, error = spawn_await(child, &status);

	if (error)
		return fail(err, "%s: %s", name, strerror(error));
	if (WIFSIGNALED(status))
		return fail(err, "%s was ended by signal %d", name, WTERMSIG(status));
	return WEXITSTATUS(status) == 0 || fail(err, "%s exited with status %d", name, WEXITSTATUS(status));
}

bool ask_program(const char *const *argv, char *to, size_t size, struct error *err)
{
	int ends[2];
	pid_t child;

	fflush(NULL);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(err, "%s: %s", argv[0], strerror(errno));
	int error = spawn_program(argv, ends[1], -1, &child);
	close(ends[1]);
	if (error) {
		close(ends[0]);
		return fail(err, "%s: cannot be started: %s", argv[0], strerror(error));
	}
	read_first_line(ends[0], to, size);
	return await(child, argv[0], err);
}
