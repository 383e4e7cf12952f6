/* See caches.h. */
#include "bench/system/caches.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 1024, LINE_SIZE = 4096, MOST_INDICES = 16 };

/* Reads the first line of a cache's file, without its newline. */
static bool read_line(const char *folder, const char *name, char line[LINE_SIZE])
{
	char path[PATH_SIZE + 64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	if (!file)
		return false;
	bool read = fgets(line, LINE_SIZE, file);
	fclose(file);
	line[read ? strcspn(line, "\n") : 0] = '\0';
	return read;
}

/* "32K", "1024K", "32M" or plain bytes; 0 for anything else, or a size that no cache has. */
static int64_t bytes_of(const char *text)
{
	const int64_t largest = INT64_C(1) << 40;
	int64_t number = 0;
	char unit = '\0', more;
	int parts = sscanf(text, "%" SCNd64 "%c%c", &number, &unit, &more);
	int shift = parts == 1 ? 0 : unit == 'K' ? 10 : unit == 'M' ? 20 : unit == 'G' ? 30 : -1;

	if (parts < 1 || parts > 2 || shift < 0 || number <= 0 || number > largest >> shift)
		return 0;
	return number << shift;
}

/* Number of processors in a list: "0-1,8-9" has four. At least 1. */
static int count_listed(const char *list)
{
	int count = 0, first, last, used;

	while (sscanf(list, "%d%n", &first, &used) == 1 && first >= 0) {
		list += used;
		last = first;
		if (*list == '-' && sscanf(list + 1, "%d%n", &last, &used) == 1)
			list += 1 + used;
		if (last < first || last - first > INT_MAX / 2 - count)
			break;
		count += last - first + 1;
		if (*list++ != ',')
			break;
	}
	return count > 0 ? count : 1;
}

static void read_cache(const char *folder, struct caches *to)
{
	char type[LINE_SIZE], text[LINE_SIZE];
	int level;

	if (!read_line(folder, "type", type) || (strcmp(type, "Data") != 0 && strcmp(type, "Unified") != 0))
		return;
	if (!read_line(folder, "level", text) || sscanf(text, "%d", &level) != 1 || level < 1 || level > CACHE_LEVELS)
		return;
	if (!read_line(folder, "size", text))
		return;
	to->level[level].bytes = bytes_of(text);
	to->level[level].sharers = read_line(folder, "shared_cpu_list", text) ? count_listed(text) : 1;
}

/* Sizes from the C library, which does not know who shares a cache. Its L3 may belong to a whole socket, so we count it
 * as shared by all. */
static void read_sysconf(struct caches *to)
{
	static const int names[CACHE_LEVELS + 1] = { 0, _SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
	                                             _SC_LEVEL3_CACHE_SIZE };

	for (int level = 1; level <= CACHE_LEVELS; level++) {
		long bytes = sysconf(names[level]);
		to->level[level] = (struct cache){ bytes > 0 ? bytes : 0, level == CACHE_LEVELS ? INT_MAX : 1 };
	}
}

static bool is_known(const struct caches *caches)
{
	return caches->level[1].bytes > 0 && caches->level[2].bytes > 0;
}

struct caches caches_below(const char *root)
{
	struct caches caches = { .assumed = false };
	char folder[PATH_SIZE];

	for (int i = 0; i < MOST_INDICES; i++) {
		snprintf(folder, sizeof folder, "%s/sys/devices/system/cpu/cpu0/cache/index%d", root, i);
		read_cache(folder, &caches);
	}
	if (!is_known(&caches) && !*root)
		read_sysconf(&caches);
	if (is_known(&caches))
		return caches;
	return (struct caches){ .level = { [1] = { 32 << 10, 1 }, [2] = { 1 << 20, 1 }, [3] = { 32 << 20, INT_MAX } },
	                        .assumed = true };
}
