/* A crew is the threads that work on one point: a leader, who owns the point, and helpers who may join at any time. Floor 0.
 *
 * The leader hands out numbered tasks with crew_run and takes part in them; a helper sits in crew_help and takes tasks as they
 * come. Which thread does a task changes nothing about what the task computes. Waiting threads spin briefly, then yield.
 *
 * Every thread of a crew has a seat of its own, the leader seat 0, and tasks are told the seat of the thread that does them: working
 * memory that belongs to a seat stays in that thread's cache from task to task.
 *
 * Threads are others' business: this file starts none, and works with any (OpenMP's, POSIX's). No locks; why it is
 * right stands in crew.c. */
#ifndef NN_BASE_CREW_H
#define NN_BASE_CREW_H

#include <stdatomic.h>
#include <stdint.h>

enum { CREW_SEATS = 64 };       /* threads that can work at the same time; more wait until a seat is free */

/* The paddings keep what everybody writes and what everybody watches in different cache lines. */
struct crew {
	_Atomic uint64_t ticket;        /* round, and first and last of its tasks that nobody has taken yet; see crew.c */
	_Atomic(void (*)(void *, int, int)) work;
	_Atomic(void *) about;
	atomic_int count;               /* tasks of the current round */
	char apart[64];
	atomic_int finished;            /* tasks of the current round done by helpers */
	char apart_too[64];
	atomic_int helpers;             /* threads inside crew_help, or counted in ahead by crew_join */
	atomic_int closed;
	_Atomic uint64_t seats;         /* bit k: somebody has seat k */
	int64_t (*clock_ns)(void);      /* set between crew_init and the first helper: waits are measured with it; NULL: they are not */
	_Atomic int64_t waited_ns;      /* by the leader and all helpers between tasks, as long as they are in the crew */
};

void crew_init(struct crew *crew);

/* Calls work(about, index, seat) for each index 0 .. count - 1, once, on the leader, who goes from the first to the last, and whoever
 * helps, from the last to the first; returns when all are done. 0 <= seat < count, and no two tasks that run at the same time have the
 * same. Whatever the leader wrote before is seen by every task, whatever the tasks wrote is seen by the leader after, and whatever a task
 * wrote by later ones of its seat. */
void crew_run(struct crew *crew, int count, void (*work)(void *about, int index, int seat), void *about);

/* Help until *leave is nonzero or the crew's leader has called crew_close. */
void crew_help(struct crew *crew, const atomic_int *leave);

/* crew_help in two parts, for a thread that finds a crew under a lock: crew_join while the lock still keeps the crew alive,
 * then crew_serve without the lock. The leader cannot see crew.helpers 0 in between. */
void crew_join(struct crew *crew);
void crew_serve(struct crew *crew, const atomic_int *leave);

/* The leader's last call: helpers return. The crew must stay in memory until crew.helpers is 0. */
void crew_close(struct crew *crew);

#endif
