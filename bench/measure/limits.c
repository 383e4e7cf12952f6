/* See limits.h. */
#include "bench/measure/limits.h"

#include "bench/system/clock.h"
#include "bench/system/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	ALIGNMENT = 1 << 21,            /* a large page */
	READ_BLOCK = 8 * LANES * sizeof(real),  /* limit_read takes whole blocks */
	TURNS = 1 << 14,                /* rounds of multiply-adds between two readings of the clock */
	OPERANDS = LIMIT_TURNS * LIMIT_PIXELS * LANES, SUMS = LIMIT_PIXELS * LIMIT_WEIGHTS * LANES,
	TASKS = 4,                      /* per thread in each of a team's rounds: about 200 microseconds */
};

/* The measurement of one limit on some threads; shared by them. */
struct limit_run {
	const struct limits_request *request;
	int threads;
	size_t bytes;                   /* of each thread's array */
	/* One pass over the array; returns the operations or bytes that it took. */
	double (*work)(const struct limit_run *e, const real *array, real *result);
	pthread_barrier_t meeting;      /* of all threads */
	pthread_mutex_t lock;           /* of the results */
	double first_start, last_end, done;
	double best;
	atomic_bool short_of_memory;
};

static const char *const names[LIMIT_KINDS] = { "multiply_add", "read_l2", "read_l3", "read_memory" };

const char *limits_name(enum limit_kind kind)
{
	return names[kind];
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Each thread's share of a cache when `threads` threads read at the same time. */
static int64_t share_of(struct cache cache, int threads)
{
	return cache.bytes / least(most(cache.sharers, 1), threads);
}

/* Four times the last cache, so that hardly anything of the last pass is still cached. */
static int64_t memory_array(const struct limits_request *r, int threads)
{
	struct cache last = r->caches.level[3].bytes > 0 ? r->caches.level[3] : r->caches.level[2];
	int64_t wanted = most(4 * share_of(last, threads), (64 << 20) / threads), there = r->memory_bytes / 4 / threads;

	return there < 2 * share_of(last, threads) ? 0 : least(wanted, there);
}

int64_t limits_array_bytes(const struct limits_request *r, enum limit_kind kind, int threads)
{
	const struct cache *level = r->caches.level;
	int64_t bytes = 0;

	switch (kind) {
	case LIMIT_MULTIPLY:
		return OPERANDS * sizeof(real);
	case LIMIT_L2:
		bytes = share_of(level[2], threads) / 2;
		bytes = bytes < 2 * level[1].bytes ? 0 : bytes;
		break;
	case LIMIT_L3:
		bytes = share_of(level[3], threads) / 2;
		bytes = bytes < 2 * level[2].bytes ? 0 : bytes;
		break;
	case LIMIT_MEMORY:
		bytes = memory_array(r, threads);
		break;
	case LIMIT_KINDS:
		break;
	}
	return bytes / READ_BLOCK * READ_BLOCK;
}

static void multiply_with(const struct kernels *kernels, const real *operands, real *result)
{
	static const real weights[LIMIT_WEIGHTS] = { 1, (real)-0.5 };

	kernels->limit_multiply(operands, weights, TURNS, result);
}

/* Operations of one multiply_with. */
static double operations(const struct kernels *kernels)
{
	return 2.0 * TURNS * LIMIT_PIXELS * LIMIT_WEIGHTS * kernels->lanes;
}

static double multiply(const struct limit_run *e, const real *array, real *result)
{
	multiply_with(e->request->kernels, array, result);
	return operations(e->request->kernels);
}

static double read_through(const struct limit_run *e, const real *array, real *result)
{
	e->request->kernels->limit_read(array, e->bytes / (LANES * sizeof(real)), result);
	return (double)e->bytes;
}

static void fill(real *array, size_t len)
{
	for (size_t i = 0; i < len; i++)
		array[i] = (real)((i % 13) * 0.125);
}

/* Uses large pages if the system gives them, so that address translation does not limit the speed. */
static real *allocate(size_t bytes)
{
	size_t whole = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	real *array = aligned_alloc(ALIGNMENT, whole);

	if (!array)
		return NULL;
	(void)madvise(array, whole, MADV_HUGEPAGE);
	fill(array, bytes / sizeof *array);
	return array;
}

/* Waits for all threads; true for one of them. */
static bool meet(struct limit_run *e)
{
	return pthread_barrier_wait(&e->meeting) == PTHREAD_BARRIER_SERIAL_THREAD;
}

static void add_result(struct limit_run *e, double start, double end, double done)
{
	pthread_mutex_lock(&e->lock);
	e->done += done;
	e->first_start = e->first_start < 0 || start < e->first_start ? start : e->first_start;
	e->last_end = end > e->last_end ? end : e->last_end;
	pthread_mutex_unlock(&e->lock);
}

/* One measurement: all threads start together and work for at least request->seconds. */
static void run_repeat(struct limit_run *e, const real *array)
{
	_Alignas(64) real result[SUMS];
	double done = 0;

	if (meet(e)) {
		e->done = e->last_end = 0;
		e->first_start = -1;
	}
	meet(e);
	double start = clock_seconds(), now = start;
	for (; now - start < e->request->seconds || done == 0; now = clock_seconds())
		done += e->work(e, array, result);
	add_result(e, start, now, done);
	if (meet(e)) {
		double speed = e->last_end > e->first_start ? e->done / (e->last_end - e->first_start) / 1e9 : 0;
		e->best = speed > e->best ? speed : e->best;
	}
}

/* Every thread fills its own array, so that its pages are in memory near its core. */
static void run_thread(void *about)
{
	struct limit_run *e = about;
	real *array = allocate(e->bytes);

	if (!array)
		e->short_of_memory = true;
	meet(e);
	bool missing = e->short_of_memory;
	for (int i = 0; !missing && i < e->request->repeats; i++)
		run_repeat(e, array);
	free(array);
}

static bool run_limit(struct limit_run *e, struct error *err)
{
	pthread_mutex_init(&e->lock, NULL);
	if (pthread_barrier_init(&e->meeting, NULL, (unsigned)e->threads) != 0)
		return fail(err, "not enough memory for %d threads", e->threads);
	bool ran = crew_run(e->threads, run_thread, e, err);
	pthread_barrier_destroy(&e->meeting);
	pthread_mutex_destroy(&e->lock);
	if (!ran)
		return false;
	return !e->short_of_memory || fail(err, "not enough memory to measure the limits of this machine");
}

static bool measure(const struct limits_request *r, enum limit_kind kind, int threads, double *speed, struct error *err)
{
	struct limit_run e = { .request = r, .threads = threads,
		.work = kind == LIMIT_MULTIPLY ? multiply : read_through,
		.bytes = (size_t)limits_array_bytes(r, kind, threads) };

	*speed = 0;
	if (e.bytes == 0)
		return true;
	if (!run_limit(&e, err))
		return false;
	*speed = e.best;
	return true;
}

bool limits_measure(const struct limits_request *r, struct limits *to, struct error *err)
{
	for (int kind = 0; kind < LIMIT_KINDS; kind++) {
		struct limit *limit = &to->of[kind];

		limit->one_bytes = limits_array_bytes(r, (enum limit_kind)kind, 1);
		limit->all_bytes = limits_array_bytes(r, (enum limit_kind)kind, r->threads);
		if (!measure(r, (enum limit_kind)kind, 1, &limit->one, err) ||
		    !measure(r, (enum limit_kind)kind, r->threads, &limit->all, err))
			return false;
	}
	return true;
}

/* Shared by a team's tasks. */
struct multiply_run {
	const struct kernels *kernels;
	_Alignas(64) real operands[OPERANDS];
};

static void multiply_task(void *about, int index, int thread)
{
	const struct multiply_run *run = about;
	_Alignas(64) real result[SUMS];

	(void)index;
	(void)thread;
	multiply_with(run->kernels, run->operands, result);
}

double limits_peak(struct team *team, int threads, const struct kernels *kernels, double seconds)
{
	struct multiply_run run = { .kernels = kernels };
	double start = clock_seconds(), now = start, rounds = 0;

	fill(run.operands, OPERANDS);
	for (; now - start < seconds || now <= start; now = clock_seconds(), rounds++)
		team_run(team, threads * TASKS, multiply_task, &run);
	return rounds * threads * TASKS * operations(kernels) / (now - start) / 1e9;
}
