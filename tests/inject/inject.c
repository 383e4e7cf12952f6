/* A library that goes before libc (LD_PRELOAD) and lets one call fail: the N-th allocation, write or read that the
 * program, or a library that works for it with our data (YAML, zip, zlib), asks of libc itself.
 *
 *	INJECT=alloc:17         the 17th allocation gets no memory, the 17th thread is none
 *	INJECT=full:3           the 3rd change of the disk ends with ENOSPC
 *	INJECT=broken:3         the 3rd call that reads or changes the disk ends with EIO
 *	INJECT=short:3          the 3rd read or write does half of what it should
 *	INJECT=alloc:0          nothing fails
 *	INJECT_LOG=FILE         gets the number of such calls, or, of one that failed, where in the program it was */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define HERE __builtin_return_address(0)
#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

enum { MAX_RANGES = 32 };
enum kind { NOTHING, ALLOC, FULL, BROKEN, SHORT };

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);

/* Code whose calls count. */
static struct { uintptr_t from, to; } ranges[MAX_RANGES];
static int range_count;
static enum kind kind;
static long wanted;
static atomic_long seen;

static bool is_watched(const char *name)
{
	return !*name || strstr(name, "/libyaml") || strstr(name, "/libzip") || strstr(name, "/libz.");
}

static int note_ranges(struct dl_phdr_info *module, size_t size, void *about)
{
	(void)size;
	(void)about;
	for (int i = 0; is_watched(module->dlpi_name) && i < module->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &module->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && part->p_flags & PF_X && range_count < MAX_RANGES) {
			ranges[range_count].from = module->dlpi_addr + part->p_vaddr;
			ranges[range_count].to = module->dlpi_addr + part->p_vaddr + part->p_memsz;
			range_count++;
		}
	}
	return 0;
}

__attribute__((constructor)) static void begin(void)
{
	static const char *const names[] = { "alloc:", "full:", "broken:", "short:" };
	bool ours = strcmp(program_invocation_short_name, "archsweep") == 0;
	const char *inject = ours ? getenv("INJECT") : NULL;    /* gnuplot inherits the environment */

	dl_iterate_phdr(note_ranges, NULL);
	for (int i = 0; inject && i < 4; i++)
		if (strncmp(inject, names[i], strlen(names[i])) == 0) {
			wanted = strtol(inject + strlen(names[i]), NULL, 10);
			kind = (enum kind)(ALLOC + i);
		}
}

static void log_number(const char *format, unsigned long number)
{
	const char *path = getenv("INJECT_LOG");
	int log = path ? NEXT(open)(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;

	if (log >= 0) {
		dprintf(log, format, number);
		close(log);
	}
}

__attribute__((destructor)) static void end(void)
{
	if (kind && wanted == 0)
		log_number("%lu\n", (unsigned long)atomic_load(&seen));
}

/* Whether this call of one of two kinds is the one that fails. */
static bool fails(enum kind one, enum kind other, const void *caller)
{
	uintptr_t at = (uintptr_t)caller;

	if (!kind || (kind != one && kind != other))
		return false;
	for (int i = 0; i < range_count; i++)
		if (at >= ranges[i].from && at < ranges[i].to) {
			if (atomic_fetch_add(&seen, 1) + 1 != wanted)
				return false;
			log_number("+0x%lx\n", at - ranges[i].from);
			return true;
		}
	return false;
}

static bool lacks_memory(const void *caller)
{
	if (!fails(ALLOC, ALLOC, caller))
		return false;
	errno = ENOMEM;
	return true;
}

/* Whether a call that changes the disk fails. */
static bool changes_nothing(const void *caller)
{
	if (!fails(FULL, BROKEN, caller))
		return false;
	errno = kind == FULL ? ENOSPC : EIO;
	return true;
}

static bool reads_nothing(const void *caller)
{
	if (!fails(BROKEN, BROKEN, caller))
		return false;
	errno = EIO;
	return true;
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

void *malloc(size_t bytes)
{
	return lacks_memory(HERE) ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
	return lacks_memory(HERE) ? NULL : __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
	return lacks_memory(HERE) ? NULL : __libc_realloc(old, bytes);
}

int posix_memalign(void **to, size_t alignment, size_t bytes)
{
	return lacks_memory(HERE) ? ENOMEM : NEXT(posix_memalign)(to, alignment, bytes);
}

char *strdup(const char *text)
{
	return lacks_memory(HERE) ? NULL : NEXT(strdup)(text);
}

char *strndup(const char *text, size_t len)
{
	return lacks_memory(HERE) ? NULL : NEXT(strndup)(text, len);
}

FILE *open_memstream(char **text, size_t *len)
{
	return lacks_memory(HERE) ? NULL : NEXT(open_memstream)(text, len);
}

FILE *fmemopen(void *bytes, size_t len, const char *mode)
{
	return lacks_memory(HERE) ? NULL : NEXT(fmemopen)(bytes, len, mode);
}

FILE *fdopen(int descriptor, const char *mode)
{
	return lacks_memory(HERE) ? NULL : NEXT(fdopen)(descriptor, mode);
}

DIR *opendir(const char *path)
{
	return lacks_memory(HERE) ? NULL : NEXT(opendir)(path);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *about)
{
	return lacks_memory(HERE) ? EAGAIN : NEXT(pthread_create)(thread, attributes, run, about);
}

/* --- files -------------------------------------------------------------------------------------------------------- */

/* Bytes that are read or written: all, or half of them. -1 where it fails; only writes find a disk full. */
static ssize_t share_of(size_t len, bool writes, const void *caller)
{
	if (!fails(writes ? FULL : BROKEN, BROKEN, caller) && !fails(SHORT, SHORT, caller))
		return (ssize_t)len;
	if (kind == SHORT)
		return (ssize_t)(len + 1) / 2;
	errno = kind == FULL ? ENOSPC : EIO;
	return -1;
}

/* What goes to stdout and stderr is no file of ours. */
ssize_t write(int to, const void *bytes, size_t len)
{
	ssize_t share = to <= STDERR_FILENO ? (ssize_t)len : share_of(len, true, HERE);

	return share < 0 ? -1 : NEXT(write)(to, bytes, (size_t)share);
}

ssize_t read(int from, void *bytes, size_t len)
{
	ssize_t share = share_of(len, false, HERE);

	return share < 0 ? -1 : NEXT(read)(from, bytes, (size_t)share);
}

int open(const char *path, int flags, ...)
{
	va_list more;

	va_start(more, flags);
	mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0;
	va_end(more);
	if (flags & O_CREAT ? changes_nothing(HERE) : reads_nothing(HERE))
		return -1;
	return NEXT(open)(path, flags, mode);
}

int fsync(int descriptor)
{
	return changes_nothing(HERE) ? -1 : NEXT(fsync)(descriptor);
}

int ftruncate(int descriptor, off_t len)
{
	return changes_nothing(HERE) ? -1 : NEXT(ftruncate)(descriptor, len);
}

int rename(const char *from, const char *to)
{
	return changes_nothing(HERE) ? -1 : NEXT(rename)(from, to);
}

int mkdir(const char *path, mode_t mode)
{
	return changes_nothing(HERE) ? -1 : NEXT(mkdir)(path, mode);
}
