/* See lock.h. The file is never removed: otherwise two runs could hold locks on two files of the same name. */
#include "bench/system/lock.h"

#include "bench/system/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_POINT = 16, PLACE_BITS = 62 };

uint64_t lock_place(const char *id)
{
	return FIRST_POINT + (strtoull(id, NULL, 16) >> (64 - PLACE_BITS));
}

int lock_open(const char *folder, struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (!folder_create(folder, err))
		return -1;
	if (snprintf(path, sizeof path, "%s/.lock", folder) >= (int)sizeof path) {
		fail(err, "%.100s...: the path is too long", folder);
		return -1;
	}
	if (!path_is_no_link(path, err))
		return -1;
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);

	if (lock < 0)
		fail(err, "%s: cannot write here: %s", path, strerror(errno));
	return lock;
}

void lock_close(int lock)
{
	close(lock);
}

/* Returns 0 or an error number. */
static int set(int lock, uint64_t place, int type, int command)
{
	struct flock range = { .l_type = (short)type, .l_whence = SEEK_SET, .l_start = (off_t)place, .l_len = 1 };

	while (fcntl(lock, command, &range) != 0)
		if (errno != EINTR)
			return errno;
	return 0;
}

enum lock_state lock_try(int lock, uint64_t place, enum lock_kind kind, struct error *err)
{
	int error = set(lock, place, kind == LOCK_SHARED ? F_RDLCK : F_WRLCK, F_OFD_SETLK);

	if (error == 0)
		return LOCK_TAKEN;
	if (error == EAGAIN || error == EACCES)
		return LOCK_BUSY;
	fail(err, "the folder of reports cannot be locked: %s", strerror(error));
	return LOCK_FAILED;
}

bool lock_wait(int lock, uint64_t place, struct error *err)
{
	int error = set(lock, place, F_WRLCK, F_OFD_SETLKW);

	return error == 0 || fail(err, "the folder of reports cannot be locked: %s", strerror(error));
}

void lock_release(int lock, uint64_t place)
{
	set(lock, place, F_UNLCK, F_OFD_SETLK);
}
