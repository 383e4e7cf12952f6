/* `archsweep bench`: everything that does not depend on the machine's speed. Measurements take a millisecond. */
#include "bench/measure/measure.h"
#include "bench/measure/occupancy.h"
#include "bench/measure/profile_table.h"
#include "bench/system/child.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Convolution to 2x8x8, 20 parameters; pool to 2x4x4; dense 32 to 3, 99 parameters. */
static const char tiny[] =
	"data: {idx: {folder: nowhere}}\ninput: [8, 8, 1]\nclasses: 3\nseeds: [1, 2]\nrecipe: {epochs: 1, batch: 16}\n"
	"families:\n"
	"  - name: tiny\n"
	"    widths: [2, 3]\n"
	"    layers: [conv: {channels: w, kernel: 3}, relu, max_pool: {window: 2}, flatten, dense: {units: classes}]\n"
	"  - {name: flat, widths: [1], layers: [flatten, dense: {units: classes}]}\n";

static const char *write_tiny(void)
{
	return test_write("tiny.yaml", tiny, sizeof tiny - 1);
}

static struct program_result run_bench(const char *const *more)
{
	const char *argv[24] = { archsweep_path(), "bench", "--repeats", "1", "--stretch", "1", "--threads", "2" };

	for (int i = 0; more[i]; i++)
		argv[8 + i] = more[i];
	return run_program((struct program){ .argv = argv });
}
#define BENCH(...) run_bench((const char *[]){ __VA_ARGS__, NULL })

static double number(const char *tsv, int row, const char *name)
{
	const char *text = tsv_field(tsv, row, name);

	char *end;
	double value = strtod(text, &end);

	return end > text && !*end ? value : NAN;
}

static int row_count(const char *tsv)
{
	int count = -1;

	for (; *tsv; tsv++)
		count += *tsv == '\n';
	return count;
}

static void check_refusal(struct program_result r, int status, const char *err)
{
	CHECK_INT(r.status, status);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, err);
	program_result_free(&r);
}

/* --- Speeds ------------------------------------------------------------------------------------------------------- */

/* Operations an image, width 2: convolution 2 * 64 * 18 forward and as many for the weight gradients, dense 2 * 96
 * three times. The bytes are those of tests/nn/test_plan_cost.c's rules, worked out for this network term by term. */
TEST(bench_counts_what_it_measures)
{
	struct program_result r = BENCH("--tsv", "--peak", "100", write_tiny());
	double flops = 2 * 2 * 64 * 18 + 3 * 2 * 96;
	double number_bytes = 4;
	double bytes = 64 + 64 * number_bytes                             /* loading: byte to number */
		+ (18 + 36 + 72) * number_bytes / 16                      /* packing: 4 * 9, 4 * 2 * 9 */
		+ (64 + 128) * number_bytes + 20 * number_bytes / 16      /* convolution forward */
		+ (64 + 128) * number_bytes + 20 * number_bytes / 16      /* its backward; relu by pool */
		+ 2 * 20 * number_bytes / 16 + 7 * 20 * number_bytes / 16 /* gradient sum; Adam */
		+ 3 * (128 + 32) * number_bytes                           /* pool, both passes */
		+ (96 + 128 + 96) * number_bytes / 16                     /* packing: 4 * 32, 32 * 3 */
		+ (3 * 32 + 3 * 3 + 4 * 3 + 4 * 32) * number_bytes        /* dense, both passes */
		+ 3 * 99 * number_bytes / 16                              /* its weights */
		+ 7 * 99 * number_bytes / 16 + 2 * 3 * number_bytes;      /* Adam; loss */

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_INT(row_count(r.out), 3);         /* networks, not seeds */
	CHECK_TEXT(tsv_field(r.out, 0, "sweep"), "tiny");
	CHECK_TEXT(tsv_field(r.out, 0, "family"), "tiny");
	CHECK_TEXT(tsv_field(r.out, 1, "width"), "3");
	CHECK_TEXT(tsv_field(r.out, 2, "family"), "flat");
	CHECK_TEXT(tsv_field(r.out, 0, "trainable"), "119");
	CHECK_TEXT(tsv_field(r.out, 0, "threads"), "2");
	CHECK_TEXT(tsv_field(r.out, 0, "batch"), "16");
	CHECK_CLOSE(number(r.out, 0, "flops_per_image"), flops, 0);
	CHECK_CLOSE(number(r.out, 0, "bytes_per_image"), floor(bytes + 0.5), 0);
	CHECK_CLOSE(number(r.out, 0, "flops_per_byte"), flops / bytes, 1e-2);
	for (int row = 0; row < 3; row++) {
		double speed = number(r.out, row, "images_per_second");
		CHECK(speed > 0 && number(r.out, row, "inference_images_per_second") > 0);
		CHECK(number(r.out, row, "memory_bytes") > 0 && number(r.out, row, "measured_memory_bytes") >= 0);
		CHECK_CLOSE(number(r.out, row, "percent_of_peak"), number(r.out, row, "gflops"), 0.11); /* of 100 */
		CHECK_TEXT(tsv_field(r.out, row, "peak_gflops"), "100.0");
	}
	program_result_free(&r);
}

TEST(bench_takes_several_sweeps_and_only_what_matches)
{
	const char *first = write_tiny(), *second = test_write("other.yaml", tiny, sizeof tiny - 1);
	struct program_result r = BENCH("--json", "--peak", "100", "--only", "*/3", "--only", "flat", first, second);

	CHECK_INT(r.status, 0);
	CHECK(strncmp(r.out, "[\n  {\"sweep\": \"tiny\", \"family\": \"tiny\", \"width\": 3, \"trainable\": ",
	              65) == 0);
	CHECK(strstr(r.out, "\n  {\"sweep\": \"tiny\", \"family\": \"flat\", \"width\": 1, "));
	CHECK(strstr(r.out, "\n  {\"sweep\": \"other\", \"family\": \"flat\", \"width\": 1, "));
	CHECK(!strstr(r.out, "\"width\": 2"));
	program_result_free(&r);
}

TEST(bench_for_people)
{
	struct program_result r = BENCH("--only", "flat", write_tiny());

	CHECK_INT(r.status, 0);
	CHECK(strstr(r.out, ", 2 threads, kernels "));
	CHECK(strstr(r.out, "\n\nfamily  width  trainable  MACs  "));
	program_result_free(&r);
}

/* Speeds are rounded to a tenth, percentages too. */
TEST(bench_takes_percentages_of_the_peak_beside_them)
{
	struct program_result r = BENCH("--tsv", "--training", write_tiny());

	CHECK_INT(r.status, 0);
	for (int row = 0; row < 3; row++) {
		double peak = number(r.out, row, "peak_gflops"), percent = number(r.out, row, "percent_of_peak");
		CHECK(peak > 0);
		CHECK_CLOSE(percent * peak / 100, number(r.out, row, "gflops"), 0.06 + 0.06 * peak / 100);
	}
	program_result_free(&r);
}

TEST(bench_refusals)
{
	static const char *const peaks[] = { "0", "-1", "1e999", "9x", "nan", "" };
	const char *path = write_tiny();
	char want[128];

	for (size_t i = 0; i < sizeof peaks / sizeof *peaks; i++) {
		snprintf(want, sizeof want,
		         "archsweep bench: --peak: \"%s\" is not a number above 0; see archsweep bench --help\n",
		         peaks[i]);
		check_refusal(BENCH("--peak", peaks[i], path), 2, want);
	}
	check_refusal(run_archsweep((const char *[]){ "bench", NULL }), 2,
	              "archsweep bench: not enough arguments: SWEEP.yaml...; see archsweep bench --help\n");
	check_refusal(BENCH(path, "nowhere.yaml"), 2, "nowhere.yaml: cannot be read: No such file or directory\n");
}

/* --- Profiles ----------------------------------------------------------------------------------------------------- */

/* Loading, convolution, pool, dense, loss, waiting: what is folded or a view has no row. */
TEST(bench_profile_adds_up)
{
	static const char *const what[] = { "loading", "conv", "max_pool", "dense", "loss", "waiting" };
	static const char *const index[] = { "0", "1", "3", "5", "", "" };
	struct program_result r = BENCH("--tsv", "--profile", "--peak", "100", "--only", "tiny/2", write_tiny());
	double percent = 0;

	CHECK_INT(r.status, 0);
	CHECK_INT(row_count(r.out), 6);
	for (int row = 0; row < 6; row++) {
		CHECK_TEXT(tsv_field(r.out, row, "family"), "tiny");
		CHECK_TEXT(tsv_field(r.out, row, "what"), what[row]);
		CHECK_TEXT(tsv_field(r.out, row, "index"), index[row]);
		percent += number(r.out, row, "percent");
	}
	CHECK_CLOSE(percent, 100, 0.01);        /* six rows, rounded to a tenth */
	CHECK_TEXT(tsv_field(r.out, 0, "output"), "8 x 8 x 1");
	CHECK_TEXT(tsv_field(r.out, 2, "output"), "4 x 4 x 2");
	CHECK_TEXT(tsv_field(r.out, 2, "gflops"), "");
	CHECK_TEXT(tsv_field(r.out, 2, "update_us"), "");
	CHECK(number(r.out, 1, "gflops") >= 0);
	CHECK_TEXT(tsv_field(r.out, 5, "bytes_per_image"), "");
	program_result_free(&r);
}

TEST(bench_profile_for_people)
{
	struct program_result r = BENCH("-p", "--peak", "100", write_tiny());

	CHECK_INT(r.status, 0);
	CHECK(strstr(r.out, "\n\ntiny/2/1, peak 100 GFLOP/s\n\n#  what"));
	CHECK(strstr(r.out, "\n\ntiny/3/1, peak 100 GFLOP/s\n\n#  what"));
	CHECK(strstr(r.out, "\n\nflat/1/1, peak 100 GFLOP/s\n\n#  what"));
	program_result_free(&r);
}

/* 3 seconds of two threads over 100 images: a layer's share of the wall is half of what both spent there. */
TEST(profile_seconds_are_of_the_whole_machine)
{
	static struct profile p;

	p.wall_seconds = 2;
	p.images = 100;
	atomic_store(&p.ns[3][STAGE_BACKWARD], 3000000000);
	CHECK_CLOSE(profile_seconds(&p, STAGE_BACKWARD, 2, 2), 0.015, 1e-12);
	CHECK_CLOSE(profile_seconds(&p, STAGE_FORWARD, 2, 2), 0, 0);
	profile_reset(&p);
	CHECK_CLOSE(profile_seconds(&p, STAGE_BACKWARD, 2, 2), 0, 0);
	CHECK_INT(p.images, 0);
}

static void spin(double seconds)
{
	for (volatile double x = 0; x < seconds * 1e8; x++)
		;
}

TEST(profile_observer_puts_time_where_it_belongs)
{
	static struct profile p;
	struct observer o = profile_observer(&p);

	observe_begin(&o);
	spin(0.001);
	observe_end(&o, STAGE_LOADING, NETWORK_INPUT);
	observe_begin(&o);
	spin(0.001);
	observe_end(&o, STAGE_UPDATE, MAX_LAYERS - 1);
	CHECK(atomic_load(&p.ns[0][STAGE_LOADING]) > 0);
	CHECK(atomic_load(&p.ns[MAX_LAYERS][STAGE_UPDATE]) > 0);
	CHECK_INT(atomic_load(&p.ns[0][STAGE_UPDATE]), 0);
}

/* --- Children ----------------------------------------------------------------------------------------------------- */

static void answer(void *about)
{
	*(int *)about = 42;
}

static void crash(void *about)
{
	(void)about;
	raise(SIGKILL);
}

static void leave(void *about)
{
	(void)about;
	_Exit(3);
}

TEST(child_answers_and_its_end_is_told)
{
	struct error err = { "" }, killed = { "" }, left = { "" };
	int *shared = child_share(sizeof *shared, &err), own = 0;

	CHECK(shared && child_run(answer, shared, &err));
	CHECK_INT(shared ? *shared : 0, 42);
	CHECK(child_run(answer, &own, &err));
	CHECK_INT(own, 0);              /* memory that is not shared is the child's own */
	CHECK(!child_run(crash, NULL, &killed));
	CHECK_TEXT(killed.text, "the process that measured was ended by signal 9 (Killed)");
	CHECK(!child_run(leave, NULL, &left));
	CHECK_TEXT(left.text, "the process that measured ended with status 3");
	child_unshare(shared, sizeof *shared);
}

/* 64 MiB that were written to show in the child, and only there. */
static void grow(void *about)
{
	int64_t *bytes = about, before = child_resident_bytes(), mapped = child_mapped_bytes();
	size_t size = 64 << 20;
	volatile char *block = malloc(size);

	for (size_t i = 0; block && i < size; i += 1024)
		block[i] = 1;
	bytes[0] = child_resident_bytes() - before - (child_mapped_bytes() - mapped);
	free((void *)(uintptr_t)block);
	bytes[1] = child_peak_bytes() - before;
}

TEST(child_knows_its_memory)
{
	struct error err = { "" };
	int64_t *bytes = child_share(2 * sizeof *bytes, &err), before = child_resident_bytes();

	CHECK(bytes && child_run(grow, bytes, &err));
	for (int i = 0; bytes && i < 2; i++)
		CHECK(bytes[i] >= 63 << 20 && bytes[i] <= 80 << 20);
	CHECK(before > 0 && child_resident_bytes() - before < 16 << 20);
	CHECK(child_mapped_bytes() > 1 << 16 && child_mapped_bytes() < child_resident_bytes());
	child_unshare(bytes, 2 * sizeof *bytes);
}

/* Training takes the memory that `params` announces, and a little more for the process itself. */
TEST(bench_memory_is_what_was_announced)
{
	static const char text[] =
		HEAD "families: [{name: big, widths: [64], layers: [conv: {channels: w, kernel: 3}, batch_norm, relu,"
		" conv: {channels: w, kernel: 3}, batch_norm, relu, flatten, dense: {units: classes}]}]\n";
	struct error err = { "" };
	struct sweep *sweep = sweep_of(text, "recipe.batch=512");
	struct measured *m = measured_create(&err);
	struct cost cost;

	if (!sweep || !m)
		abort();
	struct model_plan *plan = model_plan_create(&sweep->points[0].network, 512,
		sweep->points[0].variant->recipe.optimizer->slots,
	                                            &err);
	cost = model_plan_cost(plan);
	CHECK(cost.memory_bytes > 30 << 20);
	struct speed_request request = { .point = &sweep->points[0],
	                                 .kernels = *next_set(kernels_all),
		.threads = 2, .repeats = 1, .seconds = 1e-3 };
	CHECK(measure_speeds(&request, m, &err));
#ifndef __SANITIZE_ADDRESS__
	CHECK_CLOSE((double)m->memory_bytes / (double)cost.memory_bytes, 1, 0.05);
#endif
	model_plan_destroy(plan);
	measured_destroy(m);
	sweep_destroy(sweep);
}

/* --- Other things to measure -------------------------------------------------------------------------------------- */

#define TASK(units, bytes, threads) { .work = units, .memory_bytes = bytes, .most_threads = threads }

/* Four equal tasks that take one thread each, and one that takes four. */
TEST(occupancy_of_virtual_cores)
{
	static const struct task equal[] = { TASK(3, 0, 1), TASK(3, 0, 1), TASK(3, 0, 1), TASK(3, 0, 1) };
	static const struct task wide[] = { TASK(7, 0, 4) };
	char text[1024] = "";
	FILE *to = fmemopen(text, sizeof text, "w");
	struct error err = { "" };
	struct table *table = table_create(occupancy_columns);

	CHECK(occupancy_add(table, &(struct occupancy){ "equal", 4, equal, 8 }, &err));
	CHECK(occupancy_add(table, &(struct occupancy){ "wide", 1, wide, 9 }, &err));
	CHECK(table_print(table, TABLE_TSV, to, &err));
	fclose(to);
	CHECK_TEXT(text,
	           "sweep\tpoints\tcores\tspeedup\tefficiency_percent\n"
	           "equal\t4\t1\t1.00\t100.0\nequal\t4\t2\t2.00\t100.0\nequal\t4\t4\t4.00\t100.0\n"
	           "equal\t4\t8\t4.00\t50.0\n"
	           "wide\t1\t1\t1.00\t100.0\nwide\t1\t2\t2.00\t100.0\nwide\t1\t4\t4.00\t100.0\n"
	           "wide\t1\t8\t4.00\t50.0\n");
	table_destroy(table);
}

/* Six points of three networks: two seeds each. */
TEST(bench_cores_counts_points)
{
	struct program_result r = run_archsweep((const char *[]){
		"bench", "--cores", "--tsv", "--repeats", "1", "--stretch", "1", write_tiny(), NULL });

	CHECK_INT(r.status, 0);
	CHECK_INT(row_count(r.out), 7);
	CHECK_TEXT(tsv_field(r.out, 0, "points"), "6");
	CHECK_TEXT(tsv_field(r.out, 0, "efficiency_percent"), "100.0");
	CHECK_TEXT(tsv_field(r.out, 6, "cores"), "64");
	CHECK(number(r.out, 6, "speedup") <= 6.001);    /* a batch of 16 images is work for one thread */
	program_result_free(&r);
}

TEST(bench_reading_reads_what_there_is)
{
	run_case_write_data(1);
	const char *path = run_case_write_sweep(NULL);
	struct program_result r = BENCH("--reading", "--tsv", path);

	CHECK_INT(r.status, 0);
	CHECK_INT(row_count(r.out), 1);
	CHECK_TEXT(tsv_field(r.out, 0, "images"), "160");
	CHECK_TEXT(tsv_field(r.out, 0, "pixel_bytes"), "10240");
	CHECK(number(r.out, 0, "seconds") >= 0);
	program_result_free(&r);
}

TEST(bench_reading_of_data_that_is_not_there)
{
	struct program_result r = BENCH("--reading", write_tiny());

	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.out, "");
	CHECK(strstr(r.err, "nowhere"));
	program_result_free(&r);
}

/* The YAML is wrong, although only the data shows it; a broken file is 1. */
TEST(bench_reading_of_data_that_contradicts_the_sweep)
{
	char want[600];

	run_case_write_data(1);
	const char *path = run_case_write_sweep(NULL);
	snprintf(want, sizeof want, "%s:1:8: classes: 4 does not fit the data: the largest label of its 160 images is "
	         "2\n", path);
	check_refusal(BENCH("--reading", "--set", "classes=4", path), 2, want);
	test_write("train-labels-idx1-ubyte", "x", 1);
	snprintf(want, sizeof want, "%s: is cut short: it ends inside its header of 8 bytes\n",
	         test_path("./train-labels-idx1-ubyte"));
	check_refusal(BENCH("--reading", path), 1, want);
}

TEST(bench_saves_what_it_prints)
{
	const char *to = test_path("saved.tsv");
	struct program_result r = BENCH("--training", "--tsv", "--peak", "100", "--save", to, write_tiny());
	const char *other = test_path("layers.tsv");
	struct program_result people = BENCH("--profile", "--peak", "100", "--only", "flat", "--save", other,
	                                     write_tiny());
	struct program_result saved = run_program((struct program){ .argv = (const char *[]){ "cat", to, NULL } });
	struct program_result layers = run_program((struct program){ .argv = (const char *[]){ "cat", other, NULL } });

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.out, saved.out);
	CHECK_TEXT(tsv_field(r.out, 0, "inference_images_per_second"), "");
	CHECK_INT(people.status, 0);
	CHECK(strstr(people.out, "\nflat/1/1, peak 100 GFLOP/s\n"));
	CHECK_INT(row_count(layers.out), 4);
	CHECK_TEXT(tsv_field(layers.out, 1, "what"), "dense");
	program_result_free(&r);
	program_result_free(&people);
	program_result_free(&saved);
	program_result_free(&layers);
}

TEST(bench_modes_exclude_each_other)
{
	const char *path = write_tiny();

	check_refusal(BENCH("--profile", "--cores", path), 2,
	              "archsweep bench: --profile and --cores exclude each other; see archsweep bench --help\n");
	check_refusal(BENCH("--cores", "--reading", path), 2,
	              "archsweep bench: --cores and --reading exclude each other; see archsweep bench --help\n");
	check_refusal(BENCH("--reading", "--profile", path), 2,
	              "archsweep bench: --reading and --profile exclude each other; see archsweep bench --help\n");
}
