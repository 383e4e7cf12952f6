/* See interrupt.h. A signal handler can only reach static variables: these two are the program's only ones. */
#include "bench/system/interrupt.h"

#include "bench/system/clock.h"

#include <errno.h>
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

static bool is_again(int signal_number)
{
	return signal_number == SIGUSR1 || signal_number == SIGXCPU;
}

/* Atomic, since other threads read the flag meanwhile; what is interrupted may be about to read errno. SIGXCPU comes
 * again every second. */
static void notice(int signal_number)
{
	int before = errno;
	double now = clock_seconds();

	if (!signal_seen) {
		first_seconds = now;
		__atomic_store_n(&signal_seen, signal_number, __ATOMIC_RELAXED);
	} else if (now - first_seconds > SAME_PRESS_SECONDS && !is_again(signal_number)) {
		die_by(signal_number);
	}
	errno = before;
}

static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU };
enum { SIGNALS = sizeof signals / sizeof *signals };

static void listen_to(int signal_number)
{
	struct sigaction action = { .sa_handler = notice, .sa_flags = SA_RESTART };
	struct sigaction before;

	sigemptyset(&action.sa_mask);
	for (int i = 0; i < SIGNALS; i++)
		sigaddset(&action.sa_mask, signals[i]);
	if (sigaction(signal_number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(signal_number, &action, NULL);
}

void interrupt_listen(void)
{
	for (int i = 0; i < SIGNALS; i++)
		listen_to(signals[i]);
}

bool interrupt_is_again(void)
{
	return is_again(signal_seen);
}

void interrupt_pass_on(void)
{
	if (is_again(signal_seen))
		_exit(INTERRUPT_AGAIN);
	if (signal_seen)
		die_by(signal_seen);
}

const volatile int *interrupt_flag(void)
{
	return &signal_seen;
}
