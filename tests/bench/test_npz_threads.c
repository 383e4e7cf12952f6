/* .npz files that two threads write: points that end at the same moment. */
#include "bench/weights/npz.h"
#include "tests/helpers/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 400 };

struct start {
	atomic_int *waiting;    /* threads that are not there yet */
	int delay;              /* turns of an empty loop after that */
};

static void *begin_file(void *about)
{
	const struct start *start = about;
	struct error err = { "" };

	atomic_fetch_sub(start->waiting, 1);
	while (atomic_load(start->waiting) > 0)
		;
	for (volatile int i = 0; i < start->delay; i++)
		;
	struct npz_draft *draft = npz_create(&err);
	npz_discard(draft);
	return draft ? NULL : about;
}

/* How many of two threads cannot begin a file at nearly the same time, the first ones of a process. */
static int failed_of_two(int delay)
{
	atomic_int waiting = 2;
	struct start first = { &waiting, 0 }, second = { &waiting, delay };
	pthread_t other;
	void *failed = NULL;

	pthread_create(&other, NULL, begin_file, &second);
	int count = begin_file(&first) != NULL;
	pthread_join(other, &failed);
	return count + (failed != NULL);
}

/* Two points that end at once write their weights at once, and libzip's first opening is not safe by itself. */
TEST(npz_files_are_begun_by_two_threads_at_once)
{
	int failed = 0;

	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;
		pid_t child = fork();
		if (child == 0)
			_exit(failed_of_two(i));
		CHECK(child > 0 && waitpid(child, &status, 0) == child);
		failed += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	CHECK_INT(failed, 0);
}
