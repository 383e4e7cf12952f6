/* A test program: finds its tests, runs them, tells what became of them. See usage() below, test.h for tests, runner.c
 * for how they run.
 *
 * ARCHSWEEP names the program under test (default: archsweep beside the test program), TEST_SECONDS the time limit of a
 * test. */
#include "tests/helpers/harness.h"

#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
	const char *junit;
	int jobs, slowest;
	bool tap, list;
	char **words;
};

/* In order of registration. */
static struct test *first, **end = &first;

void test_register(struct test *test)
{
	*end = test;
	end = &test->next;
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void usage(FILE *to, const char *program)
{
	fprintf(to,
	        "usage: %s [OPTION...] [WORD...]\n"
	        "Runs all tests, or those whose names contain one of the words.\n"
	        "Exit status 1 if one failed or none passed.\n"
	        "\n"
	        "  -j, --jobs N        up to N tests side by side; default: as many as there are processors\n"
	        "  -l, --list          print the tests' names and files, run none\n"
	        "  -s, --slowest N     name the N tests that took most processor time\n"
	        "      --tap           print the outcomes as TAP, version 13\n"
	        "      --junit FILE    write the outcomes to FILE too, as JUnit's XML\n"
	        "  -h, --help          print this\n",
	        name_of(program));
}

static int number_read(const char *text, const char *program)
{
	char *rest;
	long number = strtol(text, &rest, 10);

	if (rest == text || *rest || number < 1 || number > 1000) {
		fprintf(stderr, "%s: \"%s\" is not a number from 1 to 1000\n", name_of(program), text);
		exit(2);
	}
	return (int)number;
}

static int processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static struct options options_read(int argc, char **argv)
{
	static const struct option known[] = {
		{ "jobs", required_argument, NULL, 'j' }, { "list", no_argument, NULL, 'l' },
		{ "slowest", required_argument, NULL, 's' }, { "tap", no_argument, NULL, 't' },
		{ "junit", required_argument, NULL, 'x' }, { "help", no_argument, NULL, 'h' }, { 0 }
	};
	struct options o = { .jobs = processors() };

	for (int found; (found = getopt_long(argc, argv, "j:ls:h", known, NULL)) >= 0;)
		switch (found) {
		case 'j': o.jobs = number_read(optarg, argv[0]); break;
		case 'l': o.list = true; break;
		case 's': o.slowest = number_read(optarg, argv[0]); break;
		case 't': o.tap = true; break;
		case 'x': o.junit = optarg; break;
		case 'h': usage(stdout, argv[0]); exit(0);
		default: usage(stderr, argv[0]); exit(2);
		}
	o.words = argv + optind;
	return o;
}

/* Absolute, since a test may start the program in another folder. */
static void program_find(void)
{
	char path[PATH_MAX + sizeof "archsweep"] = "";

	if (readlink("/proc/self/exe", path, PATH_MAX) < 0)
		harness_stop("cannot read", "/proc/self/exe");
	snprintf(strrchr(path, '/') + 1, sizeof "archsweep", "archsweep");
	setenv("ARCHSWEEP", path, 0);
}

static bool is_wanted(const struct test *test, char **words)
{
	if (!*words)
		return true;
	for (; *words; words++)
		if (strstr(test->name, *words))
			return true;
	return false;
}

static void add_wanted(struct results *results, char **words, bool alone)
{
	for (const struct test *test = first; test; test = test->next)
		if (test->alone == alone && is_wanted(test, words))
			results->at[results->count++].test = test;
}

/* In the order in which they run: tests that want the machine alone come last. */
static struct results tests_wanted(char **words)
{
	size_t count = 0;

	for (const struct test *test = first; test; test = test->next)
		count++;
	struct results results = { .at = calloc(count + 1, sizeof *results.at) };
	if (!results.at)
		harness_stop("no memory for", "the results");
	add_wanted(&results, words, false);
	add_wanted(&results, words, true);
	return results;
}

static void results_free(struct results *results)
{
	for (int i = 0; i < results->count; i++)
		free(results->at[i].text);
	free(results->at);
}

static bool tests_run(const struct results *results, const struct options *o, const char *program)
{
	if (o->tap)
		printf("TAP version 13\n1..%d\n", results->count);
	run_tests(results, o->jobs, o->tap ? report_tap : report_text);
	if (o->slowest > 0)
		report_slowest(results, o->slowest, o->tap ? "# " : "");
	if (o->junit)
		report_junit(results, name_of(program), o->junit);
	return report_sum(results, o->tap ? "# " : "");
}

int main(int argc, char **argv)
{
	struct options o = options_read(argc, argv);
	struct results results = tests_wanted(o.words);
	bool good = true;

	program_find();
	if (o.list)
		for (int i = 0; i < results.count; i++)
			printf("%s  %s\n", results.at[i].test->name, results.at[i].test->file);
	else
		good = tests_run(&results, &o, argv[0]);
	results_free(&results);
	return good ? 0 : 1;
}
