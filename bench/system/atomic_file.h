/* Files that are there whole or not at all. Floor 4a; knows bytes, not what they say.
 *
 * A file is written under another name in its own folder (".tmp-<process>-<number>-<name>"), flushed to the disk, renamed, and the
 * folder flushed. Whoever reads meanwhile sees the old file or the new one; a crash leaves at most a file of such a name. */
#ifndef BENCH_SYSTEM_ATOMIC_FILE_H
#define BENCH_SYSTEM_ATOMIC_FILE_H

#include "nn/base/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { FILE_PATH_BYTES = 4096 };

/* A file on its way; another program may write `temporary` by its name, whose ending is that of the file. */
struct atomic_file {
	char path[FILE_PATH_BYTES], temporary[FILE_PATH_BYTES];
	int descriptor;         /* of `temporary`, open for writing */
};

/* Makes an empty temporary file. After true, call either publish or discard; both close it. */
bool atomic_file_create(struct atomic_file *file, const char *path, struct error *err);
/* Adds bytes at its end. On false the file still has to be discarded. */
bool atomic_file_write(struct atomic_file *file, const void *bytes, size_t len, struct error *err);
/* Writes bytes at a place of it; it grows as far as it must. */
bool atomic_file_write_at(struct atomic_file *file, uint64_t place, const void *bytes, size_t len, struct error *err);
/* The temporary file becomes the file. On false it is removed, and a file that was there before stays as it was. */
bool atomic_file_publish(struct atomic_file *file, struct error *err);
void atomic_file_discard(struct atomic_file *file);

/* What is printed to `stream` is kept in memory until it is saved, so that a full disk shows in one place. */
struct draft {
	FILE *stream;
	char *bytes;            /* owned by draft and stream */
	size_t len;
};

bool draft_open(struct draft *draft, struct error *err);
/* Writes the whole file; the draft is closed and freed in any case. */
bool draft_save(struct draft *draft, const char *path, struct error *err);
void draft_discard(struct draft *draft);

/* Makes a folder and those above it where they are missing. */
bool folder_create(const char *path, struct error *err);
/* Removes the temporary files that killed runs left in a folder: those of our pattern that nobody has written to for ten minutes. */
void folder_clean(const char *path);

#endif
