/* See team.h.
 *
 * Why every task runs exactly once, in its round: one store of `ticket` opens a round; it holds the round's number and
 * the range of unclaimed tasks. A compare-and-swap claims a task, the leader the first one and helpers the last one,
 * and fails if the ticket has changed since it was read. A thread reads `work`, `about` and `count` between reading the
 * ticket and claiming. The leader overwrites them only when every task is claimed and done, so a helper that read a
 * later round's values holds an old ticket, and its claim fails. (Round numbers repeat after 2^22 rounds; a helper
 * would have to sleep through all of them.)
 *
 * Memory order: opening a round is a release and a claim an acquire, and the claims in between continue the release
 * sequence, so every task sees what the leader wrote before. `finished` is incremented with release and read with
 * acquire, so the leader sees what all tasks wrote. */
#include "nn/base/team.h"

#include <assert.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum { INDEX_BITS = 21, INDEX_MASK = (1 << INDEX_BITS) - 1 };

enum { SPINS = 2000 };          /* about 30 microseconds, like a step's serial part between parallel ones */

static inline void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* The range of unclaimed tasks: first_of() <= index < last_of(). */
static int first_of(uint64_t ticket)
{
	return (int)(ticket >> INDEX_BITS & INDEX_MASK);
}

static int last_of(uint64_t ticket)
{
	return (int)(ticket & INDEX_MASK);
}

/* How long one thread has been waiting; turns 0: it is not. */
struct wait {
	int turns;
	int64_t since_ns;
};

/* Yields after a while, in case another thread needs this core. */
static void wait_a_turn(const struct team *team, struct wait *wait)
{
	if (wait->turns == 0 && team->clock_ns)
		wait->since_ns = team->clock_ns();
	if (wait->turns < SPINS) {
		wait->turns++;
		pause_briefly();
	} else {
		sched_yield();
	}
}

static void wait_end(struct team *team, struct wait *wait)
{
	if (wait->turns > 0 && team->clock_ns)
		atomic_fetch_add_explicit(&team->waited_ns, team->clock_ns() - wait->since_ns, memory_order_relaxed);
	wait->turns = 0;
}

/* Claims and runs one task, which ends a wait. False if none is left for this thread. */
static bool do_one(struct team *team, int thread, struct wait *wait)
{
	uint64_t ticket = atomic_load_explicit(&team->ticket, memory_order_acquire);

	while (first_of(ticket) < last_of(ticket)) {
		uint64_t next = thread == 0 ? ticket + ((uint64_t)1 << INDEX_BITS) : ticket - 1;
		void (*work)(void *, int, int) = atomic_load_explicit(&team->work, memory_order_relaxed);
		void *about = atomic_load_explicit(&team->about, memory_order_relaxed);
		if (thread >= atomic_load_explicit(&team->count, memory_order_relaxed))
			return false;
		if (atomic_compare_exchange_weak_explicit(&team->ticket, &ticket, next,
		                                          memory_order_acquire, memory_order_acquire)) {
			wait_end(team, wait);
			work(about, thread == 0 ? first_of(ticket) : last_of(ticket) - 1, thread);
			return true;
		}
	}
	return false;
}

void team_init(struct team *team)
{
	atomic_init(&team->ticket, 0);
	atomic_init(&team->work, NULL);
	atomic_init(&team->about, NULL);
	atomic_init(&team->count, 0);
	atomic_init(&team->finished, 0);
	atomic_init(&team->helpers, 0);
	atomic_init(&team->closed, 0);
	atomic_init(&team->taken, 1);
	atomic_init(&team->waited_ns, 0);
	team->clock_ns = NULL;
}

/* Relaxed stores are enough before the ticket's release, which publishes them. */
static void open_round(struct team *team, int count, void (*work)(void *, int, int), void *about)
{
	uint64_t round = (atomic_load_explicit(&team->ticket, memory_order_relaxed) >> 2 * INDEX_BITS) + 1;

	atomic_store_explicit(&team->finished, 0, memory_order_relaxed);
	atomic_store_explicit(&team->work, work, memory_order_relaxed);
	atomic_store_explicit(&team->about, about, memory_order_relaxed);
	atomic_store_explicit(&team->count, count, memory_order_relaxed);
	atomic_store_explicit(&team->ticket, round << 2 * INDEX_BITS | (uint64_t)count, memory_order_release);
}

/* A leader alone, or with a single task, publishes nothing. A helper that joins meanwhile waits for the next round. */
void team_run(struct team *team, int count, void (*work)(void *about, int index, int thread), void *about)
{
	struct wait wait = { 0 };
	int own = 0;

	assert(count >= 0 && count < 1 << INDEX_BITS);
	if (count <= 1 || atomic_load_explicit(&team->helpers, memory_order_relaxed) == 0) {
		for (int i = 0; i < count; i++)
			work(about, i, 0);
		return;
	}
	open_round(team, count, work, about);
	while (do_one(team, 0, &wait))
		own++;
	while (atomic_load_explicit(&team->finished, memory_order_acquire) != count - own)
		wait_a_turn(team, &wait);
	wait_end(team, &wait);
}

void team_join(struct team *team)
{
	atomic_fetch_add_explicit(&team->helpers, 1, memory_order_relaxed);
}

/* Takes the lowest free number, or returns TEAM_THREADS if there is none. Acquire and release: a number's next owner
 * sees what its last owner wrote. */
static int take_number(struct team *team)
{
	uint64_t taken = atomic_load_explicit(&team->taken, memory_order_relaxed);

	while (~taken != 0)
		if (atomic_compare_exchange_weak_explicit(&team->taken, &taken, taken | (taken + 1),
		                                          memory_order_acquire, memory_order_relaxed))
			return __builtin_ctzll(~taken);
	return TEAM_THREADS;
}

static void release_number(struct team *team, int thread)
{
	if (thread < TEAM_THREADS)
		atomic_fetch_and_explicit(&team->taken, ~((uint64_t)1 << thread), memory_order_release);
}

void team_serve(struct team *team, const atomic_int *leave)
{
	struct wait wait = { 0 };
	int thread = TEAM_THREADS;

	while (!atomic_load_explicit(leave, memory_order_relaxed) &&
	       !atomic_load_explicit(&team->closed, memory_order_relaxed)) {
		if (thread == TEAM_THREADS)
			thread = take_number(team);
		if (thread < TEAM_THREADS && do_one(team, thread, &wait))
			atomic_fetch_add_explicit(&team->finished, 1, memory_order_release);
		else
			wait_a_turn(team, &wait);
	}
	wait_end(team, &wait);
	release_number(team, thread);
	/* Release: whoever sees 0 helpers may free the team, so this is our last access. */
	atomic_fetch_sub_explicit(&team->helpers, 1, memory_order_release);
}

void team_help(struct team *team, const atomic_int *leave)
{
	team_join(team);
	team_serve(team, leave);
}

void team_close(struct team *team)
{
	atomic_store_explicit(&team->closed, 1, memory_order_relaxed);
}
