/* See network.h. */
#include "tests/helpers/network.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 4000 };

static _Noreturn void give_up(const char *what, const char *text)
{
	test_fail(__FILE__, __LINE__, "%s: %s", what, text);
	abort();
}

static double read_word(const struct field *f, const char *text)
{
	if (f->kind == FIELD_CHOICE)
		for (int i = 0; f->choices[i]; i++)
			if (!strcmp(f->choices[i], text))
				return i;
	char *end;
	double value = strtod(text, &end);
	if (*end || end == text)
		give_up("not a value", text);
	return value;
}

/* Numbers separated by ',' or 'x'; returns how many. */
static int read_numbers(const char *text, int to[4])
{
	int count = 0;
	char *end;

	do {
		to[count++] = (int)strtol(text, &end, 10);
		if (end == text)
			give_up("not a number", text);
		text = end + 1;
	} while ((*end == ',' || *end == 'x') && count < 4);
	if (*end)
		give_up("too much", end);
	return count;
}

static struct padding read_padding(const char *text)
{
	int n[4];

	if (!strcmp(text, "same") || !strcmp(text, "valid"))
		return (struct padding){ .rule = text[0] == 's' ? PADDING_SAME : PADDING_VALID };
	if (read_numbers(text, n) == 1)
		n[1] = n[2] = n[3] = n[0];
	return (struct padding){ PADDING_EXPLICIT, n[0], n[1], n[2], n[3] };
}

static struct pair read_pair(const char *text)
{
	int n[4], count = read_numbers(text, n);

	return (struct pair){ n[0], count == 1 ? n[0] : n[1] };
}

static struct ints read_ints(const char *text)
{
	struct ints ints = { .count = 0 };

	if (text)
		ints.count = read_numbers(text, ints.at);
	return ints;
}

/* text NULL: the default. */
static void fill_field(const struct field *f, void *config, const char *text)
{
	void *to = (char *)config + f->offset;
	int whole = (int)f->fallback;

	switch (f->kind) {
	case FIELD_INT:
	case FIELD_COUNT:
	case FIELD_CHOICE: *(int *)to = text ? (int)read_word(f, text) : whole; break;
	case FIELD_FLOAT: *(double *)to = text ? read_word(f, text) : f->fallback; break;
	case FIELD_BOOL: *(bool *)to = text ? read_word(f, text) != 0 : whole != 0; break;
	case FIELD_PAIR: *(struct pair *)to = text ? read_pair(text) : (struct pair){ whole, whole }; break;
	case FIELD_INTS: *(struct ints *)to = read_ints(text); break;
	case FIELD_PADDING: *(struct padding *)to = read_padding(text ? text : whole ? "valid" : "same"); break;
	case FIELD_TEXT: give_up("a text field", f->name);
	}
}

void config_read(const struct field *fields, void *config, const char *text)
{
	char copy[TEXT], *rest = copy;

	for (const struct field *f = fields; f && f->name; f++)
		fill_field(f, config, NULL);
	snprintf(copy, sizeof copy, "%s", text);
	for (char *word; (word = strsep(&rest, " ")); ) {
		char *value = strchr(word, '=');
		const struct field *f = fields;
		if (!*word)
			continue;
		if (!value)
			give_up("no value", word);
		*value++ = '\0';
		while (f && f->name && strcmp(f->name, word))
			f++;
		if (!f || !f->name)
			give_up("no such field", word);
		fill_field(f, config, value);
	}
}

/* Takes "from=..." out of the text, and says what it says. */
static void read_from(struct layer *layer, char *text)
{
	char *from = strstr(text, "from="), *end = from ? from + strcspn(from, " ") : NULL;
	int n[4], count;

	if (!from)
		return;
	char after = *end;
	*end = '\0';
	count = read_numbers(from + strlen("from="), n);
	*end = after;
	memset(from, ' ', (size_t)(end - from));
	for (int k = 0; k < count && k < MAX_INPUTS; k++)
		layer->from[k] = n[k];
}

static void read_layer(struct net *net, char *text)
{
	int i = net->network.layer_count++;

	text += strspn(text, " \n");
	if (i >= NET_LAYERS)
		give_up("too many layers", text);
	size_t name_len = strcspn(text, " ");
	char name[40];
	snprintf(name, sizeof name, "%.*s", (int)name_len, text);
	net->layers[i] = (struct layer){ .type = layer_type_find(name), .config = net->configs[i],
	                                 .from = { i - 1, i - 2 },
	                                 .at = { "net", i + 1, 1 } };
	if (!net->layers[i].type || net->layers[i].type->kind.config_size > NET_CONFIG)
		give_up("no such layer", name);
	read_from(&net->layers[i], text + name_len);
	config_read(net->layers[i].type->kind.fields, net->configs[i], text + name_len);
}

void net_read(struct net *net, struct shape input, int classes, const char *text)
{
	char copy[TEXT], *rest = copy;

	*net = (struct net){ .network = { .input = input, .classes = classes, .dropout = 1,
		.layers = net->layers } };
	if (snprintf(copy, sizeof copy, "%s", text) >= TEXT)
		give_up("too long", text);
	for (char *layer; (layer = strsep(&rest, ";")); )
		read_layer(net, layer);
}
