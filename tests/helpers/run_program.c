/* See run_program.h. One loop over poll reads both pipes, so a child that fills one never waits for us to read the
 * other. */
#include "tests/helpers/run_program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 64, NOT_FOUND = 127, DEFAULT_LIMIT_SECONDS = 20 };

/* What one of the child's outputs has said so far. */
struct captured {
	int descriptor;         /* the pipe's reading end; -1 at its end */
	char *bytes;            /* owned */
	size_t len;
};

struct running_program {
	pid_t id;
	struct captured outputs[2];     /* stdout, stderr */
	double deadline;        /* seconds, monotonic */
	bool killed;
};

static void die(const char *what)
{
	perror(what);
	abort();
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void environment_apply(const char *const *changes)
{
	for (; changes && *changes; changes++) {
		const char *value = strchr(*changes, '=');
		char *name = strndup(*changes, value ? (size_t)(value - *changes) : strlen(*changes));
		if (!name || (value ? setenv(name, value + 1, 1) : unsetenv(name)) != 0)
			_exit(NOT_FOUND);
		free(name);
	}
}

static void descriptor_open(const char *path, int flags, int as)
{
	int opened = open(path, flags, 0666);

	if (opened < 0 || dup2(opened, as) < 0)
		_exit(NOT_FOUND);
	close(opened);
}

/* Never returns. execvp takes char *const[], but promises not to write to the texts. */
static void child_run(const struct program *program, int out, int err)
{
	char *argv[MAX_ARGUMENTS + 1] = { NULL };

	for (int i = 0; program->argv[i] && i < MAX_ARGUMENTS; i++)
		argv[i] = strdup(program->argv[i]);
	environment_apply(program->environment);
	descriptor_open("/dev/null", O_RDONLY, STDIN_FILENO);
	if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(NOT_FOUND);
	if (program->stdout_file)
		descriptor_open(program->stdout_file, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
	if (program->folder && chdir(program->folder) != 0)
		_exit(NOT_FOUND);
	execvp(argv[0], argv);
	fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
	_exit(NOT_FOUND);
}

struct running_program *program_start(struct program program, pid_t *id)
{
	struct running_program *running = calloc(1, sizeof *running);
	int out[2], err[2];

	if (!running || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		die("starting a program");
	fflush(NULL);
	running->id = fork();
	if (running->id < 0)
		die("fork");
	if (running->id == 0)
		child_run(&program, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	running->outputs[0].descriptor = out[0];
	running->outputs[1].descriptor = err[0];
	running->deadline = seconds_now() + (program.limit_seconds > 0 ? program.limit_seconds : DEFAULT_LIMIT_SECONDS);
	if (id)
		*id = running->id;
	return running;
}

static void running_kill(struct running_program *running)
{
	kill(running->id, SIGKILL);
	running->killed = true;
}

/* Reads what is there; at the end closes the pipe. */
static void captured_read(struct running_program *running, struct captured *output)
{
	char chunk[16384];
	ssize_t got = read(output->descriptor, chunk, sizeof chunk);

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		close(output->descriptor);
		output->descriptor = -1;
		return;
	}
	if (output->len + (size_t)got > MAX_PROGRAM_OUTPUT) {
		running_kill(running);
		return;
	}
	output->bytes = realloc(output->bytes, output->len + (size_t)got + 1);
	if (!output->bytes)
		die("realloc");
	memcpy(output->bytes + output->len, chunk, (size_t)got);
	output->len += (size_t)got;
}

/* Until both pipes have ended. A grandchild that keeps a pipe open counts as not ended, and is given up on at the
 * deadline. */
static void outputs_read(struct running_program *running)
{
	struct captured *outputs = running->outputs;

	while (!running->killed && (outputs[0].descriptor >= 0 || outputs[1].descriptor >= 0)) {
		struct pollfd ready[2] = { { outputs[0].descriptor, POLLIN, 0 }, { outputs[1].descriptor, POLLIN, 0 } };
		double left = running->deadline - seconds_now();
		if (left <= 0) {
			running_kill(running);
			break;
		}
		if (poll(ready, 2, (int)(left * 1e3) + 1) <= 0)
			continue;
		for (int i = 0; i < 2; i++)
			if (ready[i].revents)
				captured_read(running, &outputs[i]);
	}
	for (int i = 0; i < 2; i++)
		if (outputs[i].descriptor >= 0)
			close(outputs[i].descriptor);
}

/* A child that has closed both outputs may still go on: the deadline holds for it too. */
static int child_wait(struct running_program *running)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	int status;
	pid_t ended;

	while ((ended = waitpid(running->id, &status, running->killed ? 0 : WNOHANG)) == 0) {
		if (seconds_now() > running->deadline)
			running_kill(running);
		else
			nanosleep(&pause, NULL);
	}
	if (ended < 0)
		die("waitpid");
	if (running->killed)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static char *captured_text(struct captured *output)
{
	char *text = output->bytes ? output->bytes : malloc(1);

	if (!text)
		die("malloc");
	text[output->len] = '\0';
	return text;
}

struct program_result program_finish(struct running_program *running)
{
	struct captured *outputs = running->outputs;

	outputs_read(running);
	struct program_result result = {
		.status = child_wait(running),
		.out = captured_text(&outputs[0]), .err = captured_text(&outputs[1]),
		.out_len = outputs[0].len, .err_len = outputs[1].len,
	};
	free(running);
	return result;
}

struct program_result run_program(struct program program)
{
	return program_finish(program_start(program, NULL));
}

const char *archsweep_path(void)
{
	const char *path = getenv("ARCHSWEEP");         /* the harness says which */

	if (!path)
		die("ARCHSWEEP");
	return path;
}

struct program_result run_archsweep(const char *const *arguments)
{
	const char *argv[MAX_ARGUMENTS + 1] = { archsweep_path() };

	for (int i = 0; arguments[i] && i + 1 < MAX_ARGUMENTS; i++)
		argv[i + 1] = arguments[i];
	return run_program((struct program){ .argv = argv });
}

void program_result_free(struct program_result *result)
{
	free(result->out);
	free(result->err);
	*result = (struct program_result){ 0 };
}
