/* archsweep submit: hands a sweep to a cluster, as an array of its parts and a job that gathers them. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/run/slurm.h"
#include "bench/system/atomic_file.h"
#include "bench/text/shell_word.h"

#include <string.h>

enum { DEFAULT_PARTS = 16, MOST_PARTS = 100000 };

static const struct option_row options[] = {
	{ "slurm", .help = "the cluster's scheduler is Slurm; there is no other yet" },
	{ "parts", 'n', "N", .help = "that many parts; default: one for each point, at most 16", .min = 1,
	  .max = MOST_PARTS },
	{ "at-once", .argument = "N", .help = "no more than N parts at the same time", .min = 1, .max = MOST_PARTS },
	{ "time", 't', "TIME", .help = "time limit of a part, as sbatch takes it: 90, 8:00:00, 2-12" },
	{ "cpus", 'c', "N", .help = "processors for each part; default 1", .min = 1, .max = 1024 },
	{ "partition", .argument = "NAME", .help = "where the jobs run; default: the cluster's" },
	{ "own-folders", .help = "each part has a folder of its own, whose records are then merged" },
	{ "print", 'p', .help = "print the script, write and submit nothing" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "keep records in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ 0 }
};

static const char help[] =
	"Writes reports/<sweep>/slurm/job.sh, submits it as a job array, one task for each part of the sweep (run\n"
	"--shard), and as a job that collects the records when all tasks have ended, whatever became of them. Prints\n"
	"the jobs' ids and returns at once. Submitting again trains what is still missing.\n"
	"\n"
	"  archsweep submit --slurm sweeps/mine.yaml --parts 20 --cpus 4 --time 8:00:00 -- --account=mine --mem=4G\n"
	"\n"
	"What follows -- goes to sbatch, for both jobs, as it is. A task uses as many threads as it has processors.\n"
	"Two minutes before its time limit, or when a quarter of it is left if that is less, it saves its points and\n"
	"goes back to the queue; so does a task that is preempted or whose node fails. What the tasks say is in\n"
	"reports/<sweep>/slurm/.\n"
	"\n"
	"The tasks share reports/<sweep>/, which all nodes must see, as they must see the program, the YAML and the\n"
	"data. With --own-folders each writes to reports/<sweep>/parts/PART/ alone, and the last job merges them.\n"
	"\n"
	"Exit status: 0 submitted, 1 sbatch refused or the script could not be written, 2 the command line or the\n"
	"YAML is wrong, 3 an expected count does not hold; then nothing is submitted.\n";

/* The two commands of a job, in memory. */
struct job_texts {
	struct draft run, collect;
};

/* run SWEEP --reports FOLDER/parts/$SLURM_ARRAY_TASK_ID; collect SWEEP FOLDER/parts/<every one>/NAME. */
static void print_own_folders(const struct options *given, const char *folder, struct job_texts *to)
{
	char parts[REPORT_PATH_BYTES + 8];

	snprintf(parts, sizeof parts, "%s/parts", folder);
	print_sweep_command(given, "run", false, to->run.stream);
	fputs(" --reports ", to->run.stream);
	print_shell_word(parts, to->run.stream);
	fputs("/\"$SLURM_ARRAY_TASK_ID\"", to->run.stream);
	fputc(' ', to->collect.stream);
	print_shell_word(parts, to->collect.stream);
	fputs("/*/", to->collect.stream);
	print_shell_word(strrchr(folder, '/') + 1, to->collect.stream);
}

static bool make_texts(const struct options *given, const char *folder, struct job_texts *to, struct error *err)
{
	if (!draft_open(&to->run, err))
		return false;
	if (!draft_open(&to->collect, err)) {
		draft_discard(&to->run);
		return false;
	}
	print_sweep_command(given, "collect", true, to->collect.stream);
	if (options_has(given, "own-folders"))
		print_own_folders(given, folder, to);
	else
		print_sweep_command(given, "run", true, to->run.stream);
	if (fflush(to->run.stream) == 0 && fflush(to->collect.stream) == 0)
		return true;
	draft_discard(&to->run);
	draft_discard(&to->collect);
	return fail(err, "not enough memory for a script");
}

/* What stands behind -- . */
static bool take_sbatch_options(const struct options *given, const char *to[MAX_SLURM_OPTIONS], struct error *err)
{
	char shown[SHOWN_BYTES];

	if (given->operand_count - 1 > MAX_SLURM_OPTIONS)
		return options_fail(given, err, "more than %d words for sbatch", MAX_SLURM_OPTIONS), false;
	if (given->operand_count > 1 && given->operands[1][0] != '-')
		return options_fail(given, err, "unexpected argument \"%s\"; options of sbatch stand behind --",
		                    words_show(given->operands[1], shown)), false;
	for (int i = 1; i < given->operand_count; i++) {
		to[i - 1] = given->operands[i];
		if (strchr(to[i - 1], '\n'))   /* they stand in a comment of the script, too */
			return options_fail(given, err, "\"%s\" has more than one line",
			                    words_show(to[i - 1], shown)), false;
	}
	return true;
}

static bool check_values(const struct options *given, const char *folder, struct error *err)
{
	const char *time = options_value(given, "time"), *partition = options_value(given, "partition");
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-,";
	char shown[SHOWN_BYTES];
	struct error refused = { "" };

	if (!options_has(given, "slurm"))
		return options_fail(given, err, "which scheduler? --slurm"), false;
	if (time && slurm_seconds(time) < 0)
		return options_fail(given, err, "--time: \"%s\" is not a time; accepted: minutes, minutes:seconds, "
		                    "hours:minutes:seconds, days-hours, days-hours:minutes, "
		                    "days-hours:minutes:seconds", words_show(time, shown)), false;
	if (partition && (!*partition || partition[strspn(partition, letters)]))
		return options_fail(given, err, "--partition: \"%s\" is not a name",
		                    words_show(partition, shown)), false;
	return slurm_check_folder(folder, &refused) || (options_fail(given, err, "%s", refused.text), false);
}

static bool submit_job(const struct options *given, const struct slurm_job *job, struct error *err)
{
	struct slurm_ids ids;

	if (options_has(given, "print"))
		return slurm_print_script(job, stdout, err);
	if (!slurm_submit(job, &ids, err))
		return false;
	printf("job %s trains %d part%s, job %s then collects them; %s/slurm has the script and what they say\n",
	       ids.array, job->parts, job->parts == 1 ? "" : "s", ids.collect, job->folder);
	return true;
}

static int submit_points(const struct options *given, const struct sweep *sweep, const struct report_folder *folder,
                         struct error *err)
{
	int points = sweep->point_count, parts = points < DEFAULT_PARTS ? points : DEFAULT_PARTS;
	const char *words[MAX_SLURM_OPTIONS];
	struct job_texts texts;

	if (!take_sbatch_options(given, words, err) || !check_values(given, folder->path, err))
		return EXIT_USAGE;
	parts = (int)options_number(given, "parts", parts);
	if (!make_texts(given, folder->path, &texts, err))
		return EXIT_FAILED;
	const struct slurm_job job = {
		.name = sweep->name, .folder = folder->path, .run = texts.run.bytes, .collect = texts.collect.bytes,
		.parts = parts < points ? parts : points, .at_once = (int)options_number(given, "at-once", 0),
		.cpus = (int)options_number(given, "cpus", 1), .time = options_value(given, "time"),
		.partition = options_value(given, "partition"), .option_count = given->operand_count - 1,
		.options = words,
	};
	bool good = submit_job(given, &job, err);
	draft_discard(&texts.run);
	draft_discard(&texts.collect);
	return good ? EXIT_DONE : EXIT_FAILED;
}

/* What `run` would refuse at once is refused before anything waits in a queue. */
static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct report_folder folder;
	struct pending pending;

	if (!dataset_is_named(&sweep->data, err) || !reports_folder(given, sweep, &folder, err) ||
	    !report_folder_check(&folder, err) || !pending_choose(sweep, NULL, 0, &pending, err))
		return EXIT_USAGE;
	int failed = pending_check_counts(&pending);
	pending_free(&pending);
	return failed ? EXIT_EXPECTATION : submit_points(given, sweep, &folder, err);
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_submit = {
	.name = "submit", .summary = "hand a sweep to a cluster: a job array of its parts and one that collects them",
	.operands = "SWEEP.yaml [-- SBATCH-OPTION...]", .min_operands = 1, .max_operands = 0, .options = options,
	.help = help, .run = run,
};
