/* A crew of 1 to 4 threads: every task runs once, in its round, while helpers come and go. */
#include "nn/base/crew.h"
#include "tests/helpers/test.h"

#include <pthread.h>
#include <sched.h>

enum { TASKS = 37, ROUNDS = 2000, HELPERS = 3 };

/* Results of a round's tasks, in plain memory, so that ThreadSanitizer sees a missing barrier. */
struct board {
	int round;              /* written by the leader before each round */
	int done[TASKS];        /* times that task i ran in this round */
	int seen[TASKS];        /* the round that task i saw */
};

static void work(void *about, int index, int seat)
{
	struct board *board = about;

	(void)seat;
	board->done[index]++;
	board->seen[index] = board->round;
}

static int count_wrong(const struct board *board, int count)
{
	int wrong = 0;

	for (int i = 0; i < TASKS; i++)
		wrong += board->done[i] != (i < count) || (i < count && board->seen[i] != board->round);
	return wrong;
}

/* Runs `rounds` rounds of `most` tasks or fewer; counts the tasks that did not run exactly once, or that saw another
 * round. Rounds take turns on two boards, so that a task done with the last round's address is missed on its own
 * board. */
static int run_rounds(struct crew *crew, int rounds, int most)
{
	struct board boards[2] = { { 0 } };
	int wrong = 0;

	for (int round = 1; round <= rounds; round++) {
		struct board *board = &boards[round % 2];
		int count = round / 2 % (most + 1);
		*board = (struct board){ .round = round };
		crew_run(crew, count, work, board);
		wrong += count_wrong(board, count);
	}
	return wrong;
}

struct helper {
	struct crew *crew;
	atomic_int leave;
	int visits;             /* times to join and leave again; 0: stay until the crew closes */
};

static void *help(void *about)
{
	struct helper *helper = about;

	if (!helper->visits)
		crew_help(helper->crew, &helper->leave);
	for (int i = 0; i < helper->visits; i++) {
		atomic_store(&helper->leave, 0);
		crew_help(helper->crew, &helper->leave);
	}
	return NULL;
}

static void wait_for_helpers(struct crew *crew, int count)
{
	while (atomic_load(&crew->helpers) != count)
		sched_yield();
}

static void run_with_helpers(int helpers)
{
	struct crew crew;
	struct helper all[HELPERS];
	pthread_t threads[HELPERS];

	crew_init(&crew);
	for (int i = 0; i < helpers; i++) {
		all[i] = (struct helper){ .crew = &crew };
		CHECK_INT(pthread_create(&threads[i], NULL, help, &all[i]), 0);
	}
	wait_for_helpers(&crew, helpers);
	CHECK_INT(run_rounds(&crew, ROUNDS, TASKS), 0);
	CHECK_INT(run_rounds(&crew, 10 * ROUNDS, 3), 0);
	crew_close(&crew);
	wait_for_helpers(&crew, 0);
	for (int i = 0; i < helpers; i++)
		pthread_join(threads[i], NULL);
}

TEST(crew_of_one_does_every_task_once)
{
	run_with_helpers(0);
}

TEST(crew_of_two_does_every_task_once)
{
	run_with_helpers(1);
}

TEST(crew_of_four_does_every_task_once)
{
	run_with_helpers(HELPERS);
}

/* Helpers leave and join again between and during rounds. */
TEST(crew_helpers_may_come_and_go)
{
	struct crew crew;
	struct helper all[HELPERS];
	pthread_t threads[HELPERS];
	int wrong = 0;

	crew_init(&crew);
	for (int i = 0; i < HELPERS; i++) {
		all[i] = (struct helper){ .crew = &crew, .visits = 1 << 20 };
		CHECK_INT(pthread_create(&threads[i], NULL, help, &all[i]), 0);
	}
	for (int round = 0; round < 200; round++) {
		wrong += run_rounds(&crew, 11, 5);
		atomic_store(&all[round % HELPERS].leave, 1);
	}
	CHECK_INT(wrong, 0);
	crew_close(&crew);
	for (int i = 0; i < HELPERS; i++)
		pthread_join(threads[i], NULL);
	CHECK_INT(atomic_load(&crew.helpers), 0);
}

static void count_call(void *about, int index, int seat)
{
	(void)index;
	(void)seat;
	++*(int *)about;
}

/* Two tasks that wait for each other: they end only if two threads run at the same time. */
static void meet(void *about, int index, int seat)
{
	atomic_int *arrived = about;

	(void)index;
	(void)seat;
	atomic_fetch_add(arrived, 1);
	while (atomic_load(arrived) < 2)
		sched_yield();
}

TEST(crew_helper_works_beside_the_leader)
{
	struct crew crew;
	struct helper helper = { .crew = &crew };
	atomic_int arrived = 0;
	pthread_t thread;

	crew_init(&crew);
	CHECK_INT(pthread_create(&thread, NULL, help, &helper), 0);
	wait_for_helpers(&crew, 1);
	crew_run(&crew, 2, meet, &arrived);
	CHECK_INT(atomic_load(&arrived), 2);
	crew_close(&crew);
	pthread_join(thread, NULL);
}

static atomic_int clock_calls;

static int64_t next_moment(void)
{
	return 1000 + atomic_fetch_add(&clock_calls, 1);
}

/* Each reading advances the clock by 1: at the start of the helper's wait, and at its end. */
TEST(crew_measures_waits_with_the_clock_that_it_is_given)
{
	struct crew crew;
	struct helper helper = { .crew = &crew };
	int did = 0;
	pthread_t thread;

	crew_init(&crew);
	crew.clock_ns = next_moment;
	crew_run(&crew, 1, count_call, &did);
	CHECK_INT(atomic_load(&clock_calls), 0);
	CHECK_INT(pthread_create(&thread, NULL, help, &helper), 0);
	while (atomic_load(&clock_calls) == 0)
		sched_yield();
	crew_close(&crew);
	pthread_join(thread, NULL);
	CHECK_INT(atomic_load(&clock_calls), 2);
	CHECK_INT(atomic_load(&crew.waited_ns), 1);
	CHECK_INT(did, 1);
}

static void note_thread(void *about, int index, int seat)
{
	(void)seat;
	((pthread_t *)about)[index] = pthread_self();
}

/* A single task is never worth another thread. */
TEST(crew_runs_a_single_task_on_the_leader)
{
	struct crew crew;
	struct helper helper = { .crew = &crew };
	pthread_t thread, who[1];
	int elsewhere = 0;

	crew_init(&crew);
	CHECK_INT(pthread_create(&thread, NULL, help, &helper), 0);
	wait_for_helpers(&crew, 1);
	for (int i = 0; i < 1000; i++) {
		crew_run(&crew, 1, note_thread, who);
		elsewhere += !pthread_equal(who[0], pthread_self());
	}
	CHECK_INT(elsewhere, 0);
	crew_close(&crew);
	pthread_join(thread, NULL);
}

/* Counted in before it serves: the leader's wait for 0 helpers cannot miss it. */
TEST(crew_join_counts_before_serving)
{
	struct crew crew;
	atomic_int leave = 0;

	crew_init(&crew);
	crew_join(&crew);
	CHECK_INT(atomic_load(&crew.helpers), 1);
	CHECK_INT(run_rounds(&crew, 50, TASKS), 0);
	crew_close(&crew);
	crew_serve(&crew, &leave);
	CHECK_INT(atomic_load(&crew.helpers), 0);
}

struct tickets {
	struct crew *crew;
	uint64_t seen[3];
};

static void note_ticket(void *about, int index, int seat)
{
	struct tickets *tickets = about;

	(void)seat;
	tickets->seen[index] = atomic_load(&tickets->crew->ticket);
}

/* A helper that slept between reading a ticket and claiming must fail, even if a later round looks the same: so tickets
 * must never repeat. */
TEST(crew_tickets_never_come_back)
{
	struct crew crew;
	struct tickets first = { .crew = &crew }, second = first;

	crew_init(&crew);
	crew_join(&crew);
	crew_run(&crew, 3, note_ticket, &first);
	crew_run(&crew, 3, note_ticket, &second);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			CHECK(first.seen[i] != second.seen[j]);
}

enum { SEATED = 400 };

/* Which seats are busy, and what tasks saw. */
struct hall {
	int count;              /* tasks of a round */
	atomic_int taken[CREW_SEATS];
	atomic_int doubled, outside;
	long scratch[CREW_SEATS];       /* plain memory: sharing a seat would show in ThreadSanitizer, and in sums */
};

static void sit(void *about, int index, int seat)
{
	struct hall *hall = about;

	(void)index;
	if (seat < 0 || seat >= hall->count || seat >= CREW_SEATS) {
		atomic_fetch_add(&hall->outside, 1);
		return;
	}
	atomic_fetch_add(&hall->doubled, atomic_fetch_add(&hall->taken[seat], 1) != 0);
	hall->scratch[seat]++;
	sched_yield();
	atomic_fetch_sub(&hall->taken[seat], 1);
}

/* While helpers come and go, tasks that run at the same time have different seats, no seat is above the number of
 * tasks, and nothing written to a seat's memory is lost. */
TEST(crew_seats_are_for_one_at_a_time)
{
	static struct hall hall;
	struct crew crew;
	struct helper all[HELPERS];
	pthread_t threads[HELPERS];
	long sum = 0, tasks = 0;

	crew_init(&crew);
	for (int i = 0; i < HELPERS; i++) {
		all[i] = (struct helper){ .crew = &crew, .visits = 1 << 20 };
		CHECK_INT(pthread_create(&threads[i], NULL, help, &all[i]), 0);
	}
	for (int round = 0; round < SEATED; round++) {
		hall.count = 1 + round % 7;
		tasks += hall.count;
		crew_run(&crew, hall.count, sit, &hall);
		atomic_store(&all[round % HELPERS].leave, 1);
	}
	crew_close(&crew);
	for (int i = 0; i < HELPERS; i++)
		pthread_join(threads[i], NULL);
	for (int seat = 0; seat < CREW_SEATS; seat++)
		sum += hall.scratch[seat];
	CHECK_INT(atomic_load(&hall.doubled), 0);
	CHECK_INT(atomic_load(&hall.outside), 0);
	CHECK_INT(sum, tasks);
	CHECK_INT(atomic_load(&crew.seats), 1);         /* the leader's alone is taken */
}

/* Alone the leader goes from the first task to the last. */
static void note_order(void *about, int index, int seat)
{
	int *next = about;

	CHECK_INT(index, *next);
	CHECK_INT(seat, 0);
	++*next;
}

TEST(crew_of_one_takes_tasks_in_order)
{
	struct crew crew;
	int next = 0;

	crew_init(&crew);
	crew_run(&crew, 5, note_order, &next);
	crew_join(&crew);       /* who does not serve yet */
	next = 0;
	crew_run(&crew, 5, note_order, &next);
	CHECK_INT(next, 5);
}
