/* A sweep as a job array of Slurm's: its parts, each a run, and a job that gathers them when all have ended. Floor 4g.
 *
 * One script serves both: `sbatch --array=1-N job.sh run`, then `sbatch --dependency=afterany:ID job.sh collect`. A
 * part that is warned of its time limit keeps what it has and goes back to the queue. */
#ifndef BENCH_RUN_SLURM_H
#define BENCH_RUN_SLURM_H

#include "nn/base/error.h"

#include <stddef.h>
#include <stdio.h>

enum { SLURM_ID_BYTES = 64, SLURM_TIME_BYTES = 32, MAX_SLURM_OPTIONS = 64 };

struct slurm_job {
	const char *name;       /* of the array, a word */
	const char *folder;     /* reports/<sweep>: script and logs go to its folder slurm/ */
	/* Commands as a shell reads them. `run`, where $SLURM_ARRAY_TASK_ID is the part, gets a --shard. */
	const char *run, *collect;
	int parts;
	int at_once;            /* parts that may run at the same time; 0: all */
	int cpus;               /* for each part */
	const char *time, *partition;   /* as sbatch takes them; NULL: the cluster's defaults */
	int option_count;
	const char *const *options;     /* [option_count], more words for sbatch */
};

struct slurm_ids { char array[SLURM_ID_BYTES], collect[SLURM_ID_BYTES]; };

/* Seconds of a time in Slurm's forms: minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes,
 * days-hours:minutes:seconds. -1: none of them, or no time at all. */
long slurm_seconds(const char *text);

/* Whether Slurm takes the folder's path as it is: none of the characters to which it gives a meaning. */
bool slurm_check_folder(const char *folder, struct error *err);

/* The script, with the commands that submit it in its comments. False where a path is too long. */
bool slurm_print_script(const struct slurm_job *job, FILE *to, struct error *err);

/* Writes the script and submits both jobs. On false nothing was submitted, unless the text says so. */
bool slurm_submit(const struct slurm_job *job, struct slurm_ids *ids, struct error *err);

#endif
