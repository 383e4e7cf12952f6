/* The two pictures of `make bench`, from small tables, and from tables that lack what they may lack. */
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMAND_BYTES = 4096 };

#define LIMITS_HEADER "limit\tunit\tone_core\tall_cores\tone_core_bytes\tall_cores_bytes\tthreads\tkernels\tprocessor\n"
#define NETWORKS_HEADER "family\twidth\tflops_per_byte\tgflops\n"
#define PYTORCH_HEADER "family\twidth\tbatch\tcores\tours\tfloat32\tratio\tgoal\tours_bfloat16\tbfloat16\ttorch\n"

/* Draws SVG with one script; checks that gnuplot has no complaint, and that the texts, NULL at the end, stand in it. */
static void check_picture(const char *script, const char *settings, const char *const *texts)
{
	char command[COMMAND_BYTES], path[64];
	static char svg[1 << 20];
	const char *out = test_path("picture.svg");

	snprintf(path, sizeof path, "plots/%s.gp", script);
	snprintf(command, sizeof command, "plots = 'plots'; out = '%s'; %s", out, settings);
	struct program_result r =
		run_program((struct program){ .argv = (const char *[]){ "gnuplot", "-d", "-e", command, path, NULL } });
	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	program_result_free(&r);
	FILE *file = fopen(out, "r");
	size_t len = file ? fread(svg, 1, sizeof svg - 1, file) : 0;
	svg[len] = '\0';
	if (file)
		fclose(file);
	CHECK(len > 1000 && strstr(svg, "</svg>"));
	for (; *texts; texts++)
		if (!strstr(svg, *texts))
			test_fail(__FILE__, __LINE__, "%s: no \"%s\"", script, *texts);
}

static void check_roofline(const char *limits, const char *networks, const char *const *texts)
{
	char settings[COMMAND_BYTES / 2];

	snprintf(settings, sizeof settings, "limits = '%s'; data = '%s'", limits, networks);
	check_picture("roofline", settings, texts);
}

static void check_bars(const char *table, const char *const *texts)
{
	char settings[COMMAND_BYTES / 2];

	snprintf(settings, sizeof settings, "data = '%s'", table);
	check_picture("bars", settings, texts);
}

TEST(bench_plot_of_all_reference_networks)
{
	check_roofline("tests/fixtures/bench/limits.tsv", "tests/fixtures/bench/networks.tsv", (const char *[]){
		"AMD EPYC, 2 threads<", "465 GFLOP/s<", "L2 402 GB/s<", "L3 124 GB/s<", "memory 41 GB/s<", ">conv1x1<",
		">mnist-base<", "FLOP/byte",
		"Above the roof: Winograd", "bfloat16 does two at once.<", NULL });
	check_bars("tests/fixtures/bench/pytorch.tsv", (const char *[]){
		"batch 128, 2 cores, PyTorch 2.13.0+cpu in its fastest way for each network<", ">plain/3<",
		">mnist-base/1<", ">6.4<",
		">25.4k/s<", "archsweep, float32<", "PyTorch, float32<", ">bfloat16<", ">goal<", NULL });
}

static const char *write(const char *name, const char *text)
{
	return test_write(name, text, strlen(text));
}

/* No network yet; one network, no L3, one thread. */
TEST(bench_plot_of_a_roof_with_little_under_it)
{
	const char *limits =
		write("limits.tsv", LIMITS_HEADER "multiply_add\tGFLOP/s\t60.0\t60.0\t1\t1\t1\tavx2\tOld one\n"
	                           "read_l2\tGB/s\t\t\t0\t0\t1\tavx2\tOld one\n"
	                           "read_l3\tGB/s\t\t\t0\t0\t1\tavx2\tOld one\n"
	                           "read_memory\tGB/s\t10.0\t10.0\t1\t1\t1\tavx2\tOld one\n");

	check_roofline(limits, write("none.tsv", NETWORKS_HEADER),
	               (const char *[]){ "Old one, 1 thread<", "no networks yet<", NULL });
	check_roofline(limits, write("one.tsv", NETWORKS_HEADER "a_b^c\t1\t5\t20\n"),
	               (const char *[]){ ">a_b^c<", "memory 10 GB/s<", NULL });
	check_roofline(limits, write("idle.tsv", NETWORKS_HEADER "pool\t1\t0\t0\nflat\t2\t0.5\t1\n"),
	               (const char *[]){ ">flat<", NULL });
}

TEST(bench_plot_of_few_bars)
{
	check_bars(write("none.tsv", PYTORCH_HEADER), (const char *[]){ "no networks yet<", NULL });
	check_bars(write("one.tsv", PYTORCH_HEADER "mine\t0.5\t64\t1\t150000\t1000\t150\t\t180000\t500\t1.13\n"),
	           (const char *[]){
		"batch 64, 1 core, PyTorch 1.13 in", ">mine/0.5<", ">150.0<", ">150k/s<", NULL });
}
