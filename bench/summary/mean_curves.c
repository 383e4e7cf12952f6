/* See mean_curves.h. One network at a time is in memory: its rows follow each other. */
#include "bench/summary/mean_curves.h"

#include "bench/record/record_columns.h"
#include "bench/text/tsv_cells.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CURVES_BYTES = 1 << 30, MAX_EPOCH = 1 << 20 };

/* A mean under way. */
struct mean { int count; double value; };

/* One epoch of a network, over its seeds. */
struct epoch_mean {
	int rows;               /* seeds that have the epoch */
	int diverged;           /* seeds that diverged in it */
	struct mean loss_training, accuracy_training, loss_validation, accuracy_validation;
};

struct averaging {
	struct record owner;            /* family, width, and the seed that was read last */
	int seeds;                      /* 0: no network yet */
	int epochs, capacity;
	struct epoch_mean *of;          /* [capacity], owned: by epoch - 1 */
	FILE *to;
};

/* A row of the result. */
struct mean_row {
	char family[64];
	double width;
	char variant[VARIANT_NAME_BYTES];
	int seeds, epoch;
	double loss_training, accuracy_training, loss_validation, accuracy_validation;
	int diverged;
};

#define ROW(member) .offset = offsetof(struct mean_row, member)

static const struct cell cells[] = {
	{ "family", CELL_TEXT, ROW(family), .size = sizeof ((struct mean_row *)0)->family },
	{ "width", CELL_REAL, ROW(width) },
	{ "variant", CELL_TEXT, ROW(variant), .size = sizeof ((struct mean_row *)0)->variant },
	{ "seeds", CELL_INT, ROW(seeds) },
	{ "epoch", CELL_INT, ROW(epoch) },
	{ "loss_training", CELL_SCORE, ROW(loss_training) },
	{ "accuracy_training", CELL_SCORE, ROW(accuracy_training) },
	{ "loss_validation", CELL_SCORE, ROW(loss_validation) },
	{ "accuracy_validation", CELL_SCORE, ROW(accuracy_validation) },
	{ "diverged", CELL_INT, ROW(diverged) },
	{ 0 }
};

static void mean_add(struct mean *mean, double value)
{
	if (isfinite(value))
		mean->value += (value - mean->value) / ++mean->count;
}

static double mean_of(const struct mean *mean)
{
	return mean->count ? mean->value : NAN;
}

/* Prints the network whose rows have all come. */
static void finish_network(struct averaging *a)
{
	struct mean_row row = { .width = a->owner.width, .seeds = a->seeds };

	memcpy(row.family, a->owner.family, sizeof row.family);
	memcpy(row.variant, a->owner.variant, sizeof row.variant);
	for (int i = 0; i < a->epochs; i++) {
		const struct epoch_mean *mean = &a->of[i];

		if (!mean->rows)
			continue;
		row.epoch = i + 1;
		row.loss_training = mean_of(&mean->loss_training);
		row.accuracy_training = mean_of(&mean->accuracy_training);
		row.loss_validation = mean_of(&mean->loss_validation);
		row.accuracy_validation = mean_of(&mean->accuracy_validation);
		row.diverged = mean->diverged;
		cells_print(cells, &row, a->to);
		fputc('\n', a->to);
	}
	memset(a->of, 0, (size_t)a->epochs * sizeof *a->of);
	a->epochs = a->seeds = 0;
}

static bool make_room(struct averaging *a, int epoch, struct mark at, struct error *err)
{
	int capacity = a->capacity ? a->capacity : 64;

	if (epoch > MAX_EPOCH)
		return fail_at(err, at, "epoch: %d is outside 1..%d", epoch, MAX_EPOCH);
	while (capacity < epoch)
		capacity *= 2;
	if (capacity > a->capacity) {
		struct epoch_mean *of = realloc(a->of, (size_t)capacity * sizeof *of);

		if (!of)
			return fail(err, "not enough memory for %d epochs", capacity);
		memset(of + a->capacity, 0, (size_t)(capacity - a->capacity) * sizeof *of);
		a->of = of;
		a->capacity = capacity;
	}
	a->epochs = epoch > a->epochs ? epoch : a->epochs;
	return true;
}

/* Without validation images both of their scores are missing. */
static bool has_diverged(const struct epoch_row *row)
{
	return !isfinite(row->training.loss) ||
	       (isfinite(row->validation.accuracy) && !isfinite(row->validation.loss));
}

static void add_scores(const struct epoch_row *row, struct epoch_mean *to)
{
	to->rows++;
	if (has_diverged(row)) {
		to->diverged++;
		return;
	}
	mean_add(&to->loss_training, row->training.loss);
	mean_add(&to->accuracy_training, row->training.accuracy);
	mean_add(&to->loss_validation, row->validation.loss);
	mean_add(&to->accuracy_validation, row->validation.accuracy);
}

static bool add_row(struct averaging *a, const struct record *owner, const struct epoch_row *row, struct mark at,
                    struct error *err)
{
	bool same = a->seeds && a->owner.width == owner->width && strcmp(a->owner.variant, owner->variant) == 0 &&
		strcmp(a->owner.family, owner->family) == 0;

	if (a->seeds && !same)
		finish_network(a);
	a->seeds += !same || a->owner.seed != owner->seed;
	a->owner = *owner;
	if (!make_room(a, row->epoch, at, err))
		return false;
	add_scores(row, &a->of[row->epoch - 1]);
	return true;
}

static bool find_columns(const struct tsv_row *header, struct tsv_cells *owner, struct tsv_cells *line,
                         struct error *err)
{
	static const char *const needed[] = { "family", "width", "seed", NULL };

	return tsv_cells_find(curve_owner, header, owner, err) && tsv_cells_have(owner, header, needed, err) &&
	       tsv_cells_find(curve_cells, header, line, err) && tsv_cells_have(line, header, NULL, err);
}

static bool read_rows(struct tsv *file, struct averaging *a, struct error *err)
{
	struct tsv_cells owner_cells, line_cells;
	struct record owner = { .seed = 0 };
	struct curve_line line = { .seconds = 0 };
	struct tsv_row row;

	if (!tsv_read(file, &row, err) || !find_columns(&row, &owner_cells, &line_cells, err))
		return false;
	while (tsv_read(file, &row, err)) {
		if (row.count == 0)
			return true;
		if (!tsv_cells_parse(&owner_cells, &row, &owner, err) ||
		    !tsv_cells_parse(&line_cells, &row, &line, err) ||
		    !add_row(a, &owner, &line.row, row.at[0], err))
			return false;
	}
	return false;
}

bool mean_curves_print(const char *curves_path, FILE *to, struct error *err)
{
	struct averaging a = { .to = to };
	struct tsv file;

	if (!tsv_open(&file, curves_path, CURVES_BYTES, err))
		return fail(err, "%s: cannot be read: %s", curves_path, strerror(ENOENT));
	cells_print_names(cells, "", to);
	fputc('\n', to);
	bool good = read_rows(&file, &a, err);
	if (good && a.seeds)
		finish_network(&a);
	tsv_close(&file);
	free(a.of);
	return good;
}
