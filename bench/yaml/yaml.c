/* See yaml.h. */
#include "bench/yaml/yaml.h"

#include "bench/system/regular_file.h"
#include "bench/text/words.h"
#include "bench/yaml/alias.h"
#include "bench/yaml/yaml_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

enum { MAX_TAG_DIRECTIVES = 64 };

/* State while a text is parsed. */
struct reader {
	yaml_parser_t parser;
	struct document *document;
	const struct source *source;
	struct anchors anchors;
	struct error *err;
};

static struct mark mark_of(const struct reader *r, yaml_mark_t at)
{
	struct mark start = r->source->at;

	return (struct mark){ start.file, start.line + (int)at.line, (int)at.column + (at.line ? 1 : start.column) };
}

/* The position of a byte that is not a character, for which libyaml gives only the offset. */
static struct mark mark_of_byte(const struct source *source, size_t offset)
{
	struct mark at = source->at;

	for (size_t i = 0; i < offset && i < source->len; i++) {
		if (source->text[i] == '\n') {
			at.line++;
			at.column = 1;
		} else if (((unsigned char)source->text[i] & 0xC0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

static bool fail_parse(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	const char *problem = p->problem ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		return fail(r->err, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return fail_at(r->err, mark_of_byte(r->source, p->problem_offset), "%s", problem);
	if (p->context)
		return fail_at(r->err, mark_of(r, p->problem_mark), "%s (%s)", problem, p->context);
	return fail_at(r->err, mark_of(r, p->problem_mark), "%s", problem);
}

static bool next_event(struct reader *r, yaml_event_t *event)
{
	return yaml_parser_parse(&r->parser, event) ? true : fail_parse(r);
}

static bool read_node(struct reader *r, const yaml_event_t *event, int depth, struct node **to);

/* The next node of a list or map; NULL at its end. */
static bool read_child(struct reader *r, int depth, struct node **to)
{
	yaml_event_t event;

	*to = NULL;
	if (!next_event(r, &event))
		return false;
	bool end = event.type == YAML_SEQUENCE_END_EVENT || event.type == YAML_MAPPING_END_EVENT;
	bool good = end || read_node(r, &event, depth, to);
	yaml_event_delete(&event);
	return good;
}

static bool read_list(struct reader *r, int depth, struct node *list)
{
	struct node *item;

	while (read_child(r, depth, &item)) {
		if (!item)
			return true;
		if (!node_append(&r->document->arena, list, NULL, item, r->err))
			return false;
	}
	return false;
}

static bool check_key(const struct node *map, const struct node *key, struct error *err)
{
	char shown[80];

	if (key->type != NODE_SCALAR)
		return fail_at(err, key->at, "%s where a key is accepted", node_describe(key, shown));
	if (map->count == DOCUMENT_MAX_KEYS)
		return fail_at(err, key->at, "more than %d keys in one map", DOCUMENT_MAX_KEYS);
	for (int i = 0; i < map->count; i++)
		if (!strcmp(map->keys[i]->text, key->text))
			return fail_at(err, key->at, "%s: doubled key; the first is in line %d",
			               words_show(key->text, shown), map->keys[i]->at.line);
	return true;
}

/* Keeps the value of a merge key until the map's own keys are known. */
static bool read_merge(struct reader *r, int depth, const struct node *key, struct node **merged)
{
	if (*merged)
		return fail_at(r->err, key->at, "<<: doubled key; a list merges several maps");
	return read_child(r, depth, merged) && merge_check(*merged, r->err);
}

static bool read_map(struct reader *r, int depth, struct node *map)
{
	struct node *key, *value, *merged = NULL;

	while (read_child(r, depth, &key)) {
		if (!key)
			return !merged || merge_into(r->document, map, merged, r->err);
		if (merge_is_key(key)) {
			if (!read_merge(r, depth, key, &merged))
				return false;
			continue;
		}
		if (!check_key(map, key, r->err) || !read_child(r, depth, &value))
			return false;
		if (!node_append(&r->document->arena, map, key, value, r->err))
			return false;
	}
	return false;
}

static bool read_scalar(struct reader *r, const yaml_event_t *event, struct node *scalar)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;

	if (strlen(text) != len)
		return fail_at(r->err, scalar->at, "a zero character in a text");
	scalar->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	scalar->text = arena_copy(&r->document->arena, text, len, r->err);
	return scalar->text;
}

/* The name of the node's anchor, or NULL. Sets whether the node has a tag, which no description needs. */
static const char *anchor_name(const yaml_event_t *event, bool *tagged)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else if (event->type == YAML_MAPPING_START_EVENT) {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	*tagged = tag;
	return (const char *)anchor;
}

/* A node that is written out here. */
static bool read_own(struct reader *r, const yaml_event_t *event, int depth, struct node **to)
{
	struct mark at = mark_of(r, event->start_mark);
	enum node_type type = event->type == YAML_SCALAR_EVENT ? NODE_SCALAR :
	                      event->type == YAML_SEQUENCE_START_EVENT ? NODE_LIST : NODE_MAP;

	if (depth == DOCUMENT_MAX_DEPTH)
		return fail_at(r->err, at, "lists and maps nested deeper than %d", DOCUMENT_MAX_DEPTH);
	*to = node_create(r->document, type, at, r->err);
	if (!*to)
		return false;
	if (type == NODE_SCALAR)
		return read_scalar(r, event, *to);
	return type == NODE_LIST ? read_list(r, depth + 1, *to) : read_map(r, depth + 1, *to);
}

static bool read_node(struct reader *r, const yaml_event_t *event, int depth, struct node **to)
{
	struct mark at = mark_of(r, event->start_mark);
	bool tagged;
	const char *name = anchor_name(event, &tagged);
	int anchor = -1;

	if (event->type == YAML_ALIAS_EVENT) {
		*to = alias_expand(&r->anchors, r->document, (const char *)event->data.alias.anchor, at, depth, r->err);
		return *to;
	}
	if (tagged)
		return fail_at(r->err, at, "tags (!) are not accepted");
	if (name && (anchor = anchor_open(&r->anchors, r->document, name, at, r->err)) < 0)
		return false;
	if (!read_own(r, event, depth, to))
		return false;
	if (name)
		r->anchors.at[anchor].node = *to;
	return true;
}

/* Reads one event around the document (stream or document, start or end). False if it is of another type. */
static bool take(struct reader *r, yaml_event_type_t type, const char *otherwise)
{
	yaml_event_t event;

	if (!next_event(r, &event))
		return false;
	bool good = event.type == type || fail_at(r->err, mark_of(r, event.start_mark), "%s", otherwise);
	yaml_event_delete(&event);
	return good;
}

static bool read_document(struct reader *r, struct node **to)
{
	return take(r, YAML_STREAM_START_EVENT, "not YAML") &&
	       take(r, YAML_DOCUMENT_START_EVENT, "nothing is written here") &&
	       read_child(r, 0, to) && take(r, YAML_DOCUMENT_END_EVENT, "not YAML") &&
	       take(r, YAML_STREAM_END_EVENT, "a second document where one is accepted");
}

/* libyaml compares each %TAG line with all above it, which takes it ten seconds for a megabyte of them. No description
 * needs one; but a text may speak of them. */
static bool check_directives(const struct source *source, struct error *err)
{
	static const char directive[] = "%TAG";
	const char *at = source->text, *end = at + source->len;
	const size_t len = sizeof directive - 1;

	for (int count = 0; (at = memmem(at, (size_t)(end - at), directive, len)); at += len)
		if (++count > MAX_TAG_DIRECTIVES)
			return fail_at(err, mark_of_byte(source, (size_t)(at - source->text)),
			               "more than %d times %%TAG; tags (!) are not accepted", MAX_TAG_DIRECTIVES);
	return true;
}

bool yaml_parse(struct document *document, const struct source *source, struct node **to, struct error *err)
{
	struct reader r = { .document = document, .source = source, .err = err };

	if (!check_directives(source, err))
		return false;
	if (!yaml_parser_initialize(&r.parser))
		return fail(err, "out of memory");
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)source->text, source->len);
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	bool good = read_document(&r, to);
	yaml_parser_delete(&r.parser);
	return good;
}

/* The file's bytes, for the caller to free. */
static char *read_bytes(const char *path, size_t *len, struct error *err)
{
	uint64_t size;
	int descriptor = regular_open(path, &size, err);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
	char *bytes = file ? malloc(DOCUMENT_MAX_BYTES + 1) : NULL;
	bool good = bytes;

	if (good) {
		*len = fread(bytes, 1, DOCUMENT_MAX_BYTES + 1, file);
		good = !ferror(file);
	}
	if (!good)
		fail(err, "%s: cannot be read: %s", path, strerror(errno));
	else if (*len > DOCUMENT_MAX_BYTES)
		good = fail(err, "%s: larger than %d bytes", path, DOCUMENT_MAX_BYTES);
	if (file)
		fclose(file);
	else if (descriptor >= 0)
		close(descriptor);
	if (good)
		return bytes;
	free(bytes);
	return NULL;
}

static bool read_file(struct document *document, const char *path, struct error *err)
{
	struct source source = { .at = { arena_copy(&document->arena, path, strlen(path), err), 1, 1 } };
	char *bytes = source.at.file ? read_bytes(path, &source.len, err) : NULL;

	source.text = bytes;
	bool good = bytes && yaml_parse(document, &source, &document->root, err);
	free(bytes);
	return good;
}

struct document *document_read(const char *path, struct error *err)
{
	struct document *document = calloc(1, sizeof *document);

	if (!document) {
		fail(err, "out of memory");
		return NULL;
	}
	if (read_file(document, path, err))
		return document;
	document_destroy(document);
	return NULL;
}
