/* See interrupt.h. A signal handler can only reach static variables: these two are the program's only ones. */
#include "bench/system/interrupt.h"

#include "bench/system/clock.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* One key press may arrive twice, from the terminal and from a parent that forwards it; within this time they count
 * once. */
#define SAME_PRESS_SECONDS 0.2

static volatile int signal_seen;
static double first_seconds;

static void die_by(int signal_number)
{
	sigset_t blocked;

	signal(signal_number, SIG_DFL);
	raise(signal_number);
	sigemptyset(&blocked);          /* within a handler the signal waits until it is let through */
	sigaddset(&blocked, signal_number);
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

static void notice(int signal_number)
{
	double now = clock_seconds();

	if (!signal_seen) {
		first_seconds = now;
		signal_seen = signal_number;
	} else if (now - first_seconds > SAME_PRESS_SECONDS) {
		die_by(signal_number);
	}
}

static void listen_to(int signal_number)
{
	struct sigaction action = { .sa_handler = notice, .sa_flags = SA_RESTART };
	struct sigaction before;

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGINT);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaddset(&action.sa_mask, SIGHUP);
	if (sigaction(signal_number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(signal_number, &action, NULL);
}

void interrupt_listen(void)
{
	listen_to(SIGINT);
	listen_to(SIGTERM);
	listen_to(SIGHUP);
}

void interrupt_pass_on(void)
{
	if (signal_seen)
		die_by(signal_seen);
}

const volatile int *interrupt_flag(void)
{
	return &signal_seen;
}
