/* See equal.h. */
#include "bench/stats/equal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool encounters_find(const struct side *side, struct encounters *to, struct pairs *pairs, struct error *err)
{
	const struct sweep *sweep = side->sweep;
	int families = sweep->family_count;

	*to = (struct encounters){ .of = calloc((size_t)families * (size_t)families + 1, sizeof *to->of) };
	bool good = to->of || fail(err, "not enough memory for %d families", families);
	for (int a = 0; good && a < families; a++)
		for (int b = a + 1; good && b < families; b++) {
			struct encounter *encounter = &to->of[to->count++];

			*encounter = (struct encounter){ sweep->families[a], sweep->families[b], pairs->count, 0 };
			good = pairs_add_families(side, encounter->a, encounter->b, pairs, err);
			encounter->count = pairs->count - encounter->first;
		}
	return good;
}

void encounters_free(struct encounters *encounters)
{
	free(encounters->of);
	encounters->of = NULL;
	encounters->count = 0;
}

/* --- in words ----------------------------------------------------------------------------------------------------- */

/* What came out where two families meet. */
struct tally {
	int places;             /* with an interval */
	int a, b;               /* where one of them is ahead */
	double a_least, a_most, b_least, b_most;        /* by how many points */
	int64_t smallest, largest;      /* parameters */
};

static void tally_add(const struct difference *d, struct tally *to)
{
	int64_t size = (d->a.network->cost.total + d->b.network->cost.total) / 2;
	double points = 100 * fabs(d->difference);

	if (isnan(d->low))
		return;
	to->smallest = to->places && to->smallest < size ? to->smallest : size;
	to->largest = to->places && to->largest > size ? to->largest : size;
	to->places++;
	if (d->low > 0) {
		to->b_least = to->b && to->b_least < points ? to->b_least : points;
		to->b_most = fmax(to->b_most, points);
		to->b++;
	} else if (d->high < 0) {
		to->a_least = to->a && to->a_least < points ? to->a_least : points;
		to->a_most = fmax(to->a_most, points);
		to->a++;
	}
}

/* A family, at how many places it is ahead, and by how much. */
struct lead {
	const char *family;
	int places;
	double least, most;
};

static void print_lead(const struct lead *lead, bool several, FILE *to)
{
	print_plain_text(lead->family, to);
	fputs(" is ahead", to);
	if (several)
		fprintf(to, " at %d", lead->places);
	if (lead->places == 1)
		fprintf(to, ", by %.2f points", lead->least);
	else
		fprintf(to, ", by %.2f to %.2f points", lead->least, lead->most);
}

static void print_range(const struct tally *t, FILE *to)
{
	char smallest[NUMBER_BYTES], largest[NUMBER_BYTES];

	format_thousands(t->smallest, smallest);
	format_thousands(t->largest, largest);
	if (t->places == 1)
		fprintf(to, "at 1 place, about %s parameters", smallest);
	else
		fprintf(to, "at %d places from %s to %s parameters", t->places, smallest, largest);
}

/* "; dog is ahead at 2, by 0.50 to 1.20 points; neither at 1." */
static void print_outcome(const struct encounter *e, const struct tally *t, FILE *to)
{
	const struct lead leads[] = { { e->a, t->a, t->a_least, t->a_most }, { e->b, t->b, t->b_least, t->b_most } };
	int neither = t->places - t->a - t->b;
	const char *gap = ": ";

	for (int i = 0; i < 2; i++) {
		if (!leads[i].places)
			continue;
		fputs(gap, to);
		print_lead(&leads[i], t->places > 1, to);
		gap = "; ";
	}
	if (neither == t->places)
		fprintf(to, "%sneither is ahead%s", gap, neither > 1 ? " anywhere" : "");
	else if (neither)
		fprintf(to, "%sneither is at %d", gap, neither);
	fputs(".\n", to);
}

static void print_encounter(const struct encounter *e, const struct difference *differences, FILE *to)
{
	struct tally t = { 0 };

	for (int i = 0; i < e->count; i++)
		tally_add(&differences[e->first + i], &t);
	print_plain_text(e->a, to);
	fputs(" and ", to);
	print_plain_text(e->b, to);
	if (!e->count || !t.places) {
		fputs(e->count ? " meet, but not all is known of them there.\n" : " never meet within 5 %.\n", to);
		return;
	}
	fputs(" meet ", to);
	print_range(&t, to);
	print_outcome(e, &t, to);
}

void encounters_print(const struct encounters *encounters, const struct difference *differences, FILE *to)
{
	int places = 0;

	for (int i = 0; i < encounters->count; i++) {
		print_encounter(&encounters->of[i], differences, to);
		places += encounters->of[i].count;
	}
	if (places)
		fputs("A family is ahead where the whole 95 % interval of the difference is on its side.\n", to);
}

bool encounters_save(const struct difference *differences, int count, const char *folder, struct error *err)
{
	return differences_save(&(struct difference_table){ "equal", differences_print }, differences, count, folder,
	                        err);
}
