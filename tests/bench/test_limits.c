/* The limits of a machine: the loops that measure them against naive ones, the sizes of what they read, caches from
 * made-up files, and that results exist and are plausible. No test can know how fast a machine is. */
#include "bench/measure/limits.h"
#include "nn/base/rng.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MIB = 1 << 20, OPERANDS = LIMIT_TURNS * LIMIT_PIXELS * LANES, SUMS = LIMIT_PIXELS * LIMIT_WEIGHTS };

/* Whole numbers, so that sums are exact. More turns than operands: the first operands are used again. */
static void check_multiply(const struct kernels *k, size_t turns)
{
	static const real weights[LIMIT_WEIGHTS] = { 3, -5 };
	struct rng rng = rng_seed(1, turns);
	size_t lanes = (size_t)k->lanes, len = SUMS * lanes;
	double *x = take_integers(&rng, OPERANDS, 9), *want = take_doubles(len);
	real *sums = take_reals(SUMS * LANES);

	k->limit_multiply(take_copy(x, OPERANDS), weights, turns, sums);
	for (size_t i = 0; i < len; i++) {
		size_t pixel = i / lanes / LIMIT_WEIGHTS, c = i / lanes % LIMIT_WEIGHTS;
		want[i] = 0;
		for (size_t turn = 0; turn < turns; turn++)
			want[i] += x[(turn % LIMIT_TURNS * LIMIT_PIXELS + pixel) * lanes + i % lanes] *
				(double)weights[c];
	}
	CHECK_EQUAL(k->name, take_wide(sums, len), want, len);
	take_nothing();
}

TEST(limit_multiply_does_every_multiply_add_that_is_counted)
{
	for (EACH_SET(k))
		for (size_t turns = 0; turns <= 70; turns += 7)
			check_multiply(*k, turns);
}

/* Of zeros with one number among them, only that number's lane is not zero: so each is read, wherever it is. */
TEST(limit_read_reads_every_number)
{
	enum { VECTORS = 24, LEN = VECTORS * LANES };

	for (EACH_SET(k))
		for (size_t here = 0; here < LEN; here++) {
			double *x = take_doubles(LEN), *want = take_doubles(LANES);
			real *mix = take_reals(LANES);
			for (size_t i = 0; i < LEN; i++)
				x[i] = i == here ? 5 : 0;
			for (size_t i = 0; i < LANES; i++)
				want[i] = i == here % LANES ? 5 : 0;
			(*k)->limit_read(take_copy(x, LEN), VECTORS, mix);
			CHECK_EQUAL((*k)->name, take_wide(mix, LANES), want, LANES);
			take_nothing();
		}
}

/* --- Caches ------------------------------------------------------------------------------------------------------- */

static void put(int index, const char *name, const char *text)
{
	char path[256];
	static const char *const parts[] = { "sys", "devices", "system", "cpu", "cpu0", "cache" };
	int used = 0;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		used += snprintf(path + used, sizeof path - (size_t)used, "%s%s", i ? "/" : "", parts[i]);
		mkdir(test_path(path), 0777);
	}
	used += snprintf(path + used, sizeof path - (size_t)used, "/index%d", index);
	mkdir(test_path(path), 0777);
	snprintf(path + used, sizeof path - (size_t)used, "/%s", name);
	test_write(path, text, strlen(text));
}

static void put_cache(int index, const char *level, const char *type, const char *size)
{
	put(index, "level", level);
	put(index, "type", type);
	put(index, "size", size);
}

TEST(caches_are_read_from_files)
{
	put_cache(0, "1\n", "Data\n", "48K\n");
	put_cache(1, "1\n", "Instruction\n", "32K\n");
	put_cache(2, "2\n", "Unified\n", "1024K\n");
	put_cache(3, "3\n", "Unified\n", "32M\n");
	put(2, "shared_cpu_list", "0,64\n");
	put(3, "shared_cpu_list", "0-7,64-71\n");
	struct caches c = caches_below(test_folder());
	CHECK(!c.assumed);
	CHECK_INT(c.level[1].bytes, 48 << 10);
	CHECK_INT(c.level[1].sharers, 1);
	CHECK_INT(c.level[2].bytes, 1 << 20);
	CHECK_INT(c.level[2].sharers, 2);
	CHECK_INT(c.level[3].bytes, 32 << 20);
	CHECK_INT(c.level[3].sharers, 16);
}

TEST(caches_that_say_nonsense_are_not_believed)
{
	static const char *const sizes[] = { "", "\n", "K\n", "-1K\n", "0\n", "32Q\n", "32KB\n",
	                                     "99999999999999999999\n", "9223372036854775807G\n" };

	put_cache(0, "1\n", "Data\n", "32K\n");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		put_cache(1, "2\n", "Unified\n", sizes[i]);
		CHECK(caches_below(test_folder()).assumed);
	}
	put_cache(1, "2\n", "Unified\n", "262144\n");
	put(1, "shared_cpu_list", "3-1\n");
	put_cache(2, "4\n", "Unified\n", "64M\n");
	put_cache(3, "3\n", "Victim\n", "64M\n");
	struct caches c = caches_below(test_folder());
	CHECK(!c.assumed);
	CHECK_INT(c.level[2].bytes, 256 << 10);
	CHECK_INT(c.level[2].sharers, 1);
	CHECK_INT(c.level[3].bytes, 0);
}

TEST(caches_are_assumed_where_nobody_knows)
{
	struct caches c = caches_below(test_folder());

	CHECK(c.assumed);
	CHECK_INT(c.level[1].bytes, 32 << 10);
	CHECK_INT(c.level[2].bytes, MIB);
	CHECK_INT(c.level[3].bytes, 32 * MIB);
}

/* --- Sizes -------------------------------------------------------------------------------------------------------- */

static const struct caches server = { .level = { [1] = { 48 << 10, 1 }, [2] = { MIB, 1 }, [3] = { 32 * MIB, 16 } } };

static long long bytes_for(const struct caches *caches, enum limit_kind kind, int threads)
{
	struct limits_request r = { .caches = *caches, .memory_bytes = 8ll << 30, .threads = threads };

	return limits_array_bytes(&r, kind, threads);
}

/* Half of a level, or of a thread's part of it; memory: four times the part of the last level, 64 MiB in all at
 * least. */
TEST(limits_arrays_fit_their_level_and_no_higher_one)
{
	CHECK_INT(bytes_for(&server, LIMIT_MULTIPLY, 1), OPERANDS * (long long)sizeof(real));
	CHECK_INT(bytes_for(&server, LIMIT_L2, 1), MIB / 2);
	CHECK_INT(bytes_for(&server, LIMIT_L2, 8), MIB / 2);
	CHECK_INT(bytes_for(&server, LIMIT_L3, 1), 16 * MIB);
	CHECK_INT(bytes_for(&server, LIMIT_L3, 8), 2 * MIB);
	CHECK_INT(bytes_for(&server, LIMIT_L3, 16), 0);         /* a part of 2 MiB, half of it no larger than L2 */
	CHECK_INT(bytes_for(&server, LIMIT_L3, 64), 0);
	CHECK_INT(bytes_for(&server, LIMIT_MEMORY, 1), 128 * MIB);
	CHECK_INT(bytes_for(&server, LIMIT_MEMORY, 64), 8 * MIB);
}

TEST(limits_of_caches_that_are_missing_or_shared)
{
	struct caches small = { .level = { [1] = { 32 << 10, 1 }, [2] = { 512 << 10, 4 } } };
	struct limits_request poor = { .caches = server, .memory_bytes = 200 * MIB, .threads = 1 };

	CHECK_INT(bytes_for(&small, LIMIT_L2, 2), 128 << 10);
	CHECK_INT(bytes_for(&small, LIMIT_L2, 4), 64 << 10);
	CHECK_INT(bytes_for(&small, LIMIT_L3, 1), 0);
	CHECK_INT(bytes_for(&small, LIMIT_MEMORY, 4), 16 * MIB);
	CHECK_INT(limits_array_bytes(&poor, LIMIT_MEMORY, 1), 0);       /* a quarter of it fits into the cache */
	poor.memory_bytes = 300ll * MIB;
	CHECK_INT(limits_array_bytes(&poor, LIMIT_MEMORY, 1), 75 * MIB);
}

/* --- Measuring ---------------------------------------------------------------------------------------------------- */

TEST_ALONE(limits_are_measured_on_every_set)
{
	for (EACH_SET(k)) {
		struct limits_request r = { .kernels = *k, .caches = server, .memory_bytes = 1ll << 30, .threads = 2,
		                            .repeats = 2, .seconds = 1e-4 };
		struct error err = { "" };
		struct limits limits;
		struct team alone;

		team_init(&alone);
		CHECK(limits_measure(&r, &limits, &err));
		CHECK(limits_peak(&alone, 1, *k, 1e-4) > 0);
		for (int kind = 0; kind < LIMIT_KINDS; kind++) {
			CHECK(limits.of[kind].one > 0);
			CHECK(limits.of[kind].all > 0);
		}
		CHECK_INT(limits.of[LIMIT_L3].one_bytes, 16 * MIB);
		CHECK_INT(limits.of[LIMIT_L3].all_bytes, 8 * MIB);
	}
}

TEST(limits_that_cannot_be_measured_are_missing)
{
	struct caches small = { .level = { [1] = { 32 << 10, 1 }, [2] = { 512 << 10, 1 } } };
	struct limits_request r = { .kernels = kernels_choose(NULL), .caches = small, .memory_bytes = 1 << 16,
	                            .threads = 1, .repeats = 1, .seconds = 1e-4 };
	struct error err = { "" };
	struct limits limits;

	CHECK(limits_measure(&r, &limits, &err));
	CHECK(limits.of[LIMIT_L2].one > 0);
	CHECK(limits.of[LIMIT_L3].one == 0 && limits.of[LIMIT_L3].all_bytes == 0);
	CHECK(limits.of[LIMIT_MEMORY].one == 0);
}

TEST_ALONE(limits_as_a_table)
{
	static const char head[] =
		"limit\tunit\tone_core\tall_cores\tone_core_bytes\tall_cores_bytes\tthreads\tkernels\tprocessor\n"
	                           "multiply_add\tGFLOP/s\t";
	static const char *const parts[] = { "\nread_l2\tGB/s\t", "\nread_l3\tGB/s\t", "\nread_memory\tGB/s\t",
	                                     "\t1\tportable\t" };
	struct program_result r = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "limits", "--tsv", "--repeats", "1", "--threads", "1",
		                          NULL },
		.environment = (const char *[]){ "ARCHSWEEP_KERNELS=portable", NULL },
		.limit_seconds = 100 });

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK(strncmp(r.out, head, sizeof head - 1) == 0);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		CHECK(strstr(r.out, parts[i]));
	program_result_free(&r);
}

TEST(limits_on_kernels_that_do_not_exist)
{
	struct program_result r =
		run_program((struct program){ .argv = (const char *[]){ archsweep_path(), "limits", NULL },
		.environment = (const char *[]){ "ARCHSWEEP_KERNELS=avx9", NULL } });

	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, "ARCHSWEEP_KERNELS=avx9: no such kernels, or this processor cannot run them\n");
	program_result_free(&r);
}
