/* See slurm.h. */
#include "bench/run/slurm.h"

#include "bench/system/ask.h"
#include "bench/system/atomic_file.h"
#include "bench/text/shell_word.h"
#include "bench/text/words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { WARNING_SECONDS = 120, OPTION_BYTES = FILE_PATH_BYTES + 64, MAX_WORDS = MAX_SLURM_OPTIONS + 16 };

/* --- times -------------------------------------------------------------------------------------------------------- */

/* Up to three numbers with colons between them; their count, or 0. */
static int read_numbers(const char *text, long numbers[3])
{
	int count = 0;

	for (;;) {
		size_t digits = strspn(text, "0123456789");
		if (digits == 0 || digits > 7 || count == 3)
			return 0;
		numbers[count++] = strtol(text, NULL, 10);
		if (!text[digits])
			return count;
		if (text[digits] != ':')
			return 0;
		text += digits + 1;
	}
}

long slurm_seconds(const char *text)
{
	const char *dash = strchr(text, '-');
	long days = 0, n[3] = { 0 }, seconds;
	char head[8] = "";

	if (dash) {
		size_t len = (size_t)(dash - text);
		if (len == 0 || len >= sizeof head || strspn(text, "0123456789") != len)
			return -1;
		memcpy(head, text, len);
		days = strtol(head, NULL, 10);
	}
	int count = read_numbers(dash ? dash + 1 : text, n);
	if (count == 0)
		return -1;
	if (dash)
		seconds = ((days * 24 + n[0]) * 60 + n[1]) * 60 + n[2];
	else
		seconds = count == 3 ? (n[0] * 60 + n[1]) * 60 + n[2] : n[0] * 60 + n[1];
	return seconds > 0 ? seconds : -1;
}

/* How long before its time limit a part is told; a part with little time needs most of it to get anywhere. */
static long warning_seconds(const struct slurm_job *job)
{
	long seconds = job->time ? slurm_seconds(job->time) : -1;

	return seconds > 0 && seconds / 4 < WARNING_SECONDS ? seconds / 4 + 1 : WARNING_SECONDS;
}

/* --- the command lines of sbatch ---------------------------------------------------------------------------------- */

/* A command line and the texts that were made for it. */
struct sbatch {
	int count;
	const char *words[MAX_WORDS + 1];       /* NULL at the end */
	char made[3][OPTION_BYTES];
};

static void add_word(struct sbatch *line, const char *word)
{
	assert(line->count < MAX_WORDS);
	line->words[line->count++] = word;
}

/* The user's options come last, since sbatch takes the last of two; what makes the jobs an array and its end may not be
 * overridden. */
static void begin_line(const struct slurm_job *job, const char *log, struct sbatch *to)
{
	*to = (struct sbatch){ .count = 0 };
	add_word(to, "sbatch");
	snprintf(to->made[0], OPTION_BYTES, "--output=%s/slurm/%s", job->folder, log);
	add_word(to, to->made[0]);
	for (int i = 0; i < job->option_count; i++)
		add_word(to, job->options[i]);
}

static void end_line(const struct slurm_job *job, const char *what, struct sbatch *to)
{
	add_word(to, "--parsable");
	snprintf(to->made[2], OPTION_BYTES, "%s/slurm/job.sh", job->folder);
	add_word(to, to->made[2]);
	add_word(to, what);
}

static void array_line(const struct slurm_job *job, struct sbatch *to)
{
	begin_line(job, "part-%a.out", to);
	if (job->at_once)
		snprintf(to->made[1], OPTION_BYTES, "--array=1-%d%%%d", job->parts, job->at_once);
	else
		snprintf(to->made[1], OPTION_BYTES, "--array=1-%d", job->parts);
	add_word(to, to->made[1]);
	end_line(job, "run", to);
}

/* `array`: its id. Gathering takes one processor. */
static void collect_line(const struct slurm_job *job, const char *array, struct sbatch *to)
{
	begin_line(job, "collect.out", to);
	add_word(to, "--cpus-per-task=1");
	snprintf(to->made[1], OPTION_BYTES, "--dependency=afterany:%s", array);
	add_word(to, to->made[1]);
	end_line(job, "collect", to);
}

static void print_line(const struct sbatch *line, FILE *to)
{
	fprintf(to, "#  ");
	for (int i = 0; i < line->count; i++) {
		fputc(' ', to);
		print_shell_word(line->words[i], to);
	}
	fputc('\n', to);
}

/* --- the script --------------------------------------------------------------------------------------------------- */

static void print_head(const struct slurm_job *job, FILE *to)
{
	struct sbatch line;

	fprintf(to, "#!/bin/sh\n#SBATCH --job-name=%s\n#SBATCH --cpus-per-task=%d\n", job->name, job->cpus);
	if (job->time)
		fprintf(to, "#SBATCH --time=%s\n", job->time);
	if (job->partition)
		fprintf(to, "#SBATCH --partition=%s\n", job->partition);
	fprintf(to, "#SBATCH --requeue\n#SBATCH --open-mode=append\n#SBATCH --signal=B:USR1@%ld\n#\n"
	        "# Written by `archsweep submit`: a task of the array trains one of %d parts, a job gathers them.\n",
	        warning_seconds(job), job->parts);
	array_line(job, &line);
	print_line(&line, to);
	collect_line(job, "ID", &line);
	print_line(&line, to);
}

static const char before_text[] =
	"# Slurm warns this shell before the time is over. The run then keeps what it has and exits with 75.\n"
	"run= told= early=\n"
	"warn() { told=yes; if [ -n \"$run\" ]; then kill -s USR1 \"$run\" 2>/dev/null; else early=yes; fi; }\n"
	"trap warn USR1\n"
	"trap told=yes TERM\n";

/* A signal cuts `wait` short, so the shell waits again; 127 is a child whose end it has already told. Slurm itself
 * sends SIGTERM to all processes of a part, so that need not be passed on. */
static const char behind_text[] =
	"run=$!\n"
	"[ -z \"$early\" ] || warn\n"
	"status=0\n"
	"while :; do\n"
	"\ttold=\n"
	"\twait \"$run\"\n"
	"\tnow=$?\n"
	"\t[ \"$now\" = 127 ] || status=$now\n"
	"\t[ -n \"$told\" ] || break\n"
	"done\n"
	"# 138: the warning came before the run was ready to hear it.\n"
	"case $status in\n"
	"75|138) scontrol requeue \"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\" || status=1 ;;\n"
	"esac\n"
	"exit \"$status\"\n";

bool slurm_print_script(const struct slurm_job *job, FILE *to, struct error *err)
{
	if (strlen(job->folder) + sizeof "/slurm/collect.out" > FILE_PATH_BYTES)
		return fail(err, "%.100s...: the path is too long", job->folder);
	print_head(job, to);
	fprintf(to, "set -u\ncase \"${1-}\" in\nrun) ;;\ncollect) exec %s ;;\n"
	        "*) echo \"$0: run or collect?\" >&2; exit 2 ;;\nesac\n\n", job->collect);
	fprintf(to, "%sexport OMP_NUM_THREADS=\"${SLURM_CPUS_PER_TASK-%d}\"\n%s", before_text, job->cpus, job->run);
	fprintf(to, " --verbose --shard \"$SLURM_ARRAY_TASK_ID/%d\" &\n%s", job->parts, behind_text);
	return true;
}

bool slurm_check_folder(const char *folder, struct error *err)
{
	char shown[SHOWN_BYTES];

	if (folder[0] != '-' && !folder[strcspn(folder, "%\\\n")])
		return true;
	return fail(err, "\"%s\": in a path %%, \\, a line break and a - at its beginning mean something to Slurm",
	            words_show(folder, shown));
}

/* --- submitting --------------------------------------------------------------------------------------------------- */

static bool save_script(const struct slurm_job *job, struct error *err)
{
	char folder[FILE_PATH_BYTES + 16], path[FILE_PATH_BYTES + 32];
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	if (!slurm_print_script(job, draft.stream, err)) {
		draft_discard(&draft);
		return false;
	}
	snprintf(folder, sizeof folder, "%s/slurm", job->folder);
	snprintf(path, sizeof path, "%s/job.sh", folder);
	if (folder_create(folder, err))
		return draft_save(&draft, path, err);
	draft_discard(&draft);
	return false;
}

/* sbatch answers "17", or "17;cluster" where there are several clusters. */
static bool ask_sbatch(const struct sbatch *line, char id[SLURM_ID_BYTES], struct error *err)
{
	if (!ask_program(line->words, id, SLURM_ID_BYTES, err))
		return false;
	size_t digits = strspn(id, "0123456789");
	if (digits == 0 || (id[digits] && id[digits] != ';'))
		return fail(err, "sbatch answered \"%s\" where a job's id was expected", id);
	id[digits] = '\0';
	return true;
}

bool slurm_submit(const struct slurm_job *job, struct slurm_ids *ids, struct error *err)
{
	struct error unsent = { "" };
	struct sbatch line;

	if (!save_script(job, err))
		return false;
	array_line(job, &line);
	if (!ask_sbatch(&line, ids->array, err))
		return false;
	collect_line(job, ids->array, &line);
	if (ask_sbatch(&line, ids->collect, &unsent))
		return true;
	return fail(err, "job %s trains %d parts, but the job that collects them was not submitted: %s", ids->array,
	            job->parts, unsent.text);
}
