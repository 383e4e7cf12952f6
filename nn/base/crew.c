/* See crew.h.
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
#include "nn/base/crew.h"

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
static void wait_a_turn(const struct crew *crew, struct wait *wait)
{
	if (wait->turns == 0 && crew->clock_ns)
		wait->since_ns = crew->clock_ns();
	if (wait->turns < SPINS) {
		wait->turns++;
		pause_briefly();
	} else {
		sched_yield();
	}
}

static void wait_end(struct crew *crew, struct wait *wait)
{
	if (wait->turns > 0 && crew->clock_ns)
		atomic_fetch_add_explicit(&crew->waited_ns, crew->clock_ns() - wait->since_ns, memory_order_relaxed);
	wait->turns = 0;
}

/* Claims and runs one task, which ends a wait. False if no task is left for this seat. */
static bool do_one(struct crew *crew, int seat, struct wait *wait)
{
	uint64_t ticket = atomic_load_explicit(&crew->ticket, memory_order_acquire);

	while (first_of(ticket) < last_of(ticket)) {
		uint64_t next = seat == 0 ? ticket + ((uint64_t)1 << INDEX_BITS) : ticket - 1;
		void (*work)(void *, int, int) = atomic_load_explicit(&crew->work, memory_order_relaxed);
		void *about = atomic_load_explicit(&crew->about, memory_order_relaxed);
		if (seat >= atomic_load_explicit(&crew->count, memory_order_relaxed))
			return false;
		if (atomic_compare_exchange_weak_explicit(&crew->ticket, &ticket, next,
		                                          memory_order_acquire, memory_order_acquire)) {
			wait_end(crew, wait);
			work(about, seat == 0 ? first_of(ticket) : last_of(ticket) - 1, seat);
			return true;
		}
	}
	return false;
}

void crew_init(struct crew *crew)
{
	atomic_init(&crew->ticket, 0);
	atomic_init(&crew->work, NULL);
	atomic_init(&crew->about, NULL);
	atomic_init(&crew->count, 0);
	atomic_init(&crew->finished, 0);
	atomic_init(&crew->helpers, 0);
	atomic_init(&crew->closed, 0);
	atomic_init(&crew->seats, 1);
	atomic_init(&crew->waited_ns, 0);
	crew->clock_ns = NULL;
}

/* Relaxed stores are enough before the ticket's release, which publishes them. */
static void open_round(struct crew *crew, int count, void (*work)(void *, int, int), void *about)
{
	uint64_t round = (atomic_load_explicit(&crew->ticket, memory_order_relaxed) >> 2 * INDEX_BITS) + 1;

	atomic_store_explicit(&crew->finished, 0, memory_order_relaxed);
	atomic_store_explicit(&crew->work, work, memory_order_relaxed);
	atomic_store_explicit(&crew->about, about, memory_order_relaxed);
	atomic_store_explicit(&crew->count, count, memory_order_relaxed);
	atomic_store_explicit(&crew->ticket, round << 2 * INDEX_BITS | (uint64_t)count, memory_order_release);
}

/* A leader alone, or with a single task, publishes nothing. A helper that joins meanwhile waits for the next round. */
void crew_run(struct crew *crew, int count, void (*work)(void *about, int index, int seat), void *about)
{
	struct wait wait = { 0 };
	int own = 0;

	assert(count >= 0 && count < 1 << INDEX_BITS);
	if (count <= 1 || atomic_load_explicit(&crew->helpers, memory_order_relaxed) == 0) {
		for (int i = 0; i < count; i++)
			work(about, i, 0);
		return;
	}
	open_round(crew, count, work, about);
	while (do_one(crew, 0, &wait))
		own++;
	while (atomic_load_explicit(&crew->finished, memory_order_acquire) != count - own)
		wait_a_turn(crew, &wait);
	wait_end(crew, &wait);
}

void crew_join(struct crew *crew)
{
	atomic_fetch_add_explicit(&crew->helpers, 1, memory_order_relaxed);
}

/* Takes the lowest free seat, or returns CREW_SEATS if there is none. Acquire and release: a seat's next owner sees
 * what its last owner wrote. */
static int take_seat(struct crew *crew)
{
	uint64_t taken = atomic_load_explicit(&crew->seats, memory_order_relaxed);

	while (~taken != 0)
		if (atomic_compare_exchange_weak_explicit(&crew->seats, &taken, taken | (taken + 1),
		                                          memory_order_acquire, memory_order_relaxed))
			return __builtin_ctzll(~taken);
	return CREW_SEATS;
}

static void leave_seat(struct crew *crew, int seat)
{
	if (seat < CREW_SEATS)
		atomic_fetch_and_explicit(&crew->seats, ~((uint64_t)1 << seat), memory_order_release);
}

void crew_serve(struct crew *crew, const atomic_int *leave)
{
	struct wait wait = { 0 };
	int seat = CREW_SEATS;

	while (!atomic_load_explicit(leave, memory_order_relaxed) &&
	       !atomic_load_explicit(&crew->closed, memory_order_relaxed)) {
		if (seat == CREW_SEATS)
			seat = take_seat(crew);
		if (seat < CREW_SEATS && do_one(crew, seat, &wait))
			atomic_fetch_add_explicit(&crew->finished, 1, memory_order_release);
		else
			wait_a_turn(crew, &wait);
	}
	wait_end(crew, &wait);
	leave_seat(crew, seat);
	/* Release: whoever sees 0 helpers may free the crew, so this is our last access. */
	atomic_fetch_sub_explicit(&crew->helpers, 1, memory_order_release);
}

void crew_help(struct crew *crew, const atomic_int *leave)
{
	crew_join(crew);
	crew_serve(crew, leave);
}

void crew_close(struct crew *crew)
{
	atomic_store_explicit(&crew->closed, 1, memory_order_relaxed);
}
