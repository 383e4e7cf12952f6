/* A crew's threads: all of them work at the same time, or none at all where one cannot be started. */
#include "bench/system/crew.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"

#include <omp.h>
#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 3 };

struct meeting { pthread_barrier_t barrier; atomic_int calls, most_openmp_threads; };

static void meet(void *about)
{
	struct meeting *m = about;

	pthread_barrier_wait(&m->barrier);      /* hangs where the calls come one after the other */
	atomic_fetch_add(&m->calls, 1);
	if (omp_get_max_threads() > atomic_load(&m->most_openmp_threads))
		atomic_store(&m->most_openmp_threads, omp_get_max_threads());
}

TEST(crew_works_at_the_same_time_and_allows_openmp_no_more_threads)
{
	struct meeting m = { .calls = 0 };

	pthread_barrier_init(&m.barrier, NULL, THREADS);
	omp_set_num_threads(5);
	CHECK(crew_run(THREADS, meet, &m, NULL));
	CHECK_INT(m.calls, THREADS);
	CHECK_INT(m.most_openmp_threads, 1);
	CHECK_INT(omp_get_max_threads(), 5);
}

static void count_call(void *about)
{
	atomic_fetch_add((atomic_int *)about, 1);
}

/* No machine has room for such a stack. */
TEST(crew_that_lacks_a_thread_calls_nobody)
{
	struct error err = { "" };
	atomic_int calls = 0;
	pthread_attr_t huge;

	pthread_attr_init(&huge);
	CHECK_INT(pthread_attr_setstacksize(&huge, (size_t)1 << 47), 0);
	CHECK_INT(pthread_setattr_default_np(&huge), 0);
	CHECK(!crew_run(3, count_call, &calls, &err));
	CHECK_TEXT(err.text, "thread 2 of 3 cannot be started: Resource temporarily unavailable; fewer are possible: "
	           "--threads, OMP_NUM_THREADS");
	CHECK_INT(calls, 0);
	CHECK(crew_run(1, count_call, &calls, NULL));
	CHECK_INT(calls, 1);
}

/* The first thread that it lacks is the one that shows the progress. */
TEST(run_without_its_threads_fails_and_says_why)
{
	const char *const argv[] = { "sh", "-c", "ulimit -s 200000000000 || exit 9; exec \"$0\" \"$@\"",
		archsweep_path(), "run", test_path("tiny.yaml"), "--reports", test_path("reports"), "--threads", "3",
		NULL };

#ifdef __SANITIZE_THREAD__
	test_skip("the sanitizer wants the place of such stacks");
#endif
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	struct program_result r = run_program((struct program){ .argv = argv });
	if (r.status == 9)
		test_skip("this machine allows no larger stacks");
	CHECK_RUN(r, 1, "no thread to show the progress: Resource temporarily unavailable\n");
	CHECK_INT(count_records("reports"), 0);
}
