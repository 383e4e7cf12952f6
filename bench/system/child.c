/* See child.h. */
#include "bench/system/child.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

void *child_share(size_t bytes, struct error *err)
{
	void *shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (shared != MAP_FAILED)
		return shared;
	fail(err, "no memory for %zu bytes to share with a child process", bytes);
	return NULL;
}

void child_unshare(void *shared, size_t bytes)
{
	if (shared)
		munmap(shared, bytes);
}

/* The child ends by _exit, so that it neither writes the parent's buffers nor runs its exit handlers. */
bool child_run(void (*work)(void *about), void *about, struct error *err)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return fail(err, "a child process cannot be started: %s", strerror(errno));
	if (child == 0) {
		work(about);
		_exit(0);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return fail(err, "a child process is lost: %s", strerror(errno));
	if (WIFSIGNALED(status))
		return fail(err, "the process that measured was ended by signal %d (%s)", WTERMSIG(status),
		            strsignal(WTERMSIG(status)));
	return WEXITSTATUS(status) == 0 ||
	       fail(err, "the process that measured ended with status %d", WEXITSTATUS(status));
}

/* One number of /proc/self/statm, in bytes: 0 mapped, 1 resident, 2 resident and backed by files. */
static int64_t pages_bytes(int which)
{
	FILE *file = fopen("/proc/self/statm", "re");
	int64_t pages[3];

	if (!file)
		return -1;
	int found = fscanf(file, "%" SCNd64 " %" SCNd64 " %" SCNd64, &pages[0], &pages[1], &pages[2]);
	fclose(file);
	return found < 3 ? -1 : pages[which] * sysconf(_SC_PAGESIZE);
}

int64_t child_resident_bytes(void)
{
	return pages_bytes(1);
}

int64_t child_mapped_bytes(void)
{
	return pages_bytes(2);
}

int64_t child_peak_bytes(void)
{
	struct rusage used;

	return getrusage(RUSAGE_SELF, &used) == 0 && used.ru_maxrss > 0 ? (int64_t)used.ru_maxrss * 1024 : -1;
}
