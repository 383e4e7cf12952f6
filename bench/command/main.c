/* The program: finds the command, lets it run, prints what went wrong, checks that all of stdout was written. Floor
 * 5. */
#include "bench/command/command.h"

#include "bench/command/options.h"
#include "bench/sweep/reference.h"
#include "bench/system/blas.h"
#include "bench/system/interrupt.h"
#include "bench/system/machine.h"
#include "bench/system/program.h"
#include "bench/text/text.h"
#include "bench/text/words.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const struct command *const commands[] = {
	&command_run, &command_list, &command_submit, &command_collect, &command_params, &command_summary,
	&command_match, &command_plot, &command_compare, &command_equal, &command_ablation, &command_bench,
	&command_limits, &command_export, &command_eval, &command_step, &command_preview, &command_verify,
	&command_prune, NULL
};

static void print_usage(FILE *to)
{
	fprintf(to, "usage: archsweep COMMAND [options] ...\n\ncommands:\n");
	for (const struct command *const *c = commands; *c; c++)
		fprintf(to, "  %-10s%s\n", (*c)->name, (*c)->summary);
	fprintf(to, "  %-10s%s\n", "help", "explain a command or a topic: archsweep help COMMAND, help TOPIC");
	fprintf(to, "\ntopics, what the YAML can say; archsweep help --markdown prints all as one page:\n");
	for (const struct reference_topic *t = reference_topics; t->name; t++)
		fprintf(to, "  %-12s%s\n", t->name, t->summary);
	fprintf(to, "\noptions:\n  -h, --help     show this text\n      --version  show the version\n");
}

static const struct command *find_command(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

/* `topics`: they are accepted as well, as behind `help`. */
static int refuse_command(const char *name, bool topics, struct error *err)
{
	struct words words = { 0 };
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];

	for (const struct command *const *c = commands; *c; c++)
		words_add(&words, (*c)->name);
	words_add(&words, "help");
	for (const struct reference_topic *t = reference_topics; topics && t->name; t++)
		words_add(&words, t->name);
	fail(err, "archsweep: unknown command%s \"%s\"; %s", topics ? " or topic" : "", words_show(name, shown),
	     words_accepted(&words, name, accepted));
	return EXIT_USAGE;
}

static bool is_help_option(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Prints what `word`, behind `help`, names; false if it names nothing. */
static bool explain(const char *word)
{
	const struct command *command = find_command(word);
	const struct reference_topic *topic = reference_find(word);

	if (command)
		options_print_help(command, stdout);
	else if (topic)
		reference_print_topic(topic, stdout);
	else if (strcmp(word, "--markdown") == 0)
		reference_print_page(stdout);
	else if (strcmp(word, "help") == 0 || is_help_option(word))
		print_usage(stdout);
	else
		return false;
	return true;
}

static int run_help(int argc, char **argv, struct error *err)
{
	if (argc > 2) {
		fail(err, "archsweep help: unexpected argument \"%s\"; see archsweep --help", argv[2]);
		return EXIT_USAGE;
	}
	if (argc == 1)
		print_usage(stdout);
	else if (!explain(argv[1]))
		return refuse_command(argv[1], true, err);
	return EXIT_DONE;
}

static int run_command(int argc, char **argv, struct error *err)
{
	const struct command *command = find_command(argv[0]);
	struct options given;

	if (!command)
		return refuse_command(argv[0], false, err);
	if (!options_read(command, argc, argv, &given, err))
		return EXIT_USAGE;
	if (!given.help)
		return command->run(&given, err);
	options_print_help(command, stdout);
	return EXIT_DONE;
}

/* What records say of the program, too. OpenBLAS is a guest: where it cannot be loaded, its line says why. */
static void print_version(void)
{
	struct error missing = { "" };
	char build[96], processor[64];

	printf("archsweep %s\ncommit    %s\ncompiler  %s\nOpenBLAS  ", program_version, program_commit,
	       program_compiler);
	print_plain_text(blas_load(&missing) ? blas_build(build) : missing.text, stdout);
	printf("\nprocessor %s\n", machine_processor(processor));
}

/* argv[0] is what stands behind the program's name. */
static int run(int argc, char **argv, struct error *err)
{
	if (argc == 0) {
		print_usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[0], "help") == 0)
		return run_help(argc, argv, err);
	if (is_help_option(argv[0])) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (strcmp(argv[0], "--version") == 0) {
		print_version();
		return EXIT_DONE;
	}
	if (argv[0][0] != '-')
		return run_command(argc, argv, err);
	fail(err, "archsweep: unknown option \"%s\"; see archsweep --help", argv[0]);
	return EXIT_USAGE;
}

/* A descriptor of stdin, stdout or stderr that is closed would go to the next file that is opened, and our words into
 * that file. Held by /dev/null the wrong way round, reading and writing fail as they should. */
static void hold_standard_descriptors(void)
{
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		if (fcntl(i, F_GETFD) < 0)
			(void)!open("/dev/null", i == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Whether all that was printed has arrived; a full disk or a closed pipe may show at the last write only. */
static bool close_stdout(struct error *err)
{
	errno = 0;
	bool failed = ferror(stdout);
	if (fclose(stdout) == 0 && !failed)
		return true;
	return fail(err, "archsweep: stdout: %s", errno ? strerror(errno) : "write error");
}

int main(int argc, char **argv)
{
	struct error err = { "" }, stdout_err = { "" };

	hold_standard_descriptors();
	signal(SIGPIPE, SIG_IGN);       /* a reader that went away is an error to report, not a reason to vanish */
	signal(SIGXFSZ, SIG_IGN);       /* so is a file that would grow beyond `ulimit -f` */
	int status = run(argc > 0 ? argc - 1 : 0, argv + (argc > 0), &err);
	if (!close_stdout(&stdout_err) && status != EXIT_USAGE)
		status = EXIT_FAILED;
	if (err.text[0]) {
		print_plain_text(err.text, stderr);
		fputc('\n', stderr);
	}
	if (stdout_err.text[0])
		fprintf(stderr, "%s\n", stdout_err.text);
	interrupt_pass_on();
	return status;
}
