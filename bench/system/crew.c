/* See crew.h.
 *
 * OpenMP ends the process where it cannot start a thread, so threads of our own are started first to see whether there
 * is room for them. Under the thread sanitizer, which does not see how OpenMP's threads wait for each other and takes
 * that for races, these do the work themselves. */
#include "bench/system/crew.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Nobody works before everybody is there. */
enum gate { CLOSED, OPEN, CALLED_OFF };

struct crew {
	void (*work)(void *about);
	void *about;
	int threads;
	pthread_mutex_t lock;   /* of the gate */
	pthread_cond_t changed;
	enum gate gate;
};

static void *serve(void *about)
{
	struct crew *crew = about;

	pthread_mutex_lock(&crew->lock);
	while (crew->gate == CLOSED)
		pthread_cond_wait(&crew->changed, &crew->lock);
	enum gate gate = crew->gate;
	pthread_mutex_unlock(&crew->lock);
	if (gate == OPEN) {
		omp_set_num_threads(1);
		crew->work(crew->about);
	}
	return NULL;
}

static void set_gate(struct crew *crew, enum gate gate)
{
	pthread_mutex_lock(&crew->lock);
	crew->gate = gate;
	pthread_cond_broadcast(&crew->changed);
	pthread_mutex_unlock(&crew->lock);
}

/* Starts all members but the calling thread. Returns how many there are then. */
static int start(struct crew *crew, pthread_t *members, struct error *err)
{
	for (int i = 1; i < crew->threads; i++) {
		int trouble = pthread_create(&members[i], NULL, serve, crew);

		if (trouble) {
			fail(err, "thread %d of %d cannot be started: %s; fewer are possible: --threads, "
			     "OMP_NUM_THREADS", i + 1, crew->threads, strerror(trouble));
			return i;
		}
	}
	return crew->threads;
}

#if defined __SANITIZE_THREAD__
enum { OURS_WORK = true };
#else
enum { OURS_WORK = false };
#endif

/* The calling thread's number of OpenMP threads is as before when its own call has returned. */
static void work_along(struct crew *crew)
{
	int most = omp_get_max_threads();

	omp_set_num_threads(1);
	crew->work(crew->about);
	omp_set_num_threads(most);
}

static void work_in_openmp(struct crew *crew)
{
	omp_set_dynamic(0);
#pragma omp parallel num_threads(crew->threads)
	work_along(crew);
}

bool crew_run(int threads, void (*work)(void *about), void *about, struct error *err)
{
	struct crew crew = { .work = work, .about = about, .threads = threads, .lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER };
	pthread_t *members = calloc((size_t)threads, sizeof *members);

	if (!members)
		return fail(err, "not enough memory for %d threads", threads);
	int started = start(&crew, members, err);
	bool all = started == threads;
	set_gate(&crew, all && OURS_WORK ? OPEN : CALLED_OFF);
	if (all && OURS_WORK)
		work_along(&crew);
	for (int i = 1; i < started; i++)
		pthread_join(members[i], NULL);
	free(members);
	if (all && !OURS_WORK)
		work_in_openmp(&crew);
	return all;
}
