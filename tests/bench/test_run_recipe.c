/* `archsweep run` with the recipe's words that depend on validation images or change what is judged: what the records
 * and curves say. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

/* Both patiences watch the validation accuracy, with their own gains; at most 60 epochs. */
enum { PLATEAU_PATIENCE = 3, PATIENCE = 8, EPOCHS = 60 };
#define WATCHING "--set", "recipe.epochs=60", "--set", "recipe.patience=8", "--set", "recipe.min_gain=0.02", \
	"--set", "recipe.schedule={reduce_on_plateau: {patience: 3, factor: 0.5, min_gain: 0.05, floor: 0.125}}", \
	"--set", "recipe.average_weights=0.9"

/* The epochs of one point, counted again from the formulas by which they were cut short and slowed down. */
struct replay {
	int epochs, waited, reductions, epochs_without_gain;
	double best, best_of_all, rate;
	bool over;
};

static void replay_epoch(struct replay *r, int epoch, double rate, double accuracy)
{
	CHECK_INT(epoch, r->epochs + 1);
	CHECK(!r->over);
	CHECK_CLOSE(rate, r->rate, 1e-12);
	if (++r->epochs == 1 || accuracy > r->best + 0.05) {
		r->best = accuracy;
		r->waited = 0;
	} else if (++r->waited == PLATEAU_PATIENCE) {
		r->rate = fmax(r->rate / 2, 0.01 / 8);
		r->reductions++;
		r->waited = 0;
	}
	if (r->epochs == 1 || accuracy > r->best_of_all + 0.02) {
		r->best_of_all = accuracy;
		r->epochs_without_gain = 0;
	} else {
		r->over = ++r->epochs_without_gain == PATIENCE;
	}
	r->over = r->over || r->epochs == EPOCHS;
}

/* Goes through curves.tsv; returns its points, and adds up their reductions. */
static int replay_curves(const char *path, int *reductions)
{
	char line[512], last[64] = "", family[32];
	struct replay r = { .over = true };
	double width, rate, accuracy;
	int points = 0, epoch;
	FILE *file = fopen(path, "r");

	CHECK(file && fgets(line, sizeof line, file));
	CHECK(strstr(line,
	             "family\twidth\tvariant\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\t"
	                   "loss_validation\taccuracy_validation\n") == line);
	while (file && fgets(line, sizeof line, file)) {
		CHECK_INT(sscanf(line, "%31s %lf %*d %d %lf %*f %*f %*f %lf", family, &width, &epoch, &rate, &accuracy),
		          5);
		char name[64];
		snprintf(name, sizeof name, "%s/%g", family, width);
		if (strcmp(name, last)) {
			CHECK(r.over);
			*reductions += r.reductions;
			r = (struct replay){ .rate = 0.01 };
			snprintf(last, sizeof last, "%s", name);
			points++;
		}
		replay_epoch(&r, epoch, rate, accuracy);
	}
	CHECK(r.over);
	*reductions += r.reductions;
	if (file)
		fclose(file);
	return points;
}

TEST(run_with_patience_and_a_plateau_does_both)
{
	int reductions = 0;

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS(WATCHING)), 0, "");
	CHECK_INT(count_records("reports"), 4);
	CHECK_INT(replay_curves(test_path("reports/tiny/curves.tsv"), &reductions), 4);
	CHECK(reductions >= 4);
	CHECK(strtol(record_value(record_file("reports", "flat", "8"), "epochs"), NULL, 10) < EPOCHS);
	for (int threads = 1; threads <= 4; threads += 3) {
		const char *reports = threads == 1 ? "one" : "four";
		CHECK_RUN(run_tiny_in(reports, threads, ARGUMENTS(WATCHING)), 0, "");
		CHECK(same_records("reports", reports));
	}
}

/* Averages are one number more for each of the total parameters (flat/8 has no moving statistics), in whole lanes
 * of 16, announced before anything trains. */
TEST(run_dry_knows_every_word_of_the_recipe)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	struct program_result plain = run_tiny(ARGUMENTS("--dry-run", "--tsv", "--only", "flat/8"));
	struct program_result result = run_tiny(ARGUMENTS("--dry-run", "--tsv", "--only", "flat/8", "--set",
	                                                  "recipe.warm_up=0.5", WATCHING));
	char id[2][32], family[2][16];
	long long memory[2], total[2];

	for (int i = 0; i < 2; i++) {
		const char *row = strchr(i ? result.out : plain.out, '\n');
		CHECK(row && sscanf(row, "%15s %*s %*s %31s %*s %*s %*s %lld %*s %lld", family[i], id[i], &total[i],
		                    &memory[i]) == 4);
	}
	CHECK(strcmp(id[0], id[1]));
	CHECK_INT(total[0], total[1]);
	CHECK_INT(memory[1] - memory[0], (total[0] + 15) / 16 * 16 * (long long)sizeof(float));
	CHECK_RUN(plain, 0, "");
	CHECK_RUN(result, 0, "");
}
