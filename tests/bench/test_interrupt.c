/* Signals, in children of the test. */
#include "tests/helpers/test.h"

#include "bench/system/interrupt.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SURVIVED = 42 };

static void sleep_ms(long milliseconds)
{
	nanosleep(&(struct timespec){ .tv_nsec = milliseconds * 1000000 }, NULL);
}

/* The child's exit status, or minus the signal that ended it. */
static int status_of(void (*child)(void))
{
	pid_t id = fork();
	int status = 0;

	if (id == 0) {
		child();
		_exit(SURVIVED);
	}
	CHECK(waitpid(id, &status, 0) == id);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void be_interrupted_once(void)
{
	interrupt_listen();
	if (*interrupt_flag() != 0)
		_exit(1);
	raise(SIGTERM);
	if (*interrupt_flag() != SIGTERM)
		_exit(2);
	raise(SIGINT);          /* within the same moment: one press that came twice */
	if (*interrupt_flag() != SIGTERM)
		_exit(3);
}

static void be_interrupted_twice(void)
{
	interrupt_listen();
	raise(SIGINT);
	sleep_ms(300);
	raise(SIGINT);
}

static void end_interrupted(void)
{
	interrupt_listen();
	interrupt_pass_on();    /* nothing arrived: nothing happens */
	raise(SIGTERM);
	raise(SIGINT);
	interrupt_pass_on();
}

static void end_to_be_continued(void)
{
	interrupt_listen();
	raise(SIGXCPU);
	sleep_ms(300);
	raise(SIGXCPU);         /* comes every second */
	raise(SIGUSR1);
	if (*interrupt_flag() != SIGXCPU || !interrupt_is_again())
		_exit(1);
	interrupt_pass_on();
}

static void be_left_alone(void)
{
	signal(SIGHUP, SIG_IGN);
	interrupt_listen();
	raise(SIGHUP);
	if (*interrupt_flag() != 0)
		_exit(1);
}

TEST(interrupt_once_raises_the_flag)
{
	CHECK_INT(status_of(be_interrupted_once), SURVIVED);
}

TEST(interrupt_twice_ends_at_once)
{
	CHECK_INT(status_of(be_interrupted_twice), -SIGINT);
}

TEST(interrupted_programs_die_by_the_first_signal)
{
	CHECK_INT(status_of(end_interrupted), -SIGTERM);
}

TEST(interrupted_by_a_scheduler_programs_end_with_75)
{
	CHECK_INT(status_of(end_to_be_continued), 75);
}

TEST(interrupt_keeps_ignored_signals_ignored)
{
	CHECK_INT(status_of(be_left_alone), SURVIVED);
}
