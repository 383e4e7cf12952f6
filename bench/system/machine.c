/* See machine.h.
 *
 * Control groups come in two versions, which may be mounted side by side. In both, /proc/self/cgroup names the process'
 * group, and it or any group above may have a limit. Inside a container the path may name a folder of the host that is
 * not mounted; then the top of the mount is the group. */
#include "bench/system/machine.h"

#include <inttypes.h>
#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { PATH_SIZE = 1024 };

/* The number after `key` at the start of a line: "MemAvailable: 123 kB", "inactive_file 456". -1: none. */
static int64_t read_keyed(const char *path, const char *key)
{
	char line[512];
	int64_t value = -1;
	FILE *file = fopen(path, "re");

	if (!file)
		return -1;
	while (value < 0 && fgets(line, sizeof line, file))
		if (strncmp(line, key, strlen(key)) == 0 && sscanf(line + strlen(key), "%" SCNd64, &value) != 1)
			value = -1;
	fclose(file);
	return value;
}

/* The number at the beginning of the file; -1 if it is missing or "max". */
static int64_t read_number(const char *folder, const char *name)
{
	char path[PATH_SIZE + 64];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return read_keyed(path, "");
}

/* How one version of control groups is laid out. */
struct cgroup_version {
	const char *mount;      /* below the root */
	const char *controller; /* name in /proc/self/cgroup ("number:controller,controller:path"); "": version 2 */
	const char *limit, *used, *reclaimable;         /* memory: two files, and a key of memory.stat */
};

static const struct cgroup_version version_2 = {
	"/sys/fs/cgroup", "", "memory.max", "memory.current", "inactive_file "
};
static const struct cgroup_version version_1 = {
	"/sys/fs/cgroup/memory", "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "
};
static const struct cgroup_version version_1_cpu = { "/sys/fs/cgroup/cpu", "cpu", NULL, NULL, NULL };

static bool names_controller(char *list, const char *controller)
{
	if (!*list)
		return !*controller;
	for (char *rest = NULL, *name = strtok_r(list, ",", &rest); name; name = strtok_r(NULL, ",", &rest))
		if (strcmp(name, controller) == 0)
			return true;
	return false;
}

/* The path of the process' group; "/" if none is named. */
static void read_group(const char *root, const struct cgroup_version *v, char path[PATH_SIZE])
{
	char name[PATH_SIZE], line[PATH_SIZE];
	bool found = false;

	snprintf(path, PATH_SIZE, "/");
	snprintf(name, sizeof name, "%s/proc/self/cgroup", root);
	FILE *file = fopen(name, "re");

	while (file && !found && fgets(line, sizeof line, file)) {
		char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;

		line[strcspn(line, "\n")] = '\0';
		if (!group || group[1] != '/')
			continue;
		*group = '\0';
		found = names_controller(list + 1, v->controller);
		if (found)
			snprintf(path, PATH_SIZE, "%s", group + 1);
	}
	if (file)
		fclose(file);
}

/* Memory left in a group: limit - used, where reclaimable page cache does not count as used. */
static int64_t group_memory(const char *folder, const struct cgroup_version *v)
{
	char path[2 * PATH_SIZE];
	int64_t limit = read_number(folder, v->limit), used = read_number(folder, v->used);

	if (limit < 0 || used < 0)
		return INT64_MAX;
	snprintf(path, sizeof path, "%s/memory.stat", folder);
	int64_t cache = read_keyed(path, v->reclaimable);
	int64_t left = limit - used + (cache > 0 ? cache : 0);
	return left > 0 ? left : 0;
}

/* Processors that a group allows, in thousandths: quota / period. */
static int64_t group_quota(const char *folder, const struct cgroup_version *v)
{
	char path[2 * PATH_SIZE];
	int64_t quota = -1, period = -1;

	if (v == &version_2) {
		snprintf(path, sizeof path, "%s/cpu.max", folder);
		FILE *file = fopen(path, "re");
		if (file && fscanf(file, "%" SCNd64 " %" SCNd64, &quota, &period) != 2)
			quota = -1;
		if (file)
			fclose(file);
	} else {
		quota = read_number(folder, "cpu.cfs_quota_us");
		period = read_number(folder, "cpu.cfs_period_us");
	}
	return quota > 0 && period > 0 ? quota * 1000 / period : INT64_MAX;
}

/* The smallest value over the process' group and all groups above it. */
static int64_t smallest_above(const char *root, const struct cgroup_version *v,
                              int64_t (*read)(const char *, const struct cgroup_version *))
{
	char group[PATH_SIZE], folder[3 * PATH_SIZE];
	int64_t smallest = INT64_MAX;

	read_group(root, v, group);
	for (bool top = false; !top;) {
		snprintf(folder, sizeof folder, "%s%s%s", root, v->mount, group);
		int64_t here = read(folder, v);

		smallest = here < smallest ? here : smallest;
		char *slash = strrchr(group, '/');
		top = !slash || slash[1] == '\0';
		if (slash)
			slash[slash == group] = '\0';
	}
	return smallest;
}

int64_t machine_memory_below(const char *root)
{
	char path[PATH_SIZE];
	int64_t least = INT64_MAX;

	snprintf(path, sizeof path, "%s/proc/meminfo", root);
	int64_t available = read_keyed(path, "MemAvailable:");
	int64_t two = smallest_above(root, &version_2, group_memory);
	int64_t one = smallest_above(root, &version_1, group_memory);

	if (available >= 0)
		least = available * 1024;
	least = two < least ? two : least;
	return one < least ? one : least;
}

int machine_quota_below(const char *root)
{
	int64_t two = smallest_above(root, &version_2, group_quota);
	int64_t one = smallest_above(root, &version_1_cpu, group_quota);
	int64_t least = one < two ? one : two;

	return least >= 1000000 ? 0 : (int)((least + 999) / 1000);
}

int64_t machine_memory_bytes(void)
{
	int64_t least = machine_memory_below("");
	int64_t used = read_keyed("/proc/self/status", "VmSize:");
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && used >= 0) {
		int64_t left = (int64_t)limit.rlim_cur - used * 1024;
		least = left < least ? left : least;
	}
	return least > 0 ? least : 0;
}

int machine_threads(void)
{
	int most = omp_get_max_threads(), quota = machine_quota_below("");

	if (!getenv("OMP_NUM_THREADS") && quota > 0 && quota < most)
		most = quota;
	return most > 1 ? most : 1;
}

const char *machine_processor(char to[64])
{
	enum { SIZE = 64 };
	char line[512];
	FILE *file = fopen("/proc/cpuinfo", "re");

	snprintf(to, SIZE, "unknown processor");
	while (file && fgets(line, sizeof line, file)) {
		char *value = strncmp(line, "model name", 10) == 0 ? strchr(line, ':') : NULL;

		if (value) {
			value += 1 + strspn(value + 1, " \t");
			value[strcspn(value, "\n")] = '\0';
			snprintf(to, SIZE, "%.63s", value);
			break;
		}
	}
	if (file)
		fclose(file);
	return to;
}

const struct kernels *machine_kernels(struct error *err)
{
	const char *wanted = getenv("ARCHSWEEP_KERNELS");
	const struct kernels *kernels = kernels_choose(wanted);

	if (!kernels && !(wanted && *wanted))
		fail(err, "this program was built for another processor: it has no kernels that this one can run; "
		     "`make` builds all");
	else if (!kernels)
		fail(err, "ARCHSWEEP_KERNELS=%.40s: no such kernels, or this processor cannot run them", wanted);
	return kernels;
}
