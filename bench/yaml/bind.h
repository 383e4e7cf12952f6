/* Fills structs from YAML nodes by tables of fields, and reports what does not fit. Floor 4b.
 *
 * Every message is one line: file:line:column: key: what was found, what is accepted. */
#ifndef BENCH_YAML_BIND_H
#define BENCH_YAML_BIND_H

#include "bench/text/words.h"
#include "bench/yaml/yaml.h"
#include "nn/base/field.h"

/* How multiples of the width are rounded to whole channel numbers. */
enum rounding { ROUNDING_EXACT, ROUNDING_NEAREST, ROUNDING_MULTIPLE };

/* The values of "2w" and "classes" in a FIELD_COUNT. */
struct binding {
	double width;           /* 0: none; "2w" is then an error */
	int classes;            /* 0 likewise */
	enum rounding rounding;
	int divisor;            /* ROUNDING_MULTIPLE: channels are multiples of it, not 0, at most 10 % below exact */
};

/* Fills `to` (fields' offsets) from a map node; NULL or an empty map: all defaults. Fields with `accepts` are for
 * the caller. `extra` (or NULL) names keys that others read, NULL at the end. `binding` may be NULL where no field is a
 * FIELD_COUNT. A missing required key is reported at the map's place, so where a table has one, give a map. */
bool bind_fields(const struct node *map, const struct field *fields, const char *const *extra,
                 const struct binding *binding, void *to, struct error *err);

/* Binds one value by one field; `to` is the struct. */
bool bind_value(const struct node *node, const struct field *field, const struct binding *binding, void *to,
                struct error *err);

/* Reads a node that names a kind: "adam", or a map of one key {adam: {beta2: 0.99}}. Sets the name, and the map of
 * fields or NULL. */
bool bind_kind(const struct node *node, const char *key, const char **name, const struct node **fields,
               struct error *err);

/* The position of the name that bind_kind reads. */
struct mark bind_kind_mark(const struct node *node);

/* Adds the names of fields and of `extra` (either may be NULL) to the accepted words. */
void bind_words(struct words *words, const struct field *fields, const char *const *extra);

/* Whether every key of the map is an accepted one. */
bool bind_keys(const struct node *map, const struct words *accepted, struct error *err);

/* Whether the node is of that type: "widths: a map where a list is accepted". */
bool bind_type(const struct node *node, enum node_type type, const char *key, struct error *err);

#endif
