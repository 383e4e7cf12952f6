/* Locks in a folder of reports: one for each point that trains, one for the tables. Floor 4a.
 *
 * A lock is a byte of the folder's file .lock (F_OFD_SETLK), so that any number of them leave one file, and the
 * operating system releases all that a process holds when it ends, however it ends. On NFS they hold between machines
 * where the server has a lock manager (version 4 always has); a machine that vanishes keeps its locks until the server
 * gives up on it. Locks of one descriptor do not exclude each other: threads of one process agree by other means. */
#ifndef BENCH_SYSTEM_LOCK_H
#define BENCH_SYSTEM_LOCK_H

#include "nn/base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* What is locked: the tables and whose folder it is, the machine's quiet for measurements, or a point. */
#define LOCK_TABLES UINT64_C(0)
#define LOCK_QUIET UINT64_C(1)  /* runs share it; a measurement has it alone */
/* The place of a point's lock: from its id, 16 hexadecimal digits. */
uint64_t lock_place(const char *id);

enum lock_state { LOCK_TAKEN, LOCK_BUSY, LOCK_FAILED };

/* Creates the folder and its parents if they are missing, and opens its file of locks. Returns a descriptor for
 * lock_close, which releases all locks; -1 and an error where it cannot be written. */
int lock_open(const char *folder, struct error *err);
void lock_close(int lock);

enum lock_kind { LOCK_ALONE, LOCK_SHARED };

/* Takes one lock. LOCK_BUSY without an error where another process has it. */
enum lock_state lock_try(int lock, uint64_t place, enum lock_kind kind, struct error *err);
/* Waits for it, and takes it alone. */
bool lock_wait(int lock, uint64_t place, struct error *err);
void lock_release(int lock, uint64_t place);

#endif
