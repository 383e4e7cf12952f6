/* See ensemble_results.h. Machines read accuracies as shares, people as percent. */
#include "bench/summary/ensemble_results.h"

#include "bench/eval/soft_mean.h"
#include "bench/record/point_files.h"
#include "bench/sweep/point_find.h"

#include <math.h>
#include <stdlib.h>

static const char file_name[] = "ensembles.tsv";

static const struct column columns[] = {
	{ "ensemble", .kind = COLUMN_TEXT },
	{ "status", .kind = COLUMN_TEXT, .machine_only = true },
	{ "points", .kind = COLUMN_INT },
	{ "missing", .kind = COLUMN_INT, .machine_only = true },
	{ "missing", .kind = COLUMN_INT, .people_only = true },
	{ "trainable", .kind = COLUMN_INT, .spare = 2 },
	{ "total", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "accuracy %", .people_only = true },
	{ "loss", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "loss", .kind = COLUMN_REAL, .decimals = 4, .people_only = true, .spare = 1 },
	{ 0 }
};

/* An ensemble under way. */
struct evaluation {
	const struct ensemble_source *source;
	const struct ensemble *ensemble;
	const struct split *split;      /* the headline */
	float *logits;                  /* of one member, [images][classes] */
	struct soft_mean mean;          /* owned */
	struct error first;             /* why the first member that is missing is so */
};

static const struct split *headline(const struct ensemble_source *source)
{
	for (int i = 0; i < source->data->split_count; i++)
		if (dataset_is_headline(source->sweep->data.format, &source->data->splits[i]))
			return &source->data->splits[i];
	return NULL;
}

/* Whether the point's logits are in e->logits. */
static bool read_member(struct evaluation *e, int point, struct error *why)
{
	const struct ensemble_source *s = e->source;
	const struct record *record = &s->records->of[point];
	const struct split_logits wanted = { e->split->name, e->split->count, e->logits };
	char name[POINT_NAME_BYTES];

	point_name(s->sweep, &s->sweep->points[point], name);
	if (s->records->states[point] != RECORD_READ || record->data_digest != s->data->digest)
		return fail(why, "%s is not trained", name);
	if (record->status != POINT_DONE)
		return fail(why, "%s %s", name, record->status == POINT_DIVERGED ? "diverged" : "failed");
	return point_logits_read(s->folder, record, &wanted, s->data->classes, why);
}

static void add_member(struct evaluation *e, int point, struct ensemble_result *to)
{
	const struct record *record = &e->source->records->of[point];

	if (!read_member(e, point, &e->first)) {
		to->missing++;
		return;
	}
	soft_mean_add(&e->mean, e->logits);
	to->trainable += record->trainable;
	to->total += record->total;
	to->macs += record->macs;
}

/* "ensemble eight: has no accuracy, 2 of 8 points are missing: plain/12/2 is not trained". */
static void say_missing(const struct evaluation *e, int missing)
{
	char line[sizeof e->first.text + 128];

	snprintf(line, sizeof line, "ensemble %s: has no accuracy, %d of %d points %s missing: %s", e->ensemble->name,
	         missing, e->ensemble->count, missing == 1 ? "is" : "are", e->first.text);
	e->source->missing(line);
}

static bool evaluate(struct evaluation *e, struct ensemble_result *to, struct error *err)
{
	*to = (struct ensemble_result){ .points = e->ensemble->count, .score = { NAN, NAN } };
	snprintf(to->name, sizeof to->name, "%s", e->ensemble->name);
	e->first.text[0] = '\0';
	if (!soft_mean_create(&e->mean, e->split->count, e->source->data->classes, err))
		return false;
	for (int i = 0; i < e->ensemble->count; i++)
		add_member(e, e->ensemble->points[i], to);
	if (to->missing) {
		to->trainable = to->total = to->macs = 0;
		say_missing(e, to->missing);
	} else {
		to->score = soft_mean_score(&e->mean, e->source->data->labels + e->split->first);
	}
	soft_mean_free(&e->mean);
	return true;
}

bool ensemble_results_create(const struct ensemble_source *source, struct ensemble_results *to, struct error *err)
{
	struct evaluation e = { .source = source, .split = headline(source) };
	int count = e.split ? source->sweep->ensemble_count : 0;
	bool good = true;

	*to = (struct ensemble_results){ .count = 0 };
	if (count == 0)
		return true;
	to->at = calloc((size_t)count, sizeof *to->at);
	e.logits = malloc((size_t)e.split->count * (size_t)source->data->classes * sizeof *e.logits);
	if (!to->at || !e.logits)
		good = fail(err, "not enough memory for the outputs for %d images", e.split->count);
	for (; good && to->count < count; to->count += good) {
		e.ensemble = &source->sweep->ensembles[to->count];
		good = evaluate(&e, &to->at[to->count], err);
	}
	free(e.logits);
	if (!good)
		ensemble_results_free(to);
	return good;
}

void ensemble_results_free(struct ensemble_results *results)
{
	free(results->at);
	*results = (struct ensemble_results){ .count = 0 };
}

static void add_count(struct table *table, int64_t count, bool known)
{
	if (known)
		table_int(table, count);
	else
		table_missing(table);
}

static void add_row(struct table *table, const struct ensemble_result *r)
{
	bool whole = r->missing == 0;

	table_text(table, r->name);
	table_text(table, whole ? "done" : "points are missing");
	table_int(table, r->points);
	table_int(table, r->missing);
	add_count(table, r->missing, !whole);
	add_count(table, r->trainable, whole);
	add_count(table, r->total, whole);
	add_count(table, r->macs, whole);
	table_real(table, r->score.accuracy);
	table_real(table, 100 * r->score.accuracy);
	table_real(table, r->score.loss);
	table_real(table, r->score.loss);
}

bool ensemble_results_print(const struct ensemble_results *results, enum table_format format, FILE *to,
                            struct error *err)
{
	struct table *table = table_create(columns);

	for (int i = 0; i < results->count; i++)
		add_row(table, &results->at[i]);
	bool printed = table_print(table, format, to, err);
	table_destroy(table);
	return printed;
}

bool ensemble_results_save(const struct ensemble_results *results, const char *folder, struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct draft draft;

	if (snprintf(path, sizeof path, "%s/%s", folder, file_name) >= FILE_PATH_BYTES)
		return fail(err, "%.100s...: the path is too long", folder);
	if (results->count == 0)
		return file_remove(path, err);
	if (!draft_open(&draft, err))
		return false;
	if (ensemble_results_print(results, TABLE_TSV, draft.stream, err))
		return draft_save(&draft, path, err);
	draft_discard(&draft);
	return false;
}
