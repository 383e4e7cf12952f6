/* Ctrl-C, SIGTERM and a closed terminal ask the program to end; this says whether they did. Floor 4a.
 *
 * The first request raises a flag that whoever works looks at; a second one, a moment later, ends the program at once. */
#ifndef BENCH_SYSTEM_INTERRUPT_H
#define BENCH_SYSTEM_INTERRUPT_H

/* From here on SIGINT, SIGTERM and SIGHUP raise the flag; those that were ignored stay ignored (nohup, shell jobs in the background). */
void interrupt_listen(void);

/* 0, or the number of the signal that came. Lives as long as the program; may be read by any thread. */
const volatile int *interrupt_flag(void);

#endif
