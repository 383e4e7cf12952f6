/* See crew.h.
 *
 * Why no task is lost, doubled, or run late. A round is opened by one store of `ticket`, its number above its tasks. A task is
 * claimed by a compare-and-swap that takes one off, the leader the first one and helpers the last one, so each is claimed once, and the
 * claim fails if the ticket has changed at all since it was read. `work`, `about` and `count` are read between the reading and the
 * claim. The leader writes them for the next round only when every task is claimed and done; a helper that read them of another round than
 * its ticket's therefore holds a ticket that is gone, and its claim fails. (After 2^22 rounds the numbers repeat: one would have to sleep
 * through all.)
 *
 * Why memory is in order. Opening a round is a release, a claim an acquire, and the claims in between continue the opening's
 * release sequence: every task sees what the leader wrote before. `finished` is raised with release and read with acquire, and the
 * raises form one release sequence likewise: the leader sees what all tasks wrote. */
#include "nn/base/crew.h"

#include <assert.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum { INDEX_BITS = 21, INDEX_MASK = (1 << INDEX_BITS) - 1 };

enum { SPINS = 2000 };          /* some 30 microseconds: about the length of a step's serial part between two parallel ones */

static inline void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* Of the tasks that nobody has taken yet the first one, and the one behind the last. */
static int first_of(uint64_t ticket)
{
	return (int)(ticket >> INDEX_BITS & INDEX_MASK);
}

static int last_of(uint64_t ticket)
{
	return (int)(ticket & INDEX_MASK);
}

/* One thread's wait: none while turns is 0. */
struct wait {
	int turns;
	int64_t since_ns;
};

/* Yielding lets a thread run whose core we sit on. */
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

/* Claims and does one task, which ends a wait; false where none is left for this seat. */
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

/* Relaxed stores suffice for all but the ticket, whose release publishes them. */
static void open_round(struct crew *crew, int count, void (*work)(void *, int, int), void *about)
{
	uint64_t round = (atomic_load_explicit(&crew->ticket, memory_order_relaxed) >> 2 * INDEX_BITS) + 1;

	atomic_store_explicit(&crew->finished, 0, memory_order_relaxed);
	atomic_store_explicit(&crew->work, work, memory_order_relaxed);
	atomic_store_explicit(&crew->about, about, memory_order_relaxed);
	atomic_store_explicit(&crew->count, count, memory_order_relaxed);
	atomic_store_explicit(&crew->ticket, round << 2 * INDEX_BITS | (uint64_t)count, memory_order_release);
}

/* Alone, or with a single task, nothing is published. A helper who joins meanwhile waits for the next round. */
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

/* The lowest free seat, or CREW_SEATS if there is none. Acquire and release: what a seat's last owner wrote, its next one sees. */
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

	while (!atomic_load_explicit(leave, memory_order_relaxed) && !atomic_load_explicit(&crew->closed, memory_order_relaxed)) {
		if (seat == CREW_SEATS)
			seat = take_seat(crew);
		if (seat < CREW_SEATS && do_one(crew, seat, &wait))
			atomic_fetch_add_explicit(&crew->finished, 1, memory_order_release);
		else
			wait_a_turn(crew, &wait);
	}
	wait_end(crew, &wait);
	leave_seat(crew, seat);
	/* Release: whoever sees the count at 0 may free the crew, and nothing of ours may come after. */
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
