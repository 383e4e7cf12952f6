/* Handles requests to end: Ctrl-C, SIGTERM, a closed terminal. Floor 4a.
 *
 * The first request sets a flag that long work polls; a second one, a moment later, ends the program immediately. Both
 * times the program dies by that signal. */
#ifndef BENCH_SYSTEM_INTERRUPT_H
#define BENCH_SYSTEM_INTERRUPT_H

/* Makes SIGINT, SIGTERM and SIGHUP set the flag; ignored signals stay ignored (nohup, background jobs). */
void interrupt_listen(void);

/* Ends the program by the signal that arrived, so that whoever started it sees that it was interrupted and a loop in a
 * shell stops too. Returns where none arrived. Standard streams must be flushed before. */
void interrupt_pass_on(void);

/* 0, or the number of the signal that arrived. Valid as long as the program; any thread may read it. */
const volatile int *interrupt_flag(void);

#endif
