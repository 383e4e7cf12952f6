/* See crew.h.
 *
 * Why no task is lost, doubled, or run late. A round is opened by one store of `ticket`, its number above its tasks. A task is
 * claimed by a compare-and-swap that takes one off, so each is claimed once, and the claim fails if the ticket has changed at
 * all since it was read. `work` and `about` are read between the reading and the claim. The leader writes them for the next
 * round only when every task is claimed and done; a helper that read them of another round than its ticket's therefore holds a
 * ticket that is gone, and its claim fails. (After 2^32 rounds the numbers repeat: one would have to sleep through all.)
 *
 * Why memory is in order. Opening a round is a release, a claim an acquire, and the claims in between continue the opening's
 * release sequence: every task sees what the leader wrote before. `finished` is raised with release and read with acquire, and the
 * raises form one release sequence likewise: the leader sees what all tasks wrote. */
#include "nn/base/crew.h"

#include <assert.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

enum { SPINS = 2000 };          /* some 30 microseconds: about the length of a step's serial part between two parallel ones */

static inline void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
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

/* Claims and does one task, which ends a wait; false where none is left. */
static bool do_one(struct crew *crew, struct wait *wait)
{
	uint64_t ticket = atomic_load_explicit(&crew->ticket, memory_order_acquire);

	while ((uint32_t)ticket > 0) {
		void (*work)(void *, int) = atomic_load_explicit(&crew->work, memory_order_relaxed);
		void *about = atomic_load_explicit(&crew->about, memory_order_relaxed);
		if (atomic_compare_exchange_weak_explicit(&crew->ticket, &ticket, ticket - 1,
		                                          memory_order_acquire, memory_order_acquire)) {
			wait_end(crew, wait);
			work(about, (int)((uint32_t)ticket - 1));
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
	atomic_init(&crew->finished, 0);
	atomic_init(&crew->helpers, 0);
	atomic_init(&crew->closed, 0);
	atomic_init(&crew->waited_ns, 0);
	crew->clock_ns = NULL;
}

/* Relaxed stores suffice for all but the ticket, whose release publishes them. */
static void open_round(struct crew *crew, int count, void (*work)(void *, int), void *about)
{
	uint64_t round = (atomic_load_explicit(&crew->ticket, memory_order_relaxed) >> 32) + 1;

	atomic_store_explicit(&crew->finished, 0, memory_order_relaxed);
	atomic_store_explicit(&crew->work, work, memory_order_relaxed);
	atomic_store_explicit(&crew->about, about, memory_order_relaxed);
	atomic_store_explicit(&crew->ticket, round << 32 | (uint32_t)count, memory_order_release);
}

/* Alone, or with a single task, nothing is published. A helper who joins meanwhile waits for the next round. */
void crew_run(struct crew *crew, int count, void (*work)(void *about, int index), void *about)
{
	struct wait wait = { 0 };
	int own = 0;

	assert(count >= 0);
	if (count <= 1 || atomic_load_explicit(&crew->helpers, memory_order_relaxed) == 0) {
		for (int i = 0; i < count; i++)
			work(about, i);
		return;
	}
	open_round(crew, count, work, about);
	while (do_one(crew, &wait))
		own++;
	while (atomic_load_explicit(&crew->finished, memory_order_acquire) != count - own)
		wait_a_turn(crew, &wait);
	wait_end(crew, &wait);
}

void crew_join(struct crew *crew)
{
	atomic_fetch_add_explicit(&crew->helpers, 1, memory_order_relaxed);
}

void crew_serve(struct crew *crew, const atomic_int *leave)
{
	struct wait wait = { 0 };

	while (!atomic_load_explicit(leave, memory_order_relaxed) && !atomic_load_explicit(&crew->closed, memory_order_relaxed)) {
		if (do_one(crew, &wait))
			atomic_fetch_add_explicit(&crew->finished, 1, memory_order_release);
		else
			wait_a_turn(crew, &wait);
	}
	wait_end(crew, &wait);
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
