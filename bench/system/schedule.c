/* See schedule.h. The board is what all threads know; choose() is the one place that decides. */
#include "bench/system/schedule.h"

#include "bench/system/blas.h"
#include "bench/system/clock.h"
#include "bench/system/crew.h"

#include <assert.h>
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
	double *length;         /* [task_count], owned: work of a task and of those that come after it in a row */
	int *order;             /* [task_count], owned: tasks, longest first */
	int first;              /* all before this place in `order` have started */
	int waiting;            /* tasks that have not */
	double waiting_work;    /* of theirs */
	int *running, running_count;    /* [threads], owned: tasks that have started and not ended */
	int64_t memory_left;
	double busy_seconds;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a task started or ended */
};

enum action { LEAD, HELP, WAIT, LEAVE };

struct choice { enum action action; int task; };

/* Equals keep their order. */
static int compare_longest_first(const void *left, const void *right, void *about)
{
	const double *length = about;
	int a = *(const int *)left, b = *(const int *)right;

	if (length[a] != length[b])
		return length[a] < length[b] ? 1 : -1;
	return (a > b) - (a < b);
}

/* The longest way from each task's start to the end of all that comes after it (the upward rank: Topcuoglu, Hariri and
 * Wu 2002). Lengths grow until none does. */
static void measure_lengths(const struct schedule *s, double *length)
{
	bool grown = true;

	for (int i = 0; i < s->task_count; i++)
		length[i] = s->tasks[i].work;
	while (grown) {
		grown = false;
		for (int i = s->task_count; i-- > 0;)
			for (int k = 0; k < s->tasks[i].after_count; k++) {
				int before = s->tasks[i].after[k];

				if (length[before] < s->tasks[before].work + length[i]) {
					length[before] = s->tasks[before].work + length[i];
					grown = true;
				}
			}
	}
}

static void sort_longest_first(struct board *b)
{
	int count = b->schedule->task_count;

	measure_lengths(b->schedule, b->length);
	for (int i = 0; i < count; i++)
		b->order[i] = i;
	qsort_r(b->order, (size_t)count, sizeof *b->order, compare_longest_first, b->length);
}

static void board_free(struct board *b)
{
	free(b->states);
	free(b->length);
	free(b->order);
	free(b->running);
}

static bool board_init(struct board *b, const struct schedule *s, struct error *err)
{
	size_t count = (size_t)s->task_count + 1;

	*b = (struct board){ .schedule = s, .memory_left = s->memory_bytes };
	b->states = aligned_alloc(_Alignof(struct task_state), count * sizeof *b->states);
	b->length = calloc(count, sizeof *b->length);
	b->order = calloc(count, sizeof *b->order);
	b->running = calloc((size_t)s->threads + 1, sizeof *b->running);
	b->waiting = s->task_count;
	if (!b->states || !b->length || !b->order || !b->running) {
		board_free(b);
		return fail(err, "not enough memory for %d tasks", s->task_count);
	}
	for (int i = 0; i < s->task_count; i++) {
		assert(s->tasks[i].work > 0 && s->tasks[i].most_threads > 0 &&
		       s->tasks[i].memory_bytes <= s->memory_bytes);
		b->states[i] = (struct task_state){ .state = WAITING, .left = s->tasks[i].work };
		b->waiting_work += s->tasks[i].work;
		team_init(&b->states[i].team);
		b->states[i].team.clock_ns = clock_ns;
	}
	sort_longest_first(b);
	return true;
}

/* The running task with the most work left for each of its threads, of those that have room for one more; -1: none. */
static int find_neediest(const struct board *b)
{
	int best = -1;
	double most = -1;

	for (int i = 0; i < b->running_count; i++) {
		int task = b->running[i];
		const struct task_state *t = &b->states[task];
		double need = t->left / t->threads;

		if (t->threads < b->schedule->tasks[task].most_threads &&
		    (need > most || (need == most && task < best))) {
			most = need;
			best = task;
		}
	}
	return best;
}

/* Whether all that it comes after has ended. */
static bool is_ready(const struct board *b, int task)
{
	const struct task *t = &b->schedule->tasks[task];

	for (int i = 0; i < t->after_count; i++)
		if (b->states[t->after[i]].state != ENDED)
			return false;
	return true;
}

/* The first waiting task that may start and fits into memory, or -1. */
static int find_next(const struct board *b)
{
	for (int i = b->first; i < b->schedule->task_count; i++) {
		int task = b->order[i];

		if (b->states[task].state == WAITING && is_ready(b, task) &&
		    b->schedule->tasks[task].memory_bytes <= b->memory_left)
			return task;
	}
	return -1;
}

/* Whether a task would end last even if all threads that it has room for joined it as soon as the other work is done.
 * With T threads, k of them on the task, L left in it and W in all, the others need (W - L) / (T - k) until they are
 * free; the task then has L - k (W - L) / (T - k) left for at most m threads. Everything could have ended at W / T. */
static bool ends_last(const struct board *b, int task)
{
	const struct task_state *t = &b->states[task];
	int threads = b->schedule->threads, most = b->schedule->tasks[task].most_threads;
	double all = b->waiting_work;

	if (t->threads >= threads)
		return false;
	for (int i = 0; i < b->running_count; i++)
		all += b->states[b->running[i]].left;
	double others_end = (all - t->left) / (threads - t->threads);
	/* None: its own threads will be free to take other work */
	double rest = t->left - t->threads * others_end;
	return rest > 0 && others_end + rest / (most < threads ? most : threads) > 1.02 * all / threads;
}

/* A signal handler or another thread may be writing. */
static bool is_stopped(const struct schedule *s)
{
	return s->stop && __atomic_load_n(s->stop, __ATOMIC_RELAXED);
}

static struct choice choose(const struct board *b)
{
	const struct schedule *s = b->schedule;
	int next = is_stopped(s) ? -1 : find_next(b);
	int neediest = find_neediest(b);

	if (next >= 0 && (neediest < 0 || !ends_last(b, neediest)))
		return (struct choice){ LEAD, next };
	if (neediest >= 0)
		return (struct choice){ HELP, neediest };
	bool more = !is_stopped(s) && b->waiting > 0;
	return (struct choice){ more ? WAIT : LEAVE, -1 };
}

static void board_start(struct board *b, struct choice c)
{
	if (c.action == LEAD) {
		b->states[c.task].state = RUNNING;
		b->running[b->running_count++] = c.task;
		b->waiting--;
		b->waiting_work -= b->schedule->tasks[c.task].work;
		b->memory_left -= b->schedule->tasks[c.task].memory_bytes;
		while (b->first < b->schedule->task_count && b->states[b->order[b->first]].state != WAITING)
			b->first++;
	}
	b->states[c.task].threads++;
}

static void board_end(struct board *b, int task)
{
	int place = 0;

	while (b->running[place] != task)
		place++;
	b->running[place] = b->running[--b->running_count];
	b->states[task].state = ENDED;
	b->states[task].left = 0;
	b->memory_left += b->schedule->tasks[task].memory_bytes;
}

/* Asks the running tasks how far they are. */
static void board_refresh(struct board *b)
{
	const struct schedule *s = b->schedule;

	for (int i = 0; i < b->running_count; i++) {
		int task = b->running[i];

		b->states[task].left = s->tasks[task].work * s->share_left(s->about, task);
	}
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
static void serve(void *about)
{
	struct board *b = about;

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

bool schedule_run(const struct schedule *s, struct schedule_times *times, struct error *err)
{
	struct board b;
	double start = clock_seconds();

	if (!blas_reserve(s->threads, err) || !board_init(&b, s, err))
		return false;
	pthread_mutex_init(&b.lock, NULL);
	pthread_cond_init(&b.changed, NULL);
	bool ran = crew_run(s->threads, serve, &b, err);
	pthread_cond_destroy(&b.changed);
	pthread_mutex_destroy(&b.lock);
	*times = (struct schedule_times){ clock_seconds() - start, b.busy_seconds - waited_seconds(&b) };
	board_free(&b);
	return ran;
}

/* Lets `seconds` pass for all running tasks; those with nothing left end, and their threads are free again. */
static int pass_time(struct board *b, double seconds)
{
	int free_threads = 0;

	for (int i = b->running_count; i-- > 0;) {      /* the last takes the place of one that ends */
		int task = b->running[i];
		struct task_state *t = &b->states[task];

		b->busy_seconds += seconds * t->threads;
		t->left -= seconds * t->threads;
		if (t->left <= 1e-9 * b->schedule->tasks[task].work) {
			free_threads += t->threads;
			board_end(b, task);
		}
	}
	return free_threads;
}

/* Seconds until the first running task ends; 0 where none runs. */
static double next_end(const struct board *b)
{
	double soonest = 0;

	for (int i = 0; i < b->running_count; i++) {
		const struct task_state *t = &b->states[b->running[i]];

		if (soonest == 0 || t->left / t->threads < soonest)
			soonest = t->left / t->threads;
	}
	return soonest;
}

bool schedule_simulate(const struct schedule *s, struct schedule_times *times, struct error *err)
{
	struct board b;
	int free_threads = s->threads;
	double now = 0;

	if (!board_init(&b, s, err))
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
