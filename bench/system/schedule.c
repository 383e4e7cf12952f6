/* See schedule.h. The board is what all threads know; choose() is the one place that decides. */
#include "bench/system/schedule.h"

#include "bench/system/clock.h"

#include <assert.h>
#include <cblas.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

enum state { WAITING, RUNNING, ENDED };

struct task_state {                  /* what is going on with one task */
	_Alignas(64) struct team team;
	enum state state;
	int threads;            /* leading and helping */
	double left;            /* work still to do, when last asked */
};

struct board {
	const struct schedule *schedule;
	/* [task_count], owned; here until every thread has left, so that no helper outlives a team */
	struct task_state *states;
	int *order;             /* [task_count], owned: tasks, longest first */
	int64_t memory_left;
	double busy_seconds;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a task started or ended */
};

enum action { LEAD, HELP, WAIT, LEAVE };

struct choice { enum action action; int task; };

/* Insertion keeps equals in their order, and thousands of tasks take milliseconds. */
static void sort_longest_first(const struct schedule *s, int *order)
{
	for (int i = 0; i < s->task_count; i++) {
		int k = i;

		for (; k > 0 && s->tasks[order[k - 1]].work < s->tasks[i].work; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
}

static void board_free(struct board *b)
{
	free(b->states);
	free(b->order);
}

static bool board_init(struct board *b, const struct schedule *s)
{
	size_t count = (size_t)s->task_count + 1;

	*b = (struct board){ .schedule = s, .memory_left = s->memory_bytes };
	b->states = aligned_alloc(_Alignof(struct task_state), count * sizeof *b->states);
	b->order = calloc(count, sizeof *b->order);
	if (!b->states || !b->order) {
		board_free(b);
		return false;
	}
	for (int i = 0; i < s->task_count; i++) {
		assert(s->tasks[i].work > 0 && s->tasks[i].most_threads > 0 &&
		       s->tasks[i].memory_bytes <= s->memory_bytes);
		b->states[i] = (struct task_state){ .state = WAITING, .left = s->tasks[i].work };
		team_init(&b->states[i].team);
		b->states[i].team.clock_ns = clock_ns;
	}
	sort_longest_first(s, b->order);
	return true;
}

/* The running task with the most work left for each of its threads, of those that have room for one more; -1: none. */
static int find_neediest(const struct board *b)
{
	int best = -1;
	double most = -1;

	for (int i = 0; i < b->schedule->task_count; i++) {
		const struct task_state *t = &b->states[i];

		if (t->state == RUNNING && t->threads < b->schedule->tasks[i].most_threads &&
		    t->left / t->threads > most) {
			most = t->left / t->threads;
			best = i;
		}
	}
	return best;
}

/* The first waiting task that fits into memory, or -1. */
static int find_next(const struct board *b)
{
	for (int i = 0; i < b->schedule->task_count; i++) {
		int task = b->order[i];

		if (b->states[task].state == WAITING && b->schedule->tasks[task].memory_bytes <= b->memory_left)
			return task;
	}
	return -1;
}

static int count_in(const struct board *b, enum state state)
{
	int count = 0;

	for (int i = 0; i < b->schedule->task_count; i++)
		count += b->states[i].state == state;
	return count;
}

/* Whether a task would end last even if all threads that it has room for joined it as soon as the other work is done.
 * With T threads, k of them on the task, L left in it and W in all, the others need (W - L) / (T - k) until they are
 * free; the task then has L - k (W - L) / (T - k) left for at most m threads. Everything could have ended at W / T. */
static bool ends_last(const struct board *b, int task)
{
	const struct task_state *t = &b->states[task];
	int threads = b->schedule->threads, most = b->schedule->tasks[task].most_threads;
	double all = 0;

	if (t->threads >= threads)
		return false;
	for (int i = 0; i < b->schedule->task_count; i++)
		all += b->states[i].state == ENDED ? 0 : b->states[i].left;
	double others_end = (all - t->left) / (threads - t->threads);
	/* None: its own threads will be free to take other work */
	double rest = t->left - t->threads * others_end;
	return rest > 0 && others_end + rest / (most < threads ? most : threads) > 1.02 * all / threads;
}

static struct choice choose(const struct board *b)
{
	const struct schedule *s = b->schedule;
	int next = s->stop && *s->stop ? -1 : find_next(b);
	int neediest = find_neediest(b);

	if (next >= 0 && (neediest < 0 || !ends_last(b, neediest)))
		return (struct choice){ LEAD, next };
	if (neediest >= 0)
		return (struct choice){ HELP, neediest };
	bool more = !(s->stop && *s->stop) && count_in(b, WAITING) > 0;
	return (struct choice){ more ? WAIT : LEAVE, -1 };
}

static void board_start(struct board *b, struct choice c)
{
	if (c.action == LEAD) {
		b->states[c.task].state = RUNNING;
		b->memory_left -= b->schedule->tasks[c.task].memory_bytes;
	}
	b->states[c.task].threads++;
}

static void board_end(struct board *b, int task)
{
	b->states[task].state = ENDED;
	b->states[task].left = 0;
	b->memory_left += b->schedule->tasks[task].memory_bytes;
}

/* Asks the running tasks how far they are. */
static void board_refresh(struct board *b)
{
	const struct schedule *s = b->schedule;

	for (int i = 0; i < s->task_count; i++)
		if (b->states[i].state == RUNNING)
			b->states[i].left = s->tasks[i].work * s->share_left(s->about, i);
}

/* Called without the lock: the task itself. */
static void work_on(struct board *b, struct choice c)
{
	static const atomic_int stay;   /* helpers go when the leader closes the team */
	struct team *team = &b->states[c.task].team;

	if (c.action == HELP) {
		team_help(team, &stay);
		return;
	}
	b->schedule->lead(b->schedule->about, c.task, team);
	team_close(team);
}

/* One thread's life. */
static void serve(struct board *b)
{
	pthread_mutex_lock(&b->lock);
	for (;;) {
		board_refresh(b);
		struct choice c = choose(b);

		if (c.action == LEAVE)
			break;
		if (c.action == WAIT) {
			pthread_cond_wait(&b->changed, &b->lock);
			continue;
		}
		board_start(b, c);
		pthread_cond_broadcast(&b->changed);
		pthread_mutex_unlock(&b->lock);
		double start = clock_seconds();
		work_on(b, c);
		double seconds = clock_seconds() - start;
		pthread_mutex_lock(&b->lock);
		b->busy_seconds += seconds;
		b->states[c.task].threads--;
		if (c.action == LEAD)
			board_end(b, c.task);
		pthread_cond_broadcast(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
}

/* Threads wait for each other inside tasks as well. */
static double waited_seconds(const struct board *b)
{
	double seconds = 0;

	for (int i = 0; i < b->schedule->task_count; i++)
		seconds += 1e-9 * (double)atomic_load(&b->states[i].team.waited_ns);
	return seconds;
}

/* OpenBLAS' OpenMP build uses omp_get_max_threads() threads wherever it is not called inside a parallel region, and a
 * region of one thread does not count as one: hence one thread for it here, and a maximum of one for each member of the
 * team. */
bool schedule_run(const struct schedule *s, struct schedule_times *times)
{
	struct board b;
	double start = clock_seconds();

	if (!board_init(&b, s))
		return false;
	pthread_mutex_init(&b.lock, NULL);
	pthread_cond_init(&b.changed, NULL);
	openblas_set_num_threads(1);
	omp_set_dynamic(0);
	#pragma omp parallel num_threads(s->threads)
	{
		omp_set_num_threads(1);
		serve(&b);
	}
	pthread_cond_destroy(&b.changed);
	pthread_mutex_destroy(&b.lock);
	*times = (struct schedule_times){ clock_seconds() - start, b.busy_seconds - waited_seconds(&b) };
	board_free(&b);
	return true;
}

/* Lets `seconds` pass for all running tasks; those with nothing left end, and their threads are free again. */
static int pass_time(struct board *b, double seconds)
{
	int free_threads = 0;

	for (int i = 0; i < b->schedule->task_count; i++) {
		struct task_state *t = &b->states[i];

		if (t->state != RUNNING)
			continue;
		b->busy_seconds += seconds * t->threads;
		t->left -= seconds * t->threads;
		if (t->left <= 1e-9 * b->schedule->tasks[i].work) {
			free_threads += t->threads;
			board_end(b, i);
		}
	}
	return free_threads;
}

/* Seconds until the first running task ends; 0 where none runs. */
static double next_end(const struct board *b)
{
	double soonest = 0;

	for (int i = 0; i < b->schedule->task_count; i++) {
		const struct task_state *t = &b->states[i];

		if (t->state == RUNNING && (soonest == 0 || t->left / t->threads < soonest))
			soonest = t->left / t->threads;
	}
	return soonest;
}

bool schedule_simulate(const struct schedule *s, struct schedule_times *times)
{
	struct board b;
	int free_threads = s->threads;
	double now = 0;

	if (!board_init(&b, s))
		return false;
	for (;;) {
		for (struct choice c; free_threads > 0 && (c = choose(&b)).action < WAIT; free_threads--)
			board_start(&b, c);
		double step = next_end(&b);

		if (step == 0)
			break;
		now += step;
		free_threads += pass_time(&b, step);
	}
	*times = (struct schedule_times){ now, b.busy_seconds };
	board_free(&b);
	return true;
}
