/* See base.h. */
#include "bench/sweep/base.h"

#include "bench/sweep/cost.h"
#include "bench/sweep/point_find.h"
#include "bench/yaml/bind.h"

#include <stdio.h>
#include <string.h>

/* The names that a message lists, and their texts. */
struct names {
	struct words words;
	char texts[WORDS_MAX][POINT_PATH_BYTES];
};

static int count_networks(const struct sweep *sweep, const char *family)
{
	int count = 0;

	for (int i = 0; i < sweep->point_count; i++)
		count += point_begins_network(sweep, i) && !strcmp(sweep->points[i].family, family);
	return count;
}

/* Adds the shortest name of every network, or of the networks of one family. */
static void add_names(const struct sweep *sweep, const char *family, struct names *to)
{
	for (int i = 0; i < sweep->point_count; i++) {
		const struct point *point = &sweep->points[i];
		char *name = to->texts[to->words.count < WORDS_MAX ? to->words.count : 0];

		if (!point_begins_network(sweep, i) || (family && strcmp(point->family, family)))
			continue;
		if (to->words.count == WORDS_MAX)
			to->words.left_out++;
		else if (count_networks(sweep, point->family) == 1)
			words_add(&to->words, point->family);
		else
			words_add(&to->words, point_path(point, false, name));
	}
}

static int refuse(const struct sweep *sweep, const char *name, int widths, struct error *err)
{
	struct names names = { .words = { 0 } };
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];

	add_names(sweep, widths ? name : NULL, &names);
	words_accepted(&names.words, widths ? "" : name, accepted);
	if (widths)
		fail(err, "\"%s\" has %d widths; %s", words_show(name, shown), widths, accepted);
	else
		fail(err, "\"%s\" is no network of the sweep; %s", words_show(name, shown), accepted);
	return -1;
}

int base_find(const struct sweep *sweep, const char *name, struct error *err)
{
	int widths = count_networks(sweep, name);
	char full[POINT_PATH_BYTES];

	for (int i = 0; i < sweep->point_count; i++)
		if ((widths == 1 && !strcmp(sweep->points[i].family, name)) ||
		    !strcmp(point_path(&sweep->points[i], false, full), name))
			return i;
	return refuse(sweep, name, widths, err);
}

bool base_read(const struct node *node, struct sweep *sweep, struct error *err)
{
	static const struct field field = { "base", FIELD_TEXT, .offset = 0 };
	struct error trouble = { "" };
	const char *name;

	sweep->base = -1;
	if (!node)
		return true;
	if (!bind_value(node, &field, NULL, &name, err))
		return false;
	sweep->base = base_find(sweep, name, &trouble);
	return sweep->base >= 0 || fail_at(err, node->at, "base: %s", trouble.text);
}
