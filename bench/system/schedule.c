/* See schedule.h. The board is what all threads know; choose() is the one place that decides. */
#include "bench/system/schedule.h"

#include "bench/system/clock.h"

#include <assert.h>
#include <cblas.h>
#include <omp.h>
#include <pthread.h>
#include <stdlib.h>

enum state { WAITING, RUNNING, ENDED };

struct place {                  /* what is going on with one job */
	_Alignas(64) struct crew crew;
	enum state state;
	int threads;            /* leading and helping */
	double left;            /* work still to do, when last asked */
};

struct board {
	const struct schedule *schedule;
	struct place *places;   /* [job_count], owned; here until every thread has left, so that no helper outlives a crew */
	int *order;             /* [job_count], owned: jobs, longest first */
	int64_t memory_left;
	double busy_seconds;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a job started or ended */
};

enum action { LEAD, HELP, WAIT, LEAVE };

struct choice { enum action action; int job; };

/* Insertion keeps equals in their order, and thousands of jobs take milliseconds. */
static void sort_longest_first(const struct schedule *s, int *order)
{
	for (int i = 0; i < s->job_count; i++) {
		int k = i;

		for (; k > 0 && s->jobs[order[k - 1]].work < s->jobs[i].work; k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
}

static void board_free(struct board *b)
{
	free(b->places);
	free(b->order);
}

static bool board_init(struct board *b, const struct schedule *s)
{
	size_t count = (size_t)s->job_count + 1;

	*b = (struct board){ .schedule = s, .memory_left = s->memory_bytes };
	b->places = aligned_alloc(_Alignof(struct place), count * sizeof *b->places);
	b->order = calloc(count, sizeof *b->order);
	if (!b->places || !b->order) {
		board_free(b);
		return false;
	}
	for (int i = 0; i < s->job_count; i++) {
		assert(s->jobs[i].work > 0 && s->jobs[i].most_threads > 0 && s->jobs[i].memory_bytes <= s->memory_bytes);
		b->places[i] = (struct place){ .state = WAITING, .left = s->jobs[i].work };
		crew_init(&b->places[i].crew);
		b->places[i].crew.clock_ns = clock_ns;
	}
	sort_longest_first(s, b->order);
	return true;
}

/* The running job with the most work left for each of its threads, of those that have room for one more; -1: none. */
static int find_neediest(const struct board *b)
{
	int best = -1;
	double most = -1;

	for (int i = 0; i < b->schedule->job_count; i++) {
		const struct place *p = &b->places[i];

		if (p->state == RUNNING && p->threads < b->schedule->jobs[i].most_threads && p->left / p->threads > most) {
			most = p->left / p->threads;
			best = i;
		}
	}
	return best;
}

/* The first waiting job that fits into memory, or -1. */
static int find_next(const struct board *b)
{
	for (int i = 0; i < b->schedule->job_count; i++) {
		int job = b->order[i];

		if (b->places[job].state == WAITING && b->schedule->jobs[job].memory_bytes <= b->memory_left)
			return job;
	}
	return -1;
}

static int count_in(const struct board *b, enum state state)
{
	int count = 0;

	for (int i = 0; i < b->schedule->job_count; i++)
		count += b->places[i].state == state;
	return count;
}

/* Whether a job would end last even if all threads that it has room for joined it as soon as the other work is done.
 * With T threads, k of them on the job, L left in it and W in all, the others need (W - L) / (T - k) until they are free;
 * the job then has L - k (W - L) / (T - k) left for at most m threads. Everything could have ended at W / T. */
static bool ends_last(const struct board *b, int job)
{
	const struct place *p = &b->places[job];
	int threads = b->schedule->threads, most = b->schedule->jobs[job].most_threads;
	double all = 0;

	if (p->threads >= threads)
		return false;
	for (int i = 0; i < b->schedule->job_count; i++)
		all += b->places[i].state == ENDED ? 0 : b->places[i].left;
	double others_end = (all - p->left) / (threads - p->threads);
	double rest = p->left - p->threads * others_end;        /* none: its own threads will be free to take other work */
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
		b->places[c.job].state = RUNNING;
		b->memory_left -= b->schedule->jobs[c.job].memory_bytes;
	}
	b->places[c.job].threads++;
}

static void board_end(struct board *b, int job)
{
	b->places[job].state = ENDED;
	b->places[job].left = 0;
	b->memory_left += b->schedule->jobs[job].memory_bytes;
}

/* Asks the running jobs how far they are. */
static void board_refresh(struct board *b)
{
	const struct schedule *s = b->schedule;

	for (int i = 0; i < s->job_count; i++)
		if (b->places[i].state == RUNNING)
			b->places[i].left = s->jobs[i].work * s->share_left(s->about, i);
}

/* Called without the lock: the job itself. */
static void work_on(struct board *b, struct choice c)
{
	static const atomic_int stay;   /* helpers go when the leader closes the crew */
	struct crew *crew = &b->places[c.job].crew;

	if (c.action == HELP) {
		crew_help(crew, &stay);
		return;
	}
	b->schedule->lead(b->schedule->about, c.job, crew);
	crew_close(crew);
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
		b->places[c.job].threads--;
		if (c.action == LEAD)
			board_end(b, c.job);
		pthread_cond_broadcast(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
}

/* Threads wait for each other inside jobs as well. */
static double waited_seconds(const struct board *b)
{
	double seconds = 0;

	for (int i = 0; i < b->schedule->job_count; i++)
		seconds += 1e-9 * (double)atomic_load(&b->places[i].crew.waited_ns);
	return seconds;
}

/* OpenBLAS' OpenMP build uses omp_get_max_threads() threads wherever it is not called inside a parallel region, and a region of
 * one thread does not count as one: hence one thread for it here, and a maximum of one for each member of the team. */
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

/* Lets `seconds` pass for all running jobs; those with nothing left end, and their threads are free again. */
static int pass_time(struct board *b, double seconds)
{
	int free_threads = 0;

	for (int i = 0; i < b->schedule->job_count; i++) {
		struct place *p = &b->places[i];

		if (p->state != RUNNING)
			continue;
		b->busy_seconds += seconds * p->threads;
		p->left -= seconds * p->threads;
		if (p->left <= 1e-9 * b->schedule->jobs[i].work) {
			free_threads += p->threads;
			board_end(b, i);
		}
	}
	return free_threads;
}

/* Seconds until the first running job ends; 0 where none runs. */
static double next_end(const struct board *b)
{
	double soonest = 0;

	for (int i = 0; i < b->schedule->job_count; i++) {
		const struct place *p = &b->places[i];

		if (p->state == RUNNING && (soonest == 0 || p->left / p->threads < soonest))
			soonest = p->left / p->threads;
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
