/* Runs a program as a person would: arguments, environment, both outputs, exit status, a time limit. */
#ifndef TESTS_HELPERS_RUN_PROGRAM_H
#define TESTS_HELPERS_RUN_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

enum { MAX_PROGRAM_OUTPUT = 1 << 20 };  /* bytes kept of each output; more makes the run fail */

/* What to run. Only argv is needed: run_program((struct program){ .argv = (const char *[]){ "ls", "-l", NULL } }). */
struct program {
	/* argv[0] is the file, relative to the current directory or found in PATH; NULL at the end */
	const char *const *argv;
	/* "NAME=value" sets, "NAME" removes, NULL at the end; the rest is inherited; NULL: all of it */
	const char *const *environment;
	const char *folder;             /* current directory of the child; NULL: ours */
	const char *stdout_file;        /* stdout goes there ("/dev/full") and not into the result; NULL: captured */
	double limit_seconds;           /* then it is killed; 0: 20 seconds */
};

struct program_result {
	/* exit status; 128 + the signal that ended it; -1: time limit or too much output; 127: not found */
	int status;
	char *out, *err;        /* owned; each ends with a 0 byte */
	size_t out_len, err_len;
};

/* Runs it to its end. stdin is /dev/null. Aborts the tests where the machine gives no pipe or process. */
struct program_result run_program(struct program program);
/* The program under test. */
const char *archsweep_path(void);
/* That program with these arguments, NULL at the end: run_archsweep((const char *[]){ "params", "--json", path, NULL
 * }). */
struct program_result run_archsweep(const char *const *arguments);
void program_result_free(struct program_result *result);

/* For tests that interrupt a run: starts it, gives its id at once; program_finish waits and returns what run_program
 * would. */
struct running_program;
struct running_program *program_start(struct program program, pid_t *id);
struct program_result program_finish(struct running_program *running);

#endif
