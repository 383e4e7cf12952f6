/* A crew is the threads that train one point: a leader, who owns the point, and helpers that may join at any time.
 * Floor 0.
 *
 * The leader starts a round of numbered tasks with crew_run and works on them too; helpers wait in crew_help for tasks.
 * Results do not depend on which thread runs a task. Waiting threads spin briefly, then yield.
 *
 * Every thread of a crew has its own seat, the leader seat 0. A task receives the seat of its thread: scratch memory
 * that belongs to a seat stays in that thread's cache from task to task.
 *
 * This file starts no threads and works with any kind (OpenMP, POSIX). It uses no locks; crew.c says why it is
 * correct. */
#ifndef NN_BASE_CREW_H
#define NN_BASE_CREW_H

#include <stdatomic.h>
#include <stdint.h>

enum { CREW_SEATS = 64 };       /* most threads that work at the same time; others wait for a free seat */

/* The padding gives `finished`, which all helpers write, a cache line of its own. */
struct crew {
	_Atomic uint64_t ticket;        /* round, and range of its unclaimed tasks; see crew.c */
	_Atomic(void (*)(void *, int, int)) work;
	_Atomic(void *) about;
	atomic_int count;               /* tasks of the current round */
	char padding[64];
	atomic_int finished;            /* tasks of the current round that helpers have done */
	char more_padding[64];
	atomic_int helpers;             /* threads inside crew_help, or counted in ahead by crew_join */
	atomic_int closed;
	_Atomic uint64_t seats;         /* bit k: seat k is taken */
	int64_t (*clock_ns)(void);      /* measures waits; NULL: nothing does. Set before helpers join */
	_Atomic int64_t waited_ns;      /* total time that leader and helpers waited between tasks */
};

void crew_init(struct crew *crew);

/* Calls work(about, index, seat) once for each index 0 .. count - 1; returns when all calls have returned. The leader
 * takes indices from the first on, helpers from the last down. 0 <= seat < count, and tasks that run at the same time
 * have different seats. Every task sees what the leader wrote before, and what earlier tasks of its seat wrote; the
 * leader sees afterwards what all tasks wrote. */
void crew_run(struct crew *crew, int count, void (*work)(void *about, int index, int seat), void *about);

/* Runs tasks until *leave is nonzero or the leader has called crew_close. */
void crew_help(struct crew *crew, const atomic_int *leave);

/* crew_help in two parts, for a thread that finds a crew under a lock: crew_join while the lock still keeps the crew
 * alive, then crew_serve without the lock. The leader cannot see crew.helpers 0 in between. */
void crew_join(struct crew *crew);
void crew_serve(struct crew *crew, const atomic_int *leave);

/* The leader's last call: helpers return. The crew must stay in memory until crew.helpers is 0. */
void crew_close(struct crew *crew);

#endif
