/* What control groups allow, from made-up /proc and /sys. */
#include "tests/helpers/test.h"

#include "bench/system/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { GIB = 1 << 30 };

/* Writes a file below the test's folder and makes the folders above it. */
static void put(const char *path, const char *text)
{
	char part[512];

	snprintf(part, sizeof part, "%s", path);
	for (char *slash = strchr(part, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(test_path(part), 0777);
		*slash = '/';
	}
	test_write(path, text, strlen(text));
}

TEST(machine_takes_available_memory_where_nothing_limits_it)
{
	put("proc/meminfo", "MemTotal:  8388608 kB\nMemFree: 100 kB\nMemAvailable:    2097152 kB\n");
	CHECK_INT(machine_memory_below(test_folder()), 2ll * GIB);
	CHECK_INT(machine_quota_below(test_folder()), 0);
}

TEST(machine_reads_version_2_groups_and_those_above)
{
	put("proc/meminfo", "MemAvailable: 8388608 kB\n");
	put("proc/self/cgroup", "0::/jobs/one\n");
	put("sys/fs/cgroup/jobs/one/memory.max", "max\n");
	put("sys/fs/cgroup/jobs/one/memory.current", "5\n");
	put("sys/fs/cgroup/jobs/one/cpu.max", "max 100000\n");
	put("sys/fs/cgroup/jobs/memory.max", "2147483648\n");
	put("sys/fs/cgroup/jobs/memory.current", "1610612736\n");
	put("sys/fs/cgroup/jobs/memory.stat", "anon 1\ninactive_file 536870912\nactive_file 7\n");
	put("sys/fs/cgroup/jobs/cpu.max", "250000 100000\n");
	CHECK_INT(machine_memory_below(test_folder()), GIB);
	CHECK_INT(machine_quota_below(test_folder()), 3);
}

TEST(machine_reads_version_1_groups)
{
	put("proc/meminfo", "MemAvailable: 8388608 kB\n");
	put("proc/self/cgroup", "5:cpuset:/x\n4:memory:/box\n1:cpu,cpuacct:/box\n0::/\n");
	put("sys/fs/cgroup/memory/box/memory.limit_in_bytes", "1073741824\n");
	put("sys/fs/cgroup/memory/box/memory.usage_in_bytes", "1073741900\n");
	put("sys/fs/cgroup/memory/box/memory.stat", "total_inactive_file 4096\n");
	put("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "100000\n");
	put("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
	CHECK_INT(machine_memory_below(test_folder()), 4096 - 76);
	CHECK_INT(machine_quota_below(test_folder()), 1);
}

TEST(machine_takes_the_top_group_where_the_named_one_is_not_mounted)
{
	put("proc/self/cgroup", "0::/docker/abc\n");
	put("sys/fs/cgroup/memory.max", "1000\n");
	put("sys/fs/cgroup/memory.current", "400\n");
	CHECK_INT(machine_memory_below(test_folder()), 600);
}

TEST(machine_survives_odd_files)
{
	put("proc/meminfo", "MemAvailable: lots\n");
	put("proc/self/cgroup", "nonsense\n0::\n\n");
	put("sys/fs/cgroup/memory.max", "-5\n");
	put("sys/fs/cgroup/memory.current", "");
	put("sys/fs/cgroup/cpu.max", "0 0\n");
	CHECK_INT(machine_memory_below(test_folder()), INT64_MAX);
	CHECK_INT(machine_quota_below(test_folder()), 0);
}

TEST(machine_knows_this_one)
{
	char name[64];

	CHECK(machine_threads() >= 1);
	CHECK(machine_memory_bytes() > 1 << 20);
	CHECK(machine_processor(name)[0] != '\0');
}
