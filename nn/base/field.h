/* A table of fields describes the YAML keys that fill a struct: name, kind, range, default, help. Floor 0.
 *
 * Layers, optimizers, schedules, recipes and data formats each have such a table. bench/yaml/bind.c is the one place
 * that fills structs from them, so unknown keys, wrong types and ranges are reported alike everywhere;
 * bench/sweep/reference.c prints them for `archsweep help layers` and for sweeps/README.md. */
#ifndef NN_BASE_FIELD_H
#define NN_BASE_FIELD_H

#include <stddef.h>

enum field_kind {
	FIELD_INT,              /* int */
	FIELD_COUNT,            /* int; the text may also be a multiple of the width, "2w", "0.5w", "w", or "classes" */
	FIELD_FLOAT,            /* double */
	FIELD_BOOL,             /* bool: true or false */
	FIELD_CHOICE,           /* int: index of the word in .choices */
	FIELD_TEXT,             /* const char *, owned by the document; any scalar */
	FIELD_PAIR,             /* struct pair: one whole number for both, or [rows, columns] */
	FIELD_INTS,             /* struct ints: one whole number, or a list of up to MAX_INTS */
	FIELD_PADDING,          /* struct padding: same, valid, a whole number, or [top, bottom, left, right] */
};

struct pair { int h, w; };      /* rows, columns */

enum { MAX_INTS = 16 };
struct ints { int count, at[MAX_INTS]; };       /* default: none */

enum padding_rule { PADDING_SAME, PADDING_VALID, PADDING_EXPLICIT };

struct padding {
	enum padding_rule rule;
	int top, bottom, left, right;   /* rows and columns of zeros; 0 unless the rule is PADDING_EXPLICIT */
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;          /* of the member in the struct that is filled */
	double fallback;        /* default: number, bool, index of a choice, both members of a pair, rule */
	const char *fallback_text;      /* default of a FIELD_TEXT; may be NULL */
	double min, max;        /* accepted range, inclusive, of numbers, members of pairs and lists, padding */
	const char *const *choices;     /* FIELD_CHOICE: accepted words, NULL at the end */
	int required;           /* 1: no default, a missing key is an error */
	/* 1: younger than the ids of points, which hold it only where it is not its default (sweep/describe.c) */
	int later;
	const char *help;       /* what it means, for the reference: a phrase without a full stop at its end */
	const char *accepts;    /* NULL, or what the reference says is accepted, where code of its own reads the value:
	                         * of the other members only name, required, fallback_text and help count then */
};                              /* a table ends with a field without a name */

/* What layer types, optimizers, schedules and data formats share: a name in the YAML and the struct that its fields
 * fill. */
struct kind {
	const char *name;
	const char *help;       /* one line for the reference */
	const struct field *fields;     /* NULL: takes none */
	size_t config_size;     /* bytes of the struct; 0 where there are no fields */
	const char *about;      /* what else the reference says, a text as bench/text/page.h takes it; NULL: nothing */
};

#endif
