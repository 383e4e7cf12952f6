/* See regular_file.h. */
#include "bench/system/regular_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Non-blocking, since opening a pipe would wait for its writer before we could refuse it. */
int regular_open(const char *path, uint64_t *size, struct error *err)
{
	struct stat found;

	int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0 || fstat(descriptor, &found) != 0)
		fail(err, "%s: cannot be read: %s", path, strerror(errno));
	else if (S_ISDIR(found.st_mode))
		fail(err, "%s: is a folder, not a file", path);
	else if (!S_ISREG(found.st_mode))
		fail(err, "%s: is a device or pipe, not a file", path);
	else {
		*size = (uint64_t)found.st_size;
		return descriptor;
	}
	if (descriptor >= 0)
		close(descriptor);
	return -1;
}
