/* See summary.h. */
#include "bench/summary/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same_network(const struct record *a, const struct record *b)
{
	return a->width == b->width && strcmp(a->variant, b->variant) == 0 && strcmp(a->family, b->family) == 0;
}

/* NULL: the record has an accuracy that counts. */
static const char *find_fault(const struct records *records, int point, const uint64_t *data_digest)
{
	const struct record *record = &records->of[point];

	if (records->states[point] != RECORD_READ)
		return "not trained";
	if (record->status != POINT_DONE)
		return record->status == POINT_DIVERGED ? "diverged" : "failed";
	if (data_digest && record->data_digest != *data_digest)
		return "other data";
	return isnan(record->last.accuracy) ? "no test images" : NULL;
}

static void begin_network(const struct records *records, int point, struct network_summary *to)
{
	*to = (struct network_summary){ .first = point, .status = "done", .width = records->of[point].width,
		.mean = NAN, .lowest = NAN, .highest = NAN, .deviation = NAN, .validation = NAN };
	memcpy(to->family, records->of[point].family, sizeof to->family);
	memcpy(to->variant, records->of[point].variant, sizeof to->variant);
	memcpy(to->group, records->of[point].group, sizeof to->group);
}

/* Families are numbered in the order in which they come; the networks of one are mostly adjacent. False without
 * memory. */
static bool number_families(struct summary *s)
{
	int *firsts = calloc((size_t)s->count + 1, sizeof *firsts), known = 0;       /* a network of each family */

	for (int i = 0; firsts && i < s->count; i++) {
		struct network_summary *network = &s->networks[i];
		int k = i > 0 ? s->networks[i - 1].family_number - 1 : 0;

		if (i == 0 || strcmp(s->networks[i - 1].family, network->family) != 0)
			for (k = 0; k < known && strcmp(s->networks[firsts[k]].family, network->family) != 0; k++)
				;
		if (k == known)
			firsts[known++] = i;
		network->family_number = k + 1;
	}
	bool numbered = firsts;
	free(firsts);
	return numbered;
}

/* The number of a name among those that came before, or the next one; names of variants are few. */
static void number_variants(struct summary *s)
{
	int known = 0;

	for (int i = 0; i < s->count; i++) {
		struct network_summary *network = &s->networks[i];

		for (int k = 0; k < i && !network->variant_number; k++)
			if (strcmp(s->networks[k].variant, network->variant) == 0)
				network->variant_number = s->networks[k].variant_number;
		if (!network->variant_number)
			network->variant_number = ++known;
	}
}

static bool same_group(const struct network_summary *a, const struct network_summary *b)
{
	return a->width == b->width && strcmp(a->group, b->group) == 0 && strcmp(a->family, b->family) == 0;
}

/* A network whose validation is not a number is chosen where its group has no other. */
static bool is_better(const struct network_summary *a, const struct network_summary *b)
{
	return a->validation > b->validation || (!isnan(a->validation) && isnan(b->validation));
}

/* The best of each group; variants of a network follow each other. */
static void choose_networks(struct summary *s)
{
	for (int i = 0, end; i < s->count; i = end) {
		for (end = i + 1; end < s->count && s->networks[end].width == s->networks[i].width &&
		     strcmp(s->networks[end].family, s->networks[i].family) == 0; end++)
			;
		for (int k = i; k < end; k++) {
			s->networks[k].chosen = true;
			for (int other = i; other < end; other++)
				if (same_group(&s->networks[other], &s->networks[k]) &&
				    (is_better(&s->networks[other], &s->networks[k]) ||
				     (other < k && !is_better(&s->networks[k], &s->networks[other]))))
					s->networks[k].chosen = false;
		}
	}
}

static void add_counts(const struct record *record, struct network_summary *to)
{
	to->trainable = record->trainable;
	to->total = record->total;
	to->macs = record->macs;
}

static void add_accuracy(const struct record *record, struct network_summary *to)
{
	double accuracy = record->last.accuracy, validation = record->validation.accuracy;

	to->validation = to->done ? to->validation + (validation - to->validation) / (to->done + 1) : validation;
	to->mean = to->done ? to->mean + (accuracy - to->mean) / (to->done + 1) : accuracy;
	to->lowest = to->done ? fmin(to->lowest, accuracy) : accuracy;
	to->highest = to->done ? fmax(to->highest, accuracy) : accuracy;
	to->done++;
}

static void add_point(const struct records *records, int point, const uint64_t *data_digest, struct network_summary *to)
{
	const char *fault = find_fault(records, point, data_digest);

	if (records->states[point] == RECORD_READ && !to->total)
		add_counts(&records->of[point], to);
	if (!fault)
		add_accuracy(&records->of[point], to);
	else if (to->done == to->seeds)
		to->status = fault;
	to->seeds++;
}

/* Around the mean, which is known by now. */
static void compute_deviation(const struct records *records, const uint64_t *data_digest, struct network_summary *to)
{
	double squares = 0;

	if (to->done < 2)
		return;
	for (int i = to->first; i < to->first + to->seeds; i++) {
		double distance = records->of[i].last.accuracy - to->mean;

		squares += find_fault(records, i, data_digest) ? 0 : distance * distance;
	}
	to->deviation = sqrt(squares / (to->done - 1));
}

static void average_views(const struct records *records, const uint64_t *data_digest, struct network_summary *to)
{
	const char *views = NULL;

	to->by_views = to->done ? 0 : NAN;
	for (int i = to->first; i < to->first + to->seeds; i++) {
		const struct record *record = &records->of[i];

		if (find_fault(records, i, data_digest))
			continue;
		views = views ? views : record->views;
		to->by_views += strcmp(record->views, views) == 0 ? record->by_views.accuracy / to->done : NAN;
	}
}

/* A network without parameters is drawn, and compared, as one with a single parameter. */
static int64_t size_of(const struct network_summary *network)
{
	return network->total > 1 ? network->total : 1;
}

static int compare_sizes(const void *a, const void *b)
{
	const struct network_summary *x = *(struct network_summary *const *)a, *y = *(struct network_summary *const *)b;

	if (size_of(x) != size_of(y))
		return size_of(x) < size_of(y) ? -1 : 1;
	return x->first < y->first ? -1 : x->first > y->first;
}

static bool is_placed(const struct network_summary *network)
{
	return network->done && network->chosen;
}

/* The best first; those without a place last. */
static int compare_means(const void *a, const void *b)
{
	const struct network_summary *x = *(struct network_summary *const *)a, *y = *(struct network_summary *const *)b;

	if (!is_placed(x) || !is_placed(y))
		return !is_placed(x) - !is_placed(y);
	return x->mean > y->mean ? -1 : x->mean < y->mean;
}

/* `sorted` [count] by size. A network is on the front where no smaller one is as good, and none as small is better. */
static void find_front(struct network_summary **sorted, int count)
{
	double best_smaller = -INFINITY;

	for (int begin = 0, end; begin < count; begin = end) {
		double best = -INFINITY;

		for (end = begin; end < count && size_of(sorted[end]) == size_of(sorted[begin]); end++)
			if (is_placed(sorted[end]))
				best = fmax(best, sorted[end]->mean);
		for (int i = begin; i < end; i++)
			sorted[i]->on_front = is_placed(sorted[i]) && sorted[i]->mean == best && best > best_smaller;
		best_smaller = fmax(best_smaller, best);
	}
}

/* Ranks and front, by sorting: no network is compared with all others. False without memory. */
static bool place_networks(struct summary *s)
{
	struct network_summary **sorted = calloc((size_t)s->count + 1, sizeof *sorted);

	if (!sorted)
		return false;
	for (int i = 0; i < s->count; i++)
		sorted[i] = &s->networks[i];
	qsort(sorted, (size_t)s->count, sizeof *sorted, compare_sizes);
	for (int i = 0; i < s->count; i++)
		sorted[i]->size_rank = i + 1;
	find_front(sorted, s->count);
	qsort(sorted, (size_t)s->count, sizeof *sorted, compare_means);
	for (int i = 0; i < s->count; i++)
		sorted[i]->rank = !is_placed(sorted[i]) ? 0 :
			i > 0 && sorted[i - 1]->mean == sorted[i]->mean ? sorted[i - 1]->rank : i + 1;
	free(sorted);
	return true;
}

bool summary_create(const struct records *records, const uint64_t *data_digest, struct summary *to, struct error *err)
{
	*to = (struct summary){ .title = records->title };
	to->networks = calloc((size_t)records->count + 1, sizeof *to->networks);
	if (!to->networks)
		return fail(err, "not enough memory for %d networks", records->count);
	for (int i = 0; i < records->count; i++) {
		if (i == 0 || !same_network(&records->of[i - 1], &records->of[i]))
			begin_network(records, i, &to->networks[to->count++]);
		add_point(records, i, data_digest, &to->networks[to->count - 1]);
	}
	for (int i = 0; i < to->count; i++) {
		compute_deviation(records, data_digest, &to->networks[i]);
		average_views(records, data_digest, &to->networks[i]);
	}
	number_variants(to);
	choose_networks(to);
	if (number_families(to) && place_networks(to))
		return true;
	summary_free(to);
	return fail(err, "not enough memory for %d networks", records->count);
}

void summary_free(struct summary *summary)
{
	free(summary->networks);
	*summary = (struct summary){ .count = 0 };
}
