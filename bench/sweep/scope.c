/* See scope.h. */
#include "bench/sweep/scope.h"

#include "bench/text/words.h"
#include "bench/yaml/bind.h"
#include "nn/model/network.h"

#include <string.h>

struct scope_name {
	const char *text;
	int layer;
	struct mark at;
	struct scope_name *next;
};

/* The next enclosing list whose names are visible. */
static const struct scope *outwards(const struct scope *scope)
{
	return scope->block ? NULL : scope->around;
}

static const struct scope_name *find(const struct scope *scope, const char *text)
{
	for (; scope; scope = outwards(scope))
		for (const struct scope_name *name = scope->names; name; name = name->next)
			if (!strcmp(name->text, text))
				return name;
	return NULL;
}

bool scope_define(struct scope *scope, const struct node *name, int layer, struct arena *arena, struct error *err)
{
	char shown[80];

	if (!bind_type(name, NODE_SCALAR, "name", err))
		return false;
	if (!words_is_name(name->text))
		return fail_at(err, name->at, "name: %s is not a name; accepted: " WORDS_NAME,
		               node_describe(name, shown));
	if (!strcmp(name->text, "input") || !strcmp(name->text, "block_input"))
		return fail_at(err, name->at, "name: %s always names an input", node_describe(name, shown));
	const struct scope_name *taken = find(scope, name->text);
	if (taken)
		return fail_at(err, name->at, "name: %s is taken by line %d", node_describe(name, shown),
		               taken->at.line);
	struct scope_name *made = arena_alloc(arena, sizeof *made, err);
	if (!made)
		return false;
	*made = (struct scope_name){ name->text, layer, name->at, scope->names };
	scope->names = made;
	return true;
}

static bool refuse(const struct scope *scope, const struct node *name, const char *key, struct error *err)
{
	struct words words = { 0 };
	char shown[80], accepted[ACCEPTED_BYTES];

	words_add(&words, "input");
	if (scope->arguments)
		words_add(&words, "block_input");
	for (; scope; scope = outwards(scope))
		for (const struct scope_name *known = scope->names; known; known = known->next)
			words_add(&words, known->text);
	return fail_at(err, name->at, "%s: no layer before this one is named %s; %s", key, node_describe(name, shown),
	               words_accepted(&words, name->text, accepted));
}

bool scope_find(const struct scope *scope, const struct node *name, const char *key, int *layer, struct error *err)
{
	if (!bind_type(name, NODE_SCALAR, key, err))
		return false;
	const struct scope_name *known = find(scope, name->text);
	if (known)
		*layer = known->layer;
	else if (!strcmp(name->text, "input"))
		*layer = NETWORK_INPUT;
	else if (!strcmp(name->text, "block_input") && scope->arguments)
		*layer = scope->input;
	else
		return refuse(scope, name, key, err);
	return true;
}

bool scope_argument(const struct scope *scope, const struct node *parameter, struct node **value, struct error *err)
{
	struct words words = { 0 };
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];

	words_show(parameter->text, shown);
	if (!scope->arguments)
		return fail_at(err, parameter->at, "%s: parameters exist only inside blocks", shown);
	*value = node_get(scope->arguments, parameter->text + 1);
	if (*value)
		return true;
	for (int i = 0; i < scope->arguments->count; i++)
		words_add(&words, scope->arguments->keys[i]->text);
	return fail_at(err, parameter->at, "%s: unknown parameter; %s", shown,
	               words_accepted(&words, parameter->text + 1, accepted));
}

int scope_depth(const struct scope *scope, const char *block, bool *inside)
{
	int depth = 0;

	*inside = false;
	for (; scope; scope = scope->around) {
		depth += scope->block != NULL;
		*inside |= scope->block && !strcmp(scope->block, block);
	}
	return depth;
}
