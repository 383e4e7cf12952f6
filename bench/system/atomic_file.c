/* See atomic_file.h. */
#include "bench/system/atomic_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 100 };

static const char prefix[] = ".tmp-";

static bool refuse(const char *path, int error, struct error *err)
{
	return fail(err, "%s: cannot be written: %s", path, strerror(error));
}

/* Length of the path up to and including its last slash. */
static int folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash - path) + 1 : 0;
}

static bool name_temporary(struct atomic_file *file, int attempt)
{
	int folder = folder_len(file->path);

	return snprintf(file->temporary, sizeof file->temporary, "%.*s%s%ld-%d-%s", folder, file->path, prefix,
	                (long)getpid(), attempt, file->path + folder) < FILE_PATH_BYTES;
}

/* Locks a file that was just created, until it is closed. False where folder_clean was faster: it holds the lock or has
 * removed the file. A file system without locks has nobody who could be faster. */
static bool hold(int descriptor)
{
	struct stat about;

	while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return false;
		if (errno != EINTR)
			break;
	}
	return fstat(descriptor, &about) == 0 && about.st_nlink > 0;
}

bool atomic_file_create(struct atomic_file *file, const char *path, struct error *err)
{
	if (snprintf(file->path, sizeof file->path, "%s", path) >= FILE_PATH_BYTES)
		return refuse(path, ENAMETOOLONG, err);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		if (!name_temporary(file, attempt))
			return refuse(path, ENAMETOOLONG, err);
		file->descriptor = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file->descriptor < 0 && errno != EEXIST)
			return refuse(path, errno, err);
		if (file->descriptor >= 0) {
			if (hold(file->descriptor))
				return true;
			close(file->descriptor);
		}
	}
	return refuse(path, EEXIST, err);
}

/* Returns 0 or an error number. Some file systems cannot flush a folder and report EINVAL. */
static int flush_folder(const char *path)
{
	char folder[FILE_PATH_BYTES];
	int len = folder_len(path);

	snprintf(folder, sizeof folder, "%.*s", len ? len : 1, len ? path : ".");
	int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (descriptor < 0)
		return errno;
	int error = fsync(descriptor) == 0 || errno == EINVAL ? 0 : errno;
	close(descriptor);
	return error;
}

/* The file is closed last, since with it goes the lock that keeps folder_clean away. */
bool atomic_file_publish(struct atomic_file *file, struct error *err)
{
	int error = fsync(file->descriptor) == 0 ? 0 : errno;

	if (!error && rename(file->temporary, file->path) != 0)
		error = errno;
	if (error)
		unlink(file->temporary);
	else
		error = flush_folder(file->path);
	close(file->descriptor);
	return !error || refuse(file->path, error, err);
}

void atomic_file_discard(struct atomic_file *file)
{
	unlink(file->temporary);
	close(file->descriptor);
}

bool draft_open(struct draft *draft, struct error *err)
{
	*draft = (struct draft){ 0 };
	draft->stream = open_memstream(&draft->bytes, &draft->len);
	return draft->stream || fail(err, "not enough memory");
}

void draft_discard(struct draft *draft)
{
	fclose(draft->stream);
	free(draft->bytes);
}

void draft_unquote(struct draft *draft)
{
	for (char *q = draft->bytes; (q = memchr(q, '"', (size_t)(draft->bytes + draft->len - q)));)
		*q = '\'';
}

bool atomic_file_write(struct atomic_file *file, const void *bytes, size_t len, struct error *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t written = write(file->descriptor, (const char *)bytes + done, len - done);

		if (written < 0 && errno != EINTR)
			return refuse(file->path, errno, err);
		done += written > 0 ? (size_t)written : 0;
	}
	return true;
}

bool atomic_file_write_at(struct atomic_file *file, uint64_t place, const void *bytes, size_t len, struct error *err)
{
	return lseek(file->descriptor, (off_t)place, SEEK_SET) >= 0 ? atomic_file_write(file, bytes, len, err) :
	                                                              refuse(file->path, errno, err);
}

static bool save_bytes(const char *path, const char *bytes, size_t len, struct error *err)
{
	struct atomic_file file;

	if (!atomic_file_create(&file, path, err))
		return false;
	if (atomic_file_write(&file, bytes, len, err))
		return atomic_file_publish(&file, err);
	atomic_file_discard(&file);
	return false;
}

bool draft_save(struct draft *draft, const char *path, struct error *err)
{
	bool whole = !ferror(draft->stream) && fflush(draft->stream) == 0;
	bool saved = whole ? save_bytes(path, draft->bytes, draft->len, err) : fail(err, "%s: not enough memory", path);

	draft_discard(draft);
	return saved;
}

bool file_remove(const char *path, struct error *err)
{
	return unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR ||
	       fail(err, "%s: cannot be removed: %s", path, strerror(errno));
}

static bool make_folder(const char *path, struct error *err)
{
	return mkdir(path, 0777) == 0 || errno == EEXIST ||
	       fail(err, "%s: cannot make this folder: %s", path, strerror(errno));
}

bool folder_create(const char *path, struct error *err)
{
	char part[FILE_PATH_BYTES];

	if (snprintf(part, sizeof part, "%s", path) >= FILE_PATH_BYTES)
		return fail(err, "%.100s...: the path is too long", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!make_folder(part, err))
			return false;
		*slash = '/';
	}
	return make_folder(part, err);
}

bool path_is_no_link(const char *path, struct error *err)
{
	struct stat about;

	return lstat(path, &about) != 0 || !S_ISLNK(about.st_mode) ||
	       fail(err, "%s: is a symbolic link, which is not followed; remove it", path);
}

/* ".tmp-<digits>-<digits>-<name>" */
static bool is_temporary(const char *name)
{
	if (strncmp(name, prefix, strlen(prefix)) != 0)
		return false;
	name += strlen(prefix);
	for (int part = 0; part < 2; part++) {
		size_t digits = strspn(name, "0123456789");
		if (!digits || name[digits] != '-')
			return false;
		name += digits + 1;
	}
	return *name;
}

/* Whether `name` in the folder is still the file of `descriptor`. */
static bool is_same_file(int folder, const char *name, int descriptor)
{
	struct stat named, opened;

	return fstatat(folder, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(descriptor, &opened) == 0 &&
	       S_ISREG(opened.st_mode) && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

/* While the lock is held here, nobody makes the file another one's: its writer is dead, or has yet to take the lock and
 * then gives the file up. */
static void remove_abandoned(int folder, const char *name)
{
	int descriptor = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	if (descriptor < 0)
		return;
	if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 && is_same_file(folder, name, descriptor))
		unlinkat(folder, name, 0);
	close(descriptor);
}

void folder_clean(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (is_temporary(entry->d_name))
			remove_abandoned(dirfd(folder), entry->d_name);
	closedir(folder);
}
