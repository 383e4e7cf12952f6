/* Writes files atomically: a file is there whole or not at all. Floor 4a.
 *
 * A file is written under a temporary name in its own folder (".tmp-<process>-<number>-<name>"), flushed to disk and
 * renamed; then the folder is flushed. Readers see the old file or the new one; a crash leaves at most a temporary
 * file. While it is written it is locked (flock): one whose lock is free was left by a process that is gone, on this
 * machine or, where the file system shares its locks, on another. */
#ifndef BENCH_SYSTEM_ATOMIC_FILE_H
#define BENCH_SYSTEM_ATOMIC_FILE_H

#include "nn/base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FILE_PATH_BYTES = 4096 };

/* A file that is being written. Another program may write to `temporary`, whose extension is that of the file. */
struct atomic_file {
	char path[FILE_PATH_BYTES], temporary[FILE_PATH_BYTES];
	int descriptor;         /* of `temporary`, open for writing and locked */
};

/* Creates an empty temporary file. After true, call either publish or discard; both close it. */
bool atomic_file_create(struct atomic_file *file, const char *path, struct error *err);
/* Appends bytes. On false the file still has to be discarded. */
bool atomic_file_write(struct atomic_file *file, const void *bytes, size_t len, struct error *err);
/* Writes bytes at an offset; the file grows if necessary. */
bool atomic_file_write_at(struct atomic_file *file, uint64_t place, const void *bytes, size_t len, struct error *err);
/* Renames the temporary file to the file. On false it is removed, and an existing file stays unchanged. */
bool atomic_file_publish(struct atomic_file *file, struct error *err);
void atomic_file_discard(struct atomic_file *file);

/* Keeps in memory what is printed to `stream` until draft_save, the only place where a full disk shows. */
struct draft {
	FILE *stream;
	char *bytes;            /* owned by draft and stream */
	size_t len;
};

bool draft_open(struct draft *draft, struct error *err);
/* Writes the whole file; closes and frees the draft in any case. */
bool draft_save(struct draft *draft, const char *path, struct error *err);
void draft_discard(struct draft *draft);
/* Makes double quotes single. The stream must have been flushed. */
void draft_unquote(struct draft *draft);

/* Removes a file, where there is one. */
bool file_remove(const char *path, struct error *err);

/* Creates a folder and its parents if they are missing. */
bool folder_create(const char *path, struct error *err);
/* False, and an error, for a symbolic link: writing there would change files elsewhere. What is not there is none. */
bool path_is_no_link(const char *path, struct error *err);
/* Removes temporary files that killed processes left in a folder: files of our pattern that nobody holds locked. */
void folder_clean(const char *path);

#endif
