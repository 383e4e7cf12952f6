/* A team of 1 to 4 threads: every task runs once, in its round, while helpers come and go. */
#include "nn/base/team.h"
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

static void work(void *about, int index, int thread)
{
	struct board *board = about;

	(void)thread;
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
static int run_rounds(struct team *team, int rounds, int most)
{
	struct board boards[2] = { { 0 } };
	int wrong = 0;

	for (int round = 1; round <= rounds; round++) {
		struct board *board = &boards[round % 2];
		int count = round / 2 % (most + 1);
		*board = (struct board){ .round = round };
		team_run(team, count, work, board);
		wrong += count_wrong(board, count);
	}
	return wrong;
}

struct helper {
	struct team *team;
	atomic_int leave;
	int visits;             /* times to join and leave again; 0: stay until the team closes */
};

static void *help(void *about)
{
	struct helper *helper = about;

	if (!helper->visits)
		team_help(helper->team, &helper->leave);
	for (int i = 0; i < helper->visits; i++) {
		atomic_store(&helper->leave, 0);
		team_help(helper->team, &helper->leave);
	}
	return NULL;
}

static void wait_for_helpers(struct team *team, int count)
{
	while (atomic_load(&team->helpers) != count)
		sched_yield();
}

static void run_with_helpers(int helpers)
{
	struct team team;
	struct helper all[HELPERS];
	pthread_t threads[HELPERS];

	team_init(&team);
	for (int i = 0; i < helpers; i++) {
		all[i] = (struct helper){ .team = &team };
		CHECK_INT(pthread_create(&threads[i], NULL, help, &all[i]), 0);
	}
	wait_for_helpers(&team, helpers);
	CHECK_INT(run_rounds(&team, ROUNDS, TASKS), 0);
	CHECK_INT(run_rounds(&team, 10 * ROUNDS, 3), 0);
	team_close(&team);
	wait_for_helpers(&team, 0);
	for (int i = 0; i < helpers; i++)
		pthread_join(threads[i], NULL);
}

TEST(team_of_one_does_every_task_once)
{
	run_with_helpers(0);
}

TEST(team_of_two_does_every_task_once)
{
	run_with_helpers(1);
}

TEST(team_of_four_does_every_task_once)
{
	run_with_helpers(HELPERS);
}

/* Helpers leave and join again between and during rounds. */
TEST(team_helpers_may_come_and_go)
{
	struct team team;
	struct helper all[HELPERS];
	pthread_t threads[HELPERS];
	int wrong = 0;

	team_init(&team);
	for (int i = 0; i < HELPERS; i++) {
		all[i] = (struct helper){ .team = &team, .visits = 1 << 20 };
		CHECK_INT(pthread_create(&threads[i], NULL, help, &all[i]), 0);
	}
	for (int round = 0; round < 200; round++) {
		wrong += run_rounds(&team, 11, 5);
		atomic_store(&all[round % HELPERS].leave, 1);
	}
	CHECK_INT(wrong, 0);
	team_close(&team);
	for (int i = 0; i < HELPERS; i++)
		pthread_join(threads[i], NULL);
	CHECK_INT(atomic_load(&team.helpers), 0);
}

static void count_call(void *about, int index, int thread)
{
	(void)index;
	(void)thread;
	++*(int *)about;
}

/* Two tasks that wait for each other: they end only if two threads run at the same time. */
static void meet(void *about, int index, int thread)
{
	atomic_int *arrived = about;

	(void)index;
	(void)thread;
	atomic_fetch_add(arrived, 1);
	while (atomic_load(arrived) < 2)
		sched_yield();
}

TEST(team_helper_works_beside_the_leader)
{
	struct team team;
	struct helper helper = { .team = &team };
	atomic_int arrived = 0;
	pthread_t thread;

	team_init(&team);
	CHECK_INT(pthread_create(&thread, NULL, help, &helper), 0);
	wait_for_helpers(&team, 1);
	team_run(&team, 2, meet, &arrived);
	CHECK_INT(atomic_load(&arrived), 2);
	team_close(&team);
	pthread_join(thread, NULL);
}

static atomic_int clock_calls;

static int64_t next_moment(void)
{
	return 1000 + atomic_fetch_add(&clock_calls, 1);
}

/* Each reading advances the clock by 1: at the start of the helper's wait, and at its end. */
TEST(team_measures_waits_with_the_clock_that_it_is_given)
{
	struct team team;
	struct helper helper = { .team = &team };
	int did = 0;
	pthread_t thread;

	team_init(&team);
	team.clock_ns = next_moment;
	team_run(&team, 1, count_call, &did);
	CHECK_INT(atomic_load(&clock_calls), 0);
	CHECK_INT(pthread_create(&thread, NULL, help, &helper), 0);
	while (atomic_load(&clock_calls) == 0)
		sched_yield();
	team_close(&team);
	pthread_join(thread, NULL);
	CHECK_INT(atomic_load(&clock_calls), 2);
	CHECK_INT(atomic_load(&team.waited_ns), 1);
	CHECK_INT(did, 1);
}

static void note_thread(void *about, int index, int thread)
{
	(void)thread;
	((pthread_t *)about)[index] = pthread_self();
}

/* A single task is never worth another thread. */
TEST(team_runs_a_single_task_on_the_leader)
{
	struct team team;
	struct helper helper = { .team = &team };
	pthread_t thread, who[1];
	int elsewhere = 0;

	team_init(&team);
	CHECK_INT(pthread_create(&thread, NULL, help, &helper), 0);
	wait_for_helpers(&team, 1);
	for (int i = 0; i < 1000; i++) {
		team_run(&team, 1, note_thread, who);
		elsewhere += !pthread_equal(who[0], pthread_self());
	}
	CHECK_INT(elsewhere, 0);
	team_close(&team);
	pthread_join(thread, NULL);
}

/* Counted in before it serves: the leader's wait for 0 helpers cannot miss it. */
TEST(team_join_counts_before_serving)
{
	struct team team;
	atomic_int leave = 0;

	team_init(&team);
	team_join(&team);
	CHECK_INT(atomic_load(&team.helpers), 1);
	CHECK_INT(run_rounds(&team, 50, TASKS), 0);
	team_close(&team);
	team_serve(&team, &leave);
	CHECK_INT(atomic_load(&team.helpers), 0);
}

struct tickets {
	struct team *team;
	uint64_t seen[3];
};

static void note_ticket(void *about, int index, int thread)
{
	struct tickets *tickets = about;

	(void)thread;
	tickets->seen[index] = atomic_load(&tickets->team->ticket);
}

/* A helper that slept between reading a ticket and claiming must fail, even if a later round looks the same: so tickets
 * must never repeat. */
TEST(team_tickets_never_come_back)
{
	struct team team;
	struct tickets first = { .team = &team }, second = first;

	team_init(&team);
	team_join(&team);
	team_run(&team, 3, note_ticket, &first);
	team_run(&team, 3, note_ticket, &second);
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++)
			CHECK(first.seen[i] != second.seen[j]);
}

enum { NUMBERED = 400 };

/* Which thread numbers are in use, and what tasks saw. */
struct numbers {
	int count;              /* tasks of a round */
	atomic_int taken[TEAM_THREADS];
	atomic_int doubled, outside;
	long scratch[TEAM_THREADS];     /* plain memory: sharing a number would show in ThreadSanitizer, and in sums */
};

static void use_number(void *about, int index, int thread)
{
	struct numbers *numbers = about;

	(void)index;
	if (thread < 0 || thread >= numbers->count || thread >= TEAM_THREADS) {
		atomic_fetch_add(&numbers->outside, 1);
		return;
	}
	atomic_fetch_add(&numbers->doubled, atomic_fetch_add(&numbers->taken[thread], 1) != 0);
	numbers->scratch[thread]++;
	sched_yield();
	atomic_fetch_sub(&numbers->taken[thread], 1);
}

/* While helpers come and go, tasks that run at the same time have different thread numbers, all below the number of
 * tasks, and nothing written to a number's memory is lost. */
TEST(team_thread_numbers_are_for_one_at_a_time)
{
	static struct numbers numbers;
	struct team team;
	struct helper all[HELPERS];
	pthread_t threads[HELPERS];
	long sum = 0, tasks = 0;

	team_init(&team);
	for (int i = 0; i < HELPERS; i++) {
		all[i] = (struct helper){ .team = &team, .visits = 1 << 20 };
		CHECK_INT(pthread_create(&threads[i], NULL, help, &all[i]), 0);
	}
	for (int round = 0; round < NUMBERED; round++) {
		numbers.count = 1 + round % 7;
		tasks += numbers.count;
		team_run(&team, numbers.count, use_number, &numbers);
		atomic_store(&all[round % HELPERS].leave, 1);
	}
	team_close(&team);
	for (int i = 0; i < HELPERS; i++)
		pthread_join(threads[i], NULL);
	for (int thread = 0; thread < TEAM_THREADS; thread++)
		sum += numbers.scratch[thread];
	CHECK_INT(atomic_load(&numbers.doubled), 0);
	CHECK_INT(atomic_load(&numbers.outside), 0);
	CHECK_INT(sum, tasks);
	CHECK_INT(atomic_load(&team.taken), 1);         /* the leader's alone is taken */
}

/* Alone the leader goes from the first task to the last. */
static void note_order(void *about, int index, int thread)
{
	int *next = about;

	CHECK_INT(index, *next);
	CHECK_INT(thread, 0);
	++*next;
}

TEST(team_of_one_takes_tasks_in_order)
{
	struct team team;
	int next = 0;

	team_init(&team);
	team_run(&team, 5, note_order, &next);
	team_join(&team);       /* who does not serve yet */
	next = 0;
	team_run(&team, 5, note_order, &next);
	CHECK_INT(next, 5);
}
