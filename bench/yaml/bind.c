/* See bind.h. */
#include "bench/yaml/bind.h"

#include "bench/yaml/count.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A value and the member that it fills. */
struct member_value {
	const struct node *node;
	const struct field *field;
	void *member;
	struct error *err;
};

/* What a field accepts, for the end of "... where X is accepted" and "... is not X". */
static const char *wanted(enum field_kind kind)
{
	static const char *const texts[] = {
		[FIELD_INT] = "a whole number",
		[FIELD_COUNT] = "a whole number, a multiple of the width (2w) or classes",
		[FIELD_FLOAT] = "a number",
		[FIELD_BOOL] = "true or false",
		[FIELD_CHOICE] = "one word",
		[FIELD_TEXT] = "a text",
		[FIELD_PAIR] = "a whole number or [rows, columns]",
		[FIELD_INTS] = "a whole number or a list of them",
		[FIELD_PADDING] = "same, valid, a whole number or [top, bottom, left, right]",
	};
	return texts[kind];
}

static bool is_word(const struct node *node)
{
	return node->type == NODE_SCALAR && !node->quoted && node->text[0];
}

/* Reports a value of the wrong type; `node` is the value or an item of it. */
static bool refuse(const struct member_value *t, const struct node *node)
{
	char shown[80];
	const char *found = node_describe(node, shown);
	const char *name = t->field->name, *want = wanted(t->field->kind);

	if (is_word(node))
		return fail_at(t->err, node->at, "%s: %s is not %s", name, found, want);
	if (node->type == NODE_SCALAR && node->quoted)
		return fail_at(t->err, node->at, "%s: %s in quotes is not %s", name, found, want);
	return fail_at(t->err, node->at, "%s: %s where %s is accepted", name, found, want);
}

static bool refuse_range(const struct member_value *t, const struct node *node)
{
	char shown[SHOWN_BYTES];

	return fail_at(t->err, node->at, "%s: %s is outside %.10g..%.10g", t->field->name,
	               words_show(node->text, shown), t->field->min, t->field->max);
}

static bool bind_int(const struct member_value *t, const struct node *node, int *to)
{
	if (!is_word(node))
		return refuse(t, node);
	size_t sign = node->text[0] == '-' || node->text[0] == '+';
	size_t digits = strspn(node->text + sign, "0123456789");

	if (!digits || node->text[sign + digits])
		return refuse(t, node);
	errno = 0;
	long value = strtol(node->text, NULL, 10);
	assert(t->field->min < t->field->max);
	if (errno == ERANGE || (double)value < t->field->min || (double)value > t->field->max)
		return refuse_range(t, node);
	*to = (int)value;
	return true;
}

static bool bind_count(const struct member_value *t, const struct binding *binding)
{
	struct width_multiple multiple = { t->node, t->field, binding, -1 };

	if (binding && is_word(t->node))
		multiple.factor = count_factor(t->node->text);
	if (multiple.factor >= 0)
		return count_resolve(&multiple, t->member, t->err);
	if (!binding || !binding->classes || !is_word(t->node) || strcmp(t->node->text, "classes"))
		return bind_int(t, t->node, t->member);
	*(int *)t->member = binding->classes;
	return true;
}

static bool bind_float(const struct member_value *t)
{
	const char *text = t->node->text;
	char *end;

	if (!is_word(t->node) || text[strspn(text, "0123456789+-.eE")])
		return refuse(t, t->node);
	double value = strtod(text, &end);
	if (*end || end == text)
		return refuse(t, t->node);
	assert(t->field->min < t->field->max);
	if (!isfinite(value) || value < t->field->min || value > t->field->max)
		return refuse_range(t, t->node);
	*(double *)t->member = value;
	return true;
}

static bool bind_bool(const struct member_value *t)
{
	bool yes = is_word(t->node) && !strcmp(t->node->text, "true");

	if (!yes && (!is_word(t->node) || strcmp(t->node->text, "false")))
		return refuse(t, t->node);
	*(bool *)t->member = yes;
	return true;
}

static bool bind_choice(const struct member_value *t)
{
	struct words words = { 0 };
	char accepted[ACCEPTED_BYTES], shown[80];

	if (!is_word(t->node))
		return refuse(t, t->node);
	for (int i = 0; t->field->choices[i]; i++) {
		words_add(&words, t->field->choices[i]);
		if (!strcmp(t->node->text, t->field->choices[i])) {
			*(int *)t->member = i;
			return true;
		}
	}
	return fail_at(t->err, t->node->at, "%s: %s is unknown; %s", t->field->name, node_describe(t->node, shown),
	               words_accepted(&words, t->node->text, accepted));
}

static bool bind_text(const struct member_value *t)
{
	if (t->node->type != NODE_SCALAR || (!t->node->text[0] && !t->node->quoted))
		return refuse(t, t->node);
	if (!t->node->text[0])
		return fail_at(t->err, t->node->at, "%s: an empty text", t->field->name);
	*(const char **)t->member = t->node->text;
	return true;
}

/* Binds a list of exactly `count` whole numbers. */
static bool bind_ints(const struct member_value *t, int count, int *to)
{
	if (t->node->type != NODE_LIST)
		return refuse(t, t->node);
	if (t->node->count != count)
		return fail_at(t->err, t->node->at, "%s: a list of %d where %s is accepted", t->field->name,
		               t->node->count, wanted(t->field->kind));
	for (int i = 0; i < count; i++)
		if (!bind_int(t, t->node->items[i], &to[i]))
			return false;
	return true;
}

static bool bind_pair(const struct member_value *t)
{
	struct pair *to = t->member;
	int values[2];

	if (t->node->type == NODE_SCALAR) {
		if (!bind_int(t, t->node, &to->h))
			return false;
		to->w = to->h;
		return true;
	}
	if (!bind_ints(t, 2, values))
		return false;
	*to = (struct pair){ values[0], values[1] };
	return true;
}

static bool bind_several(const struct member_value *t)
{
	struct ints *to = t->member;
	bool list = t->node->type == NODE_LIST;

	to->count = list ? t->node->count : 1;
	if (list && (to->count < 1 || to->count > MAX_INTS))
		return fail_at(t->err, t->node->at, "%s: a list of %d where 1 to %d are accepted", t->field->name,
		               to->count, MAX_INTS);
	for (int i = 0; i < to->count; i++)
		if (!bind_int(t, list ? t->node->items[i] : t->node, &to->at[i]))
			return false;
	return true;
}

static bool bind_padding(const struct member_value *t)
{
	struct padding *to = t->member;
	int n[4];

	if (is_word(t->node) && !strcmp(t->node->text, "same")) {
		*to = (struct padding){ .rule = PADDING_SAME };
	} else if (is_word(t->node) && !strcmp(t->node->text, "valid")) {
		*to = (struct padding){ .rule = PADDING_VALID };
	} else if (t->node->type == NODE_SCALAR) {
		if (!bind_int(t, t->node, &n[0]))
			return false;
		*to = (struct padding){ PADDING_EXPLICIT, n[0], n[0], n[0], n[0] };
	} else {
		if (!bind_ints(t, 4, n))
			return false;
		*to = (struct padding){ PADDING_EXPLICIT, n[0], n[1], n[2], n[3] };
	}
	return true;
}

bool bind_value(const struct node *node, const struct field *field, const struct binding *binding, void *to,
                struct error *err)
{
	struct member_value t = { node, field, (char *)to + field->offset, err };

	switch (field->kind) {
	case FIELD_INT: return bind_int(&t, node, t.member);
	case FIELD_COUNT: return bind_count(&t, binding);
	case FIELD_FLOAT: return bind_float(&t);
	case FIELD_BOOL: return bind_bool(&t);
	case FIELD_CHOICE: return bind_choice(&t);
	case FIELD_TEXT: return bind_text(&t);
	case FIELD_PAIR: return bind_pair(&t);
	case FIELD_INTS: return bind_several(&t);
	case FIELD_PADDING: return bind_padding(&t);
	}
	assert(!"a field of no known kind");
	return false;
}

static void fill_default(const struct field *f, void *to)
{
	void *member = (char *)to + f->offset;
	int whole = (int)f->fallback;

	switch (f->kind) {
	case FIELD_INT: case FIELD_COUNT: case FIELD_CHOICE: *(int *)member = whole; break;
	case FIELD_FLOAT: *(double *)member = f->fallback; break;
	case FIELD_BOOL: *(bool *)member = whole; break;
	case FIELD_TEXT: *(const char **)member = f->fallback_text; break;
	case FIELD_PAIR: *(struct pair *)member = (struct pair){ whole, whole }; break;
	case FIELD_INTS: *(struct ints *)member = (struct ints){ .count = 0 }; break;
	case FIELD_PADDING: *(struct padding *)member = (struct padding){ .rule = (enum padding_rule)whole }; break;
	}
}

void bind_words(struct words *words, const struct field *fields, const char *const *extra)
{
	for (const struct field *f = fields; f && f->name; f++)
		words_add(words, f->name);
	for (; extra && *extra; extra++)
		words_add(words, *extra);
}

bool bind_keys(const struct node *map, const struct words *accepted, struct error *err)
{
	char list[ACCEPTED_BYTES], shown[SHOWN_BYTES];

	for (int i = 0; i < map->count; i++) {
		const struct node *key = map->keys[i];

		if (!words_have(accepted, key->text))
			return fail_at(err, key->at, "%s: unknown key; %s", words_show(key->text, shown),
			               words_accepted(accepted, key->text, list));
	}
	return true;
}

bool bind_fields(const struct node *map, const struct field *fields, const char *const *extra,
                 const struct binding *binding, void *to, struct error *err)
{
	static const struct node empty = { .type = NODE_MAP };
	struct words words = { 0 };
	char shown[80];

	if (!map)
		map = &empty;
	if (map->type != NODE_MAP)
		return fail_at(err, map->at, "%s where a map is accepted", node_describe(map, shown));
	bind_words(&words, fields, extra);
	if (!bind_keys(map, &words, err))
		return false;
	for (const struct field *f = fields; f && f->name; f++) {
		const struct node *value = node_get(map, f->name);

		if (f->accepts)
			continue;
		if (!value && f->required)
			return fail_at(err, map->at, "%s: missing; %s is required", f->name, wanted(f->kind));
		if (!value)
			fill_default(f, to);
		else if (!bind_value(value, f, binding, to, err))
			return false;
	}
	return true;
}

bool bind_type(const struct node *node, enum node_type type, const char *key, struct error *err)
{
	static const char *const names[] = { [NODE_SCALAR] = "one value", [NODE_LIST] = "a list",
	                                     [NODE_MAP] = "a map" };
	char shown[80];

	if (node->type == type)
		return true;
	return fail_at(err, node->at, "%s: %s where %s is accepted", key, node_describe(node, shown), names[type]);
}

bool bind_kind(const struct node *node, const char *key, const char **name, const struct node **fields,
               struct error *err)
{
	char shown[80], second[SHOWN_BYTES];

	*fields = NULL;
	if (is_word(node)) {
		*name = node->text;
		return true;
	}
	if (node->type == NODE_MAP && node->count > 1)
		return fail_at(err, node->keys[1]->at, "%s: both \"%s\" and \"%s\" where one name is accepted", key,
		               words_show(node->keys[0]->text, shown), words_show(node->keys[1]->text, second));
	if (node->type != NODE_MAP || node->count == 0)
		return fail_at(err, node->at, "%s: %s where a name or {name: {...}} is accepted", key,
		               node_describe(node, shown));
	*name = node->keys[0]->text;
	*fields = node->items[0];
	return bind_type(*fields, NODE_MAP, words_show(*name, shown), err);
}

struct mark bind_kind_mark(const struct node *node)
{
	return node->type == NODE_MAP ? node->keys[0]->at : node->at;
}
