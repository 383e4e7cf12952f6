/* See lock.h. The file is never removed: otherwise two runs could hold locks on two files of the same name. */
#include "bench/system/lock.h"

#include "bench/system/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

int lock_open(const char *folder, struct error *err)
{
	char path[PATH_SIZE];

	if (!folder_create(folder, err))
		return -1;
	if (snprintf(path, sizeof path, "%s/.lock", folder) >= (int)sizeof path) {
		fail(err, "%.100s...: the path is too long", folder);
		return -1;
	}
	if (!path_is_no_link(path, err))
		return -1;
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);

	if (lock < 0) {
		fail(err, "%s: cannot write here: %s", path, strerror(errno));
		return -1;
	}
	if (flock(lock, LOCK_EX | LOCK_NB) == 0)
		return lock;
	if (errno == EWOULDBLOCK)
		fail(err, "%s: another run is at work here; wait for its end, or choose another folder with --reports",
		     folder);
	else
		fail(err, "%s: cannot lock: %s", path, strerror(errno));
	close(lock);
	return -1;
}

void lock_close(int lock)
{
	close(lock);
}
