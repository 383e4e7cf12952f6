/* See kind_choice.h. */
#include "bench/sweep/kind_choice.h"

#include "bench/yaml/bind.h"

#include <string.h>

static int find_kind(const struct kind_choice *choice, const char *name)
{
	for (int i = 0; choice->kinds[i]; i++)
		if (!strcmp(choice->kinds[i]->name, name))
			return i;
	return -1;
}

static bool refuse_kind(const struct kind_choice *choice, const struct node *node, const char *name, struct error *err)
{
	struct words words = { 0 };
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];

	for (int i = 0; choice->kinds[i]; i++)
		words_add(&words, choice->kinds[i]->name);
	return fail_at(err, bind_kind_mark(node), "%s: \"%s\" is unknown; %s", choice->key, words_show(name, shown),
	               words_accepted(&words, name, accepted));
}

int kind_choose(const struct kind_choice *choice, const struct node *node, void **config, struct error *err)
{
	const char *name = choice->fallback;
	const struct node *fields = NULL;

	if (node && !bind_kind(node, choice->key, &name, &fields, err))
		return -1;
	int found = find_kind(choice, name);
	if (found < 0) {
		refuse_kind(choice, node, name, err);
		return -1;
	}
	const struct kind *kind = choice->kinds[found];
	*config = arena_alloc(choice->arena, kind->config_size, err);
	if (node && !fields)
		fields = node_empty(choice->arena, node->at, err);
	if (!*config || (node && !fields) || !bind_fields(fields, kind->fields, NULL, NULL, *config, err))
		return -1;
	return found;
}
