/* `--set a.b.0.c=VALUE`: puts a value from the command line into the tree before fields are bound. See yaml.h.
 *
 * Creates missing maps along the path; the binder checks later whether their keys are known. */
#include "bench/yaml/yaml_tree.h"

#include "bench/text/words.h"

#include <stdlib.h>
#include <string.h>

/* A walk along the path of one assignment. */
struct path {
	struct document *document;
	const char *file;       /* "--set a.b=1", for marks */
	const char *steps;      /* "a.b=1", in `file` */
	struct error *err;
};

static struct mark mark_in(const struct path *p, const char *at)
{
	return (struct mark){ p->file, 1, (int)(at - p->steps) + 1 };
}

static struct node **add_entry(const struct path *p, struct node *map, const char *step, const char *text)
{
	struct node *key = node_create(p->document, NODE_SCALAR, mark_in(p, step), p->err);
	struct node *value = node_create(p->document, NODE_MAP, mark_in(p, step), p->err);

	if (!key || !value || !node_append(&p->document->arena, map, key, value, p->err))
		return NULL;
	key->text = text;
	return &map->items[map->count - 1];
}

static struct node **find_item(const struct path *p, struct node *list, const char *step, const char *text)
{
	char shown[SHOWN_BYTES];
	size_t digits = strspn(text, "0123456789");
	long place = digits && digits < 7 && !text[digits] ? strtol(text, NULL, 10) : -1;

	if (place >= 0 && place < list->count)
		return &list->items[place];
	fail_at(p->err, mark_in(p, step), "%s: no such place in a list of %d; places count from 0",
	        words_show(text, shown), list->count);
	return NULL;
}

/* The child of `node` that one step of the path names. */
static struct node **find_child(const struct path *p, struct node *node, const char *step, size_t len)
{
	char shown[80];
	const char *text = arena_copy(&p->document->arena, step, len, p->err);

	if (!text)
		return NULL;
	if (node->type == NODE_LIST)
		return find_item(p, node, step, text);
	if (node->type == NODE_SCALAR) {
		fail_at(p->err, mark_in(p, step), "%s: the value there is %s, not a map or a list", text,
		        node_describe(node, shown));
		return NULL;
	}
	for (int i = 0; i < node->count; i++)
		if (!strcmp(node->keys[i]->text, text))
			return &node->items[i];
	return add_entry(p, node, step, text);
}

/* Follows the path; *value gets the text behind the equals sign. */
static struct node **walk(const struct path *p, const char **value)
{
	struct node **child = &p->document->root;
	const char *step = p->steps;

	for (int depth = 0; depth < DOCUMENT_MAX_DEPTH; depth++) {
		size_t len = strcspn(step, ".=");

		if (!len) {
			fail_at(p->err, mark_in(p, step), "an empty key");
			return NULL;
		}
		child = find_child(p, *child, step, len);
		if (!child)
			return NULL;
		step += len + 1;
		if (step[-1] == '=') {
			*value = step;
			return child;
		}
	}
	fail_at(p->err, mark_in(p, step), "a path deeper than %d", DOCUMENT_MAX_DEPTH);
	return NULL;
}

bool document_set(struct document *document, const char *assignment, struct error *err)
{
	const char *value = NULL;

	if (!strchr(assignment, '='))
		return fail(err, SET_PREFIX "%s: no = in it; accepted: --set recipe.epochs=3", assignment);
	struct path p = { .document = document, .err = err };
	p.file = arena_print(&document->arena, err, SET_PREFIX "%s", assignment);
	if (!p.file)
		return false;
	p.steps = p.file + strlen(SET_PREFIX);
	struct node **child = walk(&p, &value);
	if (!child)
		return false;
	struct source source = { value, strlen(value), mark_in(&p, value) };
	return yaml_parse(document, &source, child, err);
}
