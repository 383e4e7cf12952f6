/* The scheduler, with made-up work: every task once, everybody busy, nobody out of memory, and OpenBLAS keeps to one
 * thread. */
#include "tests/helpers/test.h"

#include "bench/system/schedule.h"
#include "nn/base/blas.h"

#include <dirent.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define TASK(units, bytes, threads) { .work = units, .memory_bytes = bytes, .most_threads = threads }

enum { MAX_JOBS = 64, TASKS = 40 };

/* Work that sleeps: threads overlap whatever the number of processors. */
struct fake {
	const struct task *tasks;
	double task_seconds;            /* of each of a task's TASKS tasks, for one unit of work */
	atomic_int led[MAX_JOBS];
	atomic_int tasks_done[MAX_JOBS];
	atomic_int company[MAX_JOBS];   /* most threads seen in a task */
	atomic_int order[MAX_JOBS], started;
	_Atomic int64_t memory, most_memory;
	int stop_after;                 /* raise `stop` at the start of so manieth task; 0: never */
	volatile int stop;
};

struct fake_job { struct fake *fake; int task; };

static void sleep_seconds(double seconds)
{
	struct timespec time = { 0, (long)(seconds * 1e9) };

	nanosleep(&time, NULL);
}

static void fake_task(void *about, int index, int thread)
{
	struct fake_job *f = about;

	(void)index;
	(void)thread;
	sleep_seconds(f->fake->task_seconds * f->fake->tasks[f->task].work);
	atomic_fetch_add(&f->fake->tasks_done[f->task], 1);
}

static void raise_to(_Atomic int64_t *most, int64_t value)
{
	int64_t before = atomic_load(most);

	while (before < value && !atomic_compare_exchange_weak(most, &before, value))
		continue;
}

static void fake_lead(void *about, int task, struct team *team)
{
	struct fake *f = about;
	struct fake_job mine = { f, task };
	int place = atomic_fetch_add(&f->started, 1);

	atomic_store(&f->order[place], task);
	if (f->stop_after && place + 1 >= f->stop_after)
		f->stop = 1;
	raise_to(&f->most_memory, atomic_fetch_add(&f->memory, f->tasks[task].memory_bytes) +
	         f->tasks[task].memory_bytes);
	for (int round = 0; round < TASKS / 4; round++) {
		team_run(team, 4, fake_task, &mine);
		int threads = 1 + atomic_load(&team->helpers);
		if (threads > atomic_load(&f->company[task]))
			atomic_store(&f->company[task], threads);
	}
	atomic_fetch_sub(&f->memory, f->tasks[task].memory_bytes);
	atomic_fetch_add(&f->led[task], 1);
}

static double fake_left(void *about, int task)
{
	struct fake *f = about;

	return 1 - atomic_load(&f->tasks_done[task]) / (double)TASKS;
}

static struct schedule schedule_of(struct fake *f, int count, int threads)
{
	return (struct schedule){ .threads = threads, .task_count = count, .tasks = f->tasks, .memory_bytes = 1000,
		.lead = fake_lead, .share_left = fake_left, .about = f, .stop = &f->stop };
}

TEST(schedule_leads_every_job_once_longest_first)
{
	struct task tasks[20];

	for (int threads = 1; threads <= 4; threads++) {
		struct fake f = { .tasks = tasks, .task_seconds = 1e-6 };
		struct schedule_times times;

		for (int i = 0; i < 20; i++)
			tasks[i] = (struct task){ .work = 1 + i * 7 % 20, .memory_bytes = 10, .most_threads = 8 };
		struct schedule s = schedule_of(&f, 20, threads);
		CHECK(schedule_run(&s, &times, NULL));
		for (int i = 0; i < 20; i++) {
			CHECK_INT(f.led[i], 1);
			CHECK_INT(f.tasks_done[i], TASKS);
			if (threads == 1)
				CHECK_CLOSE(tasks[f.order[i]].work, 20 - i, 0);
		}
		CHECK(times.busy_seconds > 0 && times.busy_seconds <= times.wall_seconds * threads * 1.001);
	}
}

TEST(schedule_without_jobs_ends)
{
	struct fake f = { .tasks = NULL };
	struct schedule s = schedule_of(&f, 0, 3);
	struct schedule_times times;

	CHECK(schedule_run(&s, &times, NULL));
	CHECK_CLOSE(times.busy_seconds, 0, 0);
	CHECK(schedule_simulate(&s, &times, NULL));
	CHECK_CLOSE(times.wall_seconds, 0, 0);
}

TEST(schedule_gives_a_lone_job_all_threads_it_has_room_for)
{
	static const struct task lone = { .work = 1, .memory_bytes = 1, .most_threads = 3 };
	struct fake f = { .tasks = &lone, .task_seconds = 0.001 };
	struct schedule s = schedule_of(&f, 1, 4);
	struct schedule_times times;

	CHECK(schedule_run(&s, &times, NULL));
	CHECK_INT(f.tasks_done[0], TASKS);
	CHECK_INT(f.company[0], 3);
}

TEST(schedule_sends_free_threads_to_the_job_with_most_left)
{
	static const struct task tasks[2] = { TASK(8, 1, 8), TASK(1, 1, 8) };
	struct fake f = { .tasks = tasks, .task_seconds = 2e-4 };
	struct schedule s = schedule_of(&f, 2, 2);
	struct schedule_times times;

	CHECK(schedule_run(&s, &times, NULL));
	CHECK_INT(f.company[0], 2);
	CHECK_INT(f.company[1], 1);
}

TEST(schedule_runs_together_only_what_fits_into_memory)
{
	static const struct task tasks[6] = { TASK(6, 700, 4), TASK(5, 400, 4), TASK(4, 600, 4), TASK(3, 300, 4),
		TASK(2, 1000, 4), TASK(1, 100, 4) };
	struct fake f = { .tasks = tasks, .task_seconds = 1e-4 };
	struct schedule s = schedule_of(&f, 6, 4);
	struct schedule_times times;

	CHECK(schedule_run(&s, &times, NULL));
	CHECK(f.most_memory <= 1000);
	CHECK_INT(f.most_memory, 1000);
	for (int i = 0; i < 6; i++)
		CHECK_INT(f.led[i], 1);
}

TEST(schedule_starts_nothing_after_stop)
{
	struct task tasks[10];

	for (int i = 0; i < 10; i++)
		tasks[i] = (struct task)TASK(1, 1, 4);
	for (int threads = 1; threads <= 3; threads++) {
		struct fake f = { .tasks = tasks, .task_seconds = 1e-4, .stop_after = 4 };
		struct schedule s = schedule_of(&f, 10, threads);
		struct schedule_times times;

		CHECK(schedule_run(&s, &times, NULL));
		CHECK(f.started >= 4 && f.started < 4 + threads);
		for (int i = 0; i < f.started; i++)
			CHECK_INT(f.led[f.order[i]], 1);
	}
}

static double simulated_seconds(const struct task *tasks, int count, int threads)
{
	struct schedule s = { .threads = threads, .task_count = count, .tasks = tasks, .memory_bytes = 1000 };
	struct schedule_times times;
	double work = 0;

	for (int i = 0; i < count; i++)
		work += tasks[i].work;
	CHECK(schedule_simulate(&s, &times, NULL));
	CHECK_CLOSE(times.busy_seconds, work, 1e-9);
	return times.wall_seconds;
}

/* Worked out by hand. */
TEST(schedule_simulation_keeps_all_threads_busy)
{
	static const struct task even[3] = { TASK(2, 1, 8), TASK(2, 1, 8), TASK(2, 1, 8) };
	static const struct task one_long[4] = { TASK(1, 1, 8), TASK(10, 1, 8), TASK(1, 1, 8), TASK(2, 1, 8) };
	static const struct task no_help[2] = { TASK(4, 1, 1), TASK(1, 1, 1) };
	static const struct task large[3] = { TASK(4, 600, 8), TASK(4, 600, 8), TASK(1, 300, 1) };

	CHECK_CLOSE(simulated_seconds(even, 3, 1), 6, 1e-9);
	CHECK_CLOSE(simulated_seconds(even, 3, 2), 3, 1e-9);    /* 2 and 2 at once, then both on the third */
	/* 2, 1, 1 threads; then 2, 2; all of 6 units on 4 threads */
	CHECK_CLOSE(simulated_seconds(even, 3, 4), 1.5, 1e-9);
	CHECK_CLOSE(simulated_seconds(one_long, 4, 2), 7, 1e-9);
	CHECK_CLOSE(simulated_seconds(no_help, 2, 2), 4, 1e-9);
	/* The second 600 has to wait for the first; the thread that did the small task helps meanwhile: 1 + 3 / 2, then
	 * 4 / 2. */
	CHECK_CLOSE(simulated_seconds(large, 3, 2), 4.5, 1e-9);
}

/* A task of 1 after one of 2, which comes first although others are longer: of a row the whole counts. */
TEST(schedule_starts_nothing_before_what_it_comes_after)
{
	static const int first[1] = { 2 }, both[2] = { 2, 0 };
	const struct task tasks[4] = {
		{ .work = 3, .memory_bytes = 1, .most_threads = 1, .after = first, .after_count = 1 },
		{ .work = 4, .memory_bytes = 1, .most_threads = 1 },
		{ .work = 2, .memory_bytes = 1, .most_threads = 1 },
		{ .work = 1, .memory_bytes = 1, .most_threads = 1, .after = both, .after_count = 2 },
	};

	CHECK_CLOSE(simulated_seconds(tasks, 4, 1), 10, 1e-9);
	CHECK_CLOSE(simulated_seconds(tasks, 4, 2), 6, 1e-9);   /* 2, 3, 1 in a row beside 4 */
	CHECK_CLOSE(simulated_seconds(tasks, 4, 3), 6, 1e-9);
	for (int threads = 1; threads <= 4; threads++) {
		struct fake f = { .tasks = tasks, .task_seconds = 1e-3 };
		struct schedule s = schedule_of(&f, 4, threads);
		struct schedule_times times;
		int place[4] = { 0 };

		CHECK(schedule_run(&s, &times, NULL));
		CHECK_INT(f.started, 4);
		for (int i = 0; i < 4; i++)
			place[f.order[i]] = i;
		CHECK(place[2] < place[0] && place[0] < place[3]);
	}
}

/* One task of 100 with room for 4 threads beside 300 of 1, on 16 threads: 25 seconds at best, and 25 is all that the
 * work needs. Taking the small ones first would leave the long one a tail: (300 / 15 = 20) + (100 - 20) / 4 = 40. */
TEST(schedule_helps_early_where_a_job_would_end_last)
{
	static struct task tasks[301];

	tasks[0] = (struct task)TASK(100, 1, 4);
	for (int i = 1; i <= 300; i++)
		tasks[i] = (struct task)TASK(1, 1, 4);
	double seconds = simulated_seconds(tasks, 301, 16);

	CHECK(seconds >= 25);
	CHECK(seconds < 27);
}

/* --- OpenBLAS inside the team ------------------------------------------------------------------------------------- */

static int count_threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	int count = 0;

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		count += entry->d_name[0] != '.';
	if (folder)
		closedir(folder);
	return count;
}

/* All tasks multiply at the same time; a watcher counts the process' threads meanwhile, since OpenBLAS' may be gone
 * afterwards. */
struct multiplication { atomic_int started, ended, most_threads; int tasks; blas_gemm *gemm; };

static void *watch(void *about)
{
	struct multiplication *m = about;

	while (atomic_load(&m->ended) < m->tasks) {
		int threads = count_threads();
		if (threads > atomic_load(&m->most_threads))
			atomic_store(&m->most_threads, threads);
	}
	return NULL;
}

/* 1024 x 1024 x 1024: OpenBLAS would use all threads for far less. All tasks meet first, so that the whole team
 * exists. */
static void multiply(void *about, int task, struct team *team)
{
	enum { N = 1024 };
	struct multiplication *m = about;
	float *a = calloc((size_t)N * N, sizeof *a), *b = calloc((size_t)N * N, sizeof *b),
		*c = calloc((size_t)N * N, sizeof *c);

	(void)task;
	(void)team;
	atomic_fetch_add(&m->started, 1);
	while (atomic_load(&m->started) < m->tasks)
		sleep_seconds(1e-4);
	m->gemm(BLAS_ROW_MAJOR, BLAS_AS_STORED, BLAS_AS_STORED, N, N, N, 1, a, N, b, N, 0, c, N);
	atomic_fetch_add(&m->ended, 1);
	free(a);
	free(b);
	free(c);
}

static double whole(void *about, int task)
{
	(void)about;
	(void)task;
	return 1;
}

struct crew_run { struct schedule schedule; struct schedule_times times; bool ran; };

static void *run_crew(void *about)
{
	struct crew_run *run = about;

	run->ran = schedule_run(&run->schedule, &run->times, NULL);
	return NULL;
}

/* To OpenMP none of our threads is in a parallel region, in which OpenBLAS would start no threads by itself. A fresh
 * thread runs the schedule, since older ones may keep OpenMP's threads, which OpenBLAS could take without being
 * noticed. */
TEST(schedule_keeps_openblas_to_the_calling_thread)
{
	static const struct task tasks[2] = { TASK(1, 1, 1), TASK(1, 1, 1) };

#ifdef __SANITIZE_THREAD__
	test_skip("the sanitizer has a thread of its own");
#endif
	for (int threads = 1; threads <= 2; threads++) {
		struct multiplication m = { .tasks = threads, .gemm = blas_load(NULL) };
		struct crew_run run = { .schedule = { .threads = threads, .task_count = threads, .tasks = tasks,
			.memory_bytes = 2, .lead = multiply, .share_left = whole, .about = &m } };
		pthread_t thread, watcher;
		int before = count_threads();

		CHECK(m.gemm);
		CHECK_INT(pthread_create(&watcher, NULL, watch, &m), 0);
		CHECK_INT(pthread_create(&thread, NULL, run_crew, &run), 0);
		pthread_join(thread, NULL);
		pthread_join(watcher, NULL);
		CHECK(run.ran);
		CHECK(m.most_threads > before);
		CHECK(m.most_threads <= before + 1 + threads);
	}
}
