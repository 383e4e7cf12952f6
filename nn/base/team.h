/* A team is the threads that train one point: a leader, who owns the point, and helpers that may join at any time.
 * Floor 0.
 *
 * The leader starts a round of numbered tasks with team_run and works on them too; helpers wait in team_help for tasks.
 * Results do not depend on which thread runs a task. Waiting threads spin briefly, then yield.
 *
 * The threads of a team are numbered, the leader is 0. A task receives the number of its thread: scratch memory that
 * belongs to a number stays in that thread's cache from task to task.
 *
 * This file starts no threads and works with any kind (OpenMP, POSIX). It uses no locks; team.c says why it is
 * correct. */
#ifndef NN_BASE_TEAM_H
#define NN_BASE_TEAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { TEAM_THREADS = 64 };     /* most threads that work at the same time; others wait for a free number */

/* The padding gives `finished`, which all helpers write, a cache line of its own. */
struct team {
	_Atomic uint64_t ticket;        /* round, and range of its unclaimed tasks; see team.c */
	_Atomic(void (*)(void *, int, int)) work;
	_Atomic(void *) about;
	atomic_int count;               /* tasks of the current round */
	char padding[64];
	atomic_int finished;            /* tasks of the current round that helpers have done */
	char more_padding[64];
	atomic_int helpers;             /* threads inside team_help, or counted in ahead by team_join */
	atomic_int closed;
	_Atomic uint64_t taken;         /* bit k: a thread has number k */
	int64_t (*clock_ns)(void);      /* measures waits; NULL: nothing does. Set before helpers join */
	_Atomic int64_t waited_ns;      /* total time that leader and helpers waited between tasks */
};

void team_init(struct team *team);

/* Calls work(about, index, thread) once for each index 0 .. count - 1; returns when all calls have returned. The leader
 * takes indices from the first on, helpers from the last down. `thread` is the thread's number: 0 <= thread < count,
 * different for tasks that run at the same time. Every task sees what the leader wrote before, and what earlier tasks
 * of its number wrote; the leader sees afterwards what all tasks wrote. */
void team_run(struct team *team, int count, void (*work)(void *about, int index, int thread), void *about);

/* Runs tasks until *leave is nonzero or the leader has called team_close. */
void team_help(struct team *team, const atomic_int *leave);

/* team_help in two parts, for a thread that finds a team under a lock: team_join while the lock still keeps the team
 * alive, then team_serve without the lock. The leader cannot see team.helpers 0 in between. */
void team_join(struct team *team);
void team_serve(struct team *team, const atomic_int *leave);

/* The leader's last call: helpers return. The team must stay in memory until team.helpers is 0. */
void team_close(struct team *team);

#endif
