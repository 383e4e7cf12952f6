/* See condition.h. */
#include "bench/stats/condition.h"

#include "bench/text/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A quantity of a, and its change from a to b. */
struct change { double from, by; };

static struct change accuracy(const struct difference *d)
{
	return (struct change){ 100 * d->a.accuracy, 100 * d->difference };
}

static struct change accuracy_low(const struct difference *d)
{
	return (struct change){ 100 * d->a.accuracy, 100 * d->low };
}

static struct change accuracy_high(const struct difference *d)
{
	return (struct change){ 100 * d->a.accuracy, 100 * d->high };
}

static struct change between(double a, double b)
{
	return (struct change){ a, b - a };
}

static struct change parameters(const struct difference *d)
{
	return between((double)d->a.network->cost.total, (double)d->b.network->cost.total);
}

static struct change macs(const struct difference *d)
{
	return between((double)d->a.network->cost.macs, (double)d->b.network->cost.macs);
}

static struct change train_time(const struct difference *d)
{
	return between(d->a.train_seconds, d->b.train_seconds);
}

static const struct quantity {
	const char *name;
	struct change (*change)(const struct difference *difference);
} quantities[] = {
	{ "accuracy", accuracy },
	{ "accuracy_low", accuracy_low },
	{ "accuracy_high", accuracy_high },
	{ "parameters", parameters },
	{ "macs", macs },
	{ "train_time", train_time },
};
enum { QUANTITIES = sizeof quantities / sizeof *quantities };

static int find_quantity(const char *text, size_t len)
{
	int i = 0;

	while (i < QUANTITIES && (strlen(quantities[i].name) != len || strncmp(quantities[i].name, text, len) != 0))
		i++;
	return i;
}

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " ");
}

/* "+10%", up to the end of the text. */
static bool parse_limit(const char *text, struct condition *to)
{
	char *end;

	if (!strchr("+-.0123456789", *text) || !*text)
		return false;
	to->limit = strtod(text, &end);
	to->share = *skip_blanks(end) == '%';
	return end > text && isfinite(to->limit) && !*skip_blanks(skip_blanks(end) + to->share);
}

bool condition_parse(const char *text, struct condition *to, struct error *err)
{
	size_t len = strcspn(text, " <>");
	const char *sign = skip_blanks(text + len);
	char shown[SHOWN_BYTES], name[SHOWN_BYTES], accepted[ACCEPTED_BYTES];
	struct words words = { 0 };

	*to = (struct condition){ .text = text, .quantity = find_quantity(text, len), .above = *sign == '>' };
	for (int i = 0; i < QUANTITIES; i++)
		words_add(&words, quantities[i].name);
	snprintf(name, sizeof name, "%.*s", (int)(len < sizeof name ? len : sizeof name - 1), text);
	if (to->quantity == QUANTITIES)
		return fail(err, "\"%s\" is no quantity; %s", words_show(name, shown),
		            words_accepted(&words, name, accepted));
	if ((*sign == '<' || *sign == '>') && parse_limit(skip_blanks(sign + 1), to))
		return true;
	return fail(err, "\"%s\" is no condition; accepted: %s < NUMBER, %s > NUMBER, with %% behind the number for "
	            "percent of the first", words_show(text, shown), quantities[to->quantity].name,
	            quantities[to->quantity].name);
}

bool condition_holds(const struct condition *condition, const struct difference *difference, double *value)
{
	struct change change = quantities[condition->quantity].change(difference);

	*value = condition->share ? 100 * change.by / change.from : change.by;
	return condition->above ? *value > condition->limit : *value < condition->limit;
}
