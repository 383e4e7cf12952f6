/* See count.h. */
#include "bench/yaml/count.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double count_round(double exact, const struct binding *binding)
{
	double d = binding->divisor;

	if (binding->rounding == ROUNDING_NEAREST)
		return fmax(1, floor(exact + 0.5));
	if (binding->rounding == ROUNDING_EXACT)
		return exact;
	double rounded = fmax(d, floor((exact + d / 2) / d) * d);
	return rounded < 0.9 * exact ? rounded + d : rounded;
}

double count_factor(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	size_t len = digits;

	if (text[digits] == '.')
		len = digits + 1 + strspn(text + digits + 1, "0123456789");
	if (len > 20 || strcmp(text + len, "w") || (len && (digits == 0 || text[len - 1] == '.')))
		return -1;
	return len ? strtod(text, NULL) : 1;
}

static bool check_range(const struct width_multiple *c, double value, int *to, struct error *err)
{
	const struct field *f = c->field;
	char width[NUMBER_BYTES], shown[NUMBER_BYTES];

	if (value < f->min || value > f->max)
		return fail_at(err, c->node->at, "%s: %s is %s at width %s, outside %.10g..%.10g", f->name,
		               c->node->text,
		               words_number(value, shown), words_number(c->binding->width, width), f->min, f->max);
	*to = (int)value;
	return true;
}

bool count_resolve(const struct width_multiple *c, int *to, struct error *err)
{
	const char *name = c->field->name, *text = c->node->text;
	char width[NUMBER_BYTES], shown[NUMBER_BYTES];

	if (c->binding->width <= 0)
		return fail_at(err, c->node->at, "%s: %s has no meaning where there is no width", name, text);
	double exact = c->factor * c->binding->width, whole = round(exact);
	if (c->binding->rounding != ROUNDING_EXACT)
		return check_range(c, exact > 0 ? count_round(exact, c->binding) : 0, to, err);
	if (fabs(exact - whole) > 1e-9)
		return fail_at(err, c->node->at, "%s: %s is %s at width %s, not a whole number (rounding: exact)", name,
		               text, words_number(exact, shown), words_number(c->binding->width, width));
	return check_range(c, whole, to, err);
}
