/* See match.h. */
#include "bench/sweep/match.h"

#include "bench/sweep/entry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DECIMALS = 9 };          /* of a width, at most */
#define MOST_STEPS ((int64_t)1 << 31)

struct matcher {
	const struct sweep *sweep;      /* borrowed */
	struct arena arena;
	struct source_files files;      /* the sweep's own file is the first */
	int count;
	struct entry entries[MAX_FAMILIES];
	struct match_family families[MAX_FAMILIES];
};

/* --- counting ----------------------------------------------------------------------------------------------------- */

/* Of any variant: no recipe changes a parameter. */
static const struct recipe *recipe_of(const struct matcher *m, int family)
{
	const struct point *point = m->sweep->points;

	while (strcmp(point->family, m->families[family].name) != 0)
		point++;
	return &point->variant->recipe;
}

static bool count_at(struct matcher *m, int family, double width, struct cost *to, struct error *err)
{
	const struct data_description *data = &m->sweep->data;
	const struct family *from = &m->entries[family].family;
	struct binding binding = { width, data->classes, (enum rounding)from->rounding, from->divisor };
	const struct recipe *recipe = recipe_of(m, family);
	struct network network = { .input = data->shape, .classes = data->classes,
		.dropout = recipe->dropout, .bf16 = recipe->precision == PRECISION_BF16 };

	if (!family_network(from, &binding, &network, err))
		return false;
	struct model_plan *plan = recipe_plan(&network, recipe, err);
	if (!plan)
		return false;
	*to = model_plan_cost(plan);
	model_plan_destroy(plan);
	return true;
}

/* A width of the grid, without the noise of a product. */
static double width_of(const struct matcher *m, int family, int64_t steps)
{
	return round((double)steps * m->families[family].step * 1e9) / 1e9;
}

/* Below the first width that makes a network a family has no parameters, above the last one more than any number. */
struct search {
	struct matcher *matcher;
	int family;
	int64_t valid;          /* steps at which there is a network; 0: none is known */
};

static int64_t total_at(struct search *s, int64_t steps)
{
	struct error ignored = { "" };
	struct cost cost;

	if (width_of(s->matcher, s->family, steps) <= MAX_WIDTH &&
	    count_at(s->matcher, s->family, width_of(s->matcher, s->family, steps), &cost, &ignored)) {
		s->valid = steps;
		return cost.total;
	}
	return s->valid && steps > s->valid ? INT64_MAX : -1;
}

/* --- searching ---------------------------------------------------------------------------------------------------- */

/* The fewest steps, from 1, at which the total is at least `wanted`; MOST_STEPS: nowhere. */
static int64_t first_with(struct search *s, int64_t wanted)
{
	int64_t below = 0, at = 1;

	while (at < MOST_STEPS && total_at(s, at) < wanted) {
		below = at;
		at *= 2;
	}
	while (at - below > 1) {
		int64_t middle = below + (at - below) / 2;

		if (total_at(s, middle) < wanted)
			below = middle;
		else
			at = middle;
	}
	return at;
}

static bool is_network(int64_t total)
{
	return total >= 0 && total < INT64_MAX;
}

/* Of the steps on both sides of `wanted` those with the nearer total; 0: neither makes a network. */
static int64_t nearest_steps(struct search *s, int64_t wanted, int64_t *total)
{
	int64_t above = first_with(s, wanted);
	int64_t more = above < MOST_STEPS ? total_at(s, above) : INT64_MAX;
	int64_t less = above > 1 ? total_at(s, above - 1) : -1;

	if (!is_network(more) && !is_network(less))
		return 0;
	bool lower = !is_network(more) || (is_network(less) && wanted - less <= more - wanted);
	*total = lower ? less : more;
	return lower ? above - 1 : above;
}

/* Of the widths from `low` to `high`, which are one network, the first with the fewest decimals that is one indeed. */
static double shortest_width(struct search *s, double low, double high, int64_t total)
{
	for (double unit = 1, places = 0; places < DECIMALS; unit *= 10, places++) {
		double width = ceil(low * unit - 1e-9) / unit;
		struct error ignored = { "" };
		struct cost cost;

		if (width > 0 && width <= high && count_at(s->matcher, s->family, width, &cost, &ignored) &&
		    cost.total == total)
			return width;
	}
	return low;
}

bool matcher_find(struct matcher *m, int family, int64_t parameters, struct match *to, struct error *err)
{
	struct search search = { m, family, 0 };
	int64_t total, steps = nearest_steps(&search, parameters, &total);

	if (!steps)     /* says why, of a width that is as good as any */
		return count_at(m, family, 1, &to->cost, err) &&
		       fail(err, "%s: no width is a multiple of %.9g", m->families[family].name,
		            m->families[family].step);
	int64_t first = first_with(&search, total), behind = first_with(&search, total + 1);

	to->width = shortest_width(&search, width_of(m, family, first), width_of(m, family, behind - 1), total);
	return count_at(m, family, to->width, &to->cost, err);
}

/* --- families and their steps ------------------------------------------------------------------------------------- */

/* A rounding makes a network of any width, and hundredths are as fine as people write them. Exact multiples are whole
 * at all multiples of a step if they are at a prime multiple of it. */
static double find_step(struct matcher *m, int family)
{
	static const double steps[] = { 0.01, 0.02, 0.025, 0.03125, 0.04, 0.05, 0.0625, 0.1, 0.125, 0.2, 0.25, 0.5, 1,
		2, 3, 4, 5, 6, 8, 10, 16, 20 };
	enum { PRIME = 101 };

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct error ignored = { "" };
		struct cost cost;

		if (m->entries[family].family.rounding != ROUNDING_EXACT ||
		    count_at(m, family, PRIME * steps[i], &cost, &ignored))
			return steps[i];
	}
	return 1;
}

static bool read_families(struct matcher *m, const struct node *list, double step, struct error *err)
{
	for (int i = 0; i < list->count; i++) {
		const struct entry_source source = { list->items[i], m->sweep->data.folder, &m->arena, &m->files };
		struct entry *entry = &m->entries[i];

		if (!entry_read(&source, entry, err) || strcmp(entry->name, m->sweep->families[i]) != 0)
			return false;
		m->count++;
		m->families[i] = (struct match_family){ entry->name, entry->file, step };
		if (step == 0)
			m->families[i].step = find_step(m, i);
	}
	return true;
}

struct matcher *matcher_create(const struct matcher_source *source, double step, struct error *err)
{
	struct matcher *m = calloc(1, sizeof *m);

	if (!m) {
		fail(err, "not enough memory for the families");
		return NULL;
	}
	m->sweep = source->sweep;
	struct document *document = document_read(source->path, err);
	bool good = document;
	if (good)
		m->files.documents[m->files.count++] = document;
	for (int i = 0; good && i < source->set_count; i++)
		good = document_set(document, source->sets[i], err);
	const struct node *list = good ? node_get(document_root(document), "families") : NULL;
	if (list && list->count == m->sweep->family_count && read_families(m, list, step, err))
		return m;
	matcher_destroy(m);
	fail(err, "%s: has changed while it was read", source->path);
	return NULL;
}

void matcher_destroy(struct matcher *matcher)
{
	if (!matcher)
		return;
	for (int i = 0; i < matcher->files.count; i++)
		document_destroy(matcher->files.documents[i]);
	arena_free(&matcher->arena);
	free(matcher);
}

int matcher_count(const struct matcher *matcher)
{
	return matcher->count;
}

const struct match_family *matcher_family(const struct matcher *matcher, int i)
{
	return &matcher->families[i];
}
