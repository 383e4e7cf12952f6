/* See summary.h. */
#include "bench/summary/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same_network(const struct record *a, const struct record *b)
{
	return a->width == b->width && strcmp(a->family, b->family) == 0;
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
		.mean = NAN, .lowest = NAN, .highest = NAN, .deviation = NAN };
	memcpy(to->family, records->of[point].family, sizeof to->family);
}

/* Families are numbered in the order in which they come. */
static int number_family(const struct network_summary *networks, int network)
{
	int highest = 0;

	for (int i = 0; i < network; i++) {
		if (strcmp(networks[i].family, networks[network].family) == 0)
			return networks[i].family_number;
		highest = networks[i].family_number > highest ? networks[i].family_number : highest;
	}
	return highest + 1;
}

static void add_counts(const struct record *record, struct network_summary *to)
{
	to->trainable = record->trainable;
	to->total = record->total;
	to->macs = record->macs;
}

static void add_accuracy(double accuracy, struct network_summary *to)
{
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
		add_accuracy(records->of[point].last.accuracy, to);
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

/* A network without parameters is drawn, and compared, as one with a single parameter. */
static int64_t size_of(const struct network_summary *network)
{
	return network->total > 1 ? network->total : 1;
}

static bool beats(const struct network_summary *a, const struct network_summary *b)
{
	if (!a->done)
		return false;
	return size_of(a) < size_of(b) ? a->mean >= b->mean : size_of(a) == size_of(b) && a->mean > b->mean;
}

static bool is_smaller(const struct network_summary *a, const struct network_summary *b)
{
	return size_of(a) < size_of(b) || (size_of(a) == size_of(b) && a->first < b->first);
}

/* Its ranks, and whether it is on the front. */
static void place_network(const struct summary *s, struct network_summary *network)
{
	network->size_rank = 1;
	network->rank = network->on_front = network->done > 0;
	for (int i = 0; i < s->count; i++) {
		const struct network_summary *other = &s->networks[i];

		network->size_rank += is_smaller(other, network);
		network->rank += network->done && other->done && other->mean > network->mean;
		network->on_front = network->on_front && !beats(other, network);
	}
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
	for (int i = 0; i < to->count; i++)
		compute_deviation(records, data_digest, &to->networks[i]);
	for (int i = 0; i < to->count; i++) {
		to->networks[i].family_number = number_family(to->networks, i);
		place_network(to, &to->networks[i]);
	}
	return true;
}

void summary_free(struct summary *summary)
{
	free(summary->networks);
	*summary = (struct summary){ .count = 0 };
}
