/* Handles requests to end: Ctrl-C, SIGTERM, a closed terminal, and those of schedulers: SIGUSR1, and SIGXCPU for the
 * limit of processor time. Floor 4a.
 *
 * The first request sets a flag that long work polls. After Ctrl-C, SIGTERM and SIGHUP a second one, a moment later,
 * ends the program immediately; both times it dies by that signal. After SIGUSR1 and SIGXCPU it ends with
 * INTERRUPT_AGAIN, so that the scheduler puts it into its queue once more. */
#ifndef BENCH_SYSTEM_INTERRUPT_H
#define BENCH_SYSTEM_INTERRUPT_H

#include <stdbool.h>

enum { INTERRUPT_AGAIN = 75 };          /* EX_TEMPFAIL of sysexits.h */

/* Makes these signals set the flag; ignored signals stay ignored (nohup, background jobs). */
void interrupt_listen(void);

/* Ends the program by the signal that arrived, so that whoever started it sees that it was interrupted and a loop in a
 * shell stops too; or with INTERRUPT_AGAIN. Returns where none arrived. Standard streams must be flushed before. */
void interrupt_pass_on(void);

/* Whether the signal that arrived asks to be continued later. */
bool interrupt_is_again(void);

/* 0, or the number of the signal that arrived. Valid as long as the program; any thread may read it. */
const volatile int *interrupt_flag(void);

#endif
