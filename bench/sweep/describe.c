/* The resolved description of a point, whose hash is its id. See sweep.h and describe.h.
 *
 * One line per fact: everything that decides what a point computes, and nothing else. It has no names, titles, widths,
 * positions in files or paths of data, so a moved folder or a reordered sweep keeps its records. The data's digest is
 * in the record.
 *
 * A field that was added later (field.later) must have a default that keeps the old behaviour, and the description
 * omits it where it has that default. So old ids stay valid, and no point trains again. A new default or meaning of a
 * field needs a new DESCRIPTION_VERSION. */
#include "bench/sweep/describe.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESCRIPTION_VERSION = 1 };       /* incremented when the same description changes its meaning */

static void print_padding(const struct padding *padding, FILE *to)
{
	if (padding->rule == PADDING_EXPLICIT)
		fprintf(to, "%d %d %d %d", padding->top, padding->bottom, padding->left, padding->right);
	else
		fputs(padding->rule == PADDING_SAME ? "same" : "valid", to);
}

static void print_ints(const struct ints *ints, FILE *to)
{
	for (int i = 0; i < ints->count; i++)
		fprintf(to, "%s%d", i ? " " : "", ints->at[i]);
}

static void print_value(const struct field *f, const void *member, FILE *to)
{
	const struct pair *pair = member;
	const char *const *text = member;

	switch (f->kind) {
	case FIELD_INT: case FIELD_COUNT: fprintf(to, "%d", *(const int *)member); break;
	case FIELD_FLOAT: fprintf(to, "%.17g", *(const double *)member); break;
	case FIELD_BOOL: fputs(*(const bool *)member ? "true" : "false", to); break;
	case FIELD_CHOICE: fputs(f->choices[*(const int *)member], to); break;
	case FIELD_TEXT: fputs(*text ? *text : "", to); break;
	case FIELD_PAIR: fprintf(to, "%d %d", pair->h, pair->w); break;
	case FIELD_INTS: print_ints(member, to); break;
	case FIELD_PADDING: print_padding(member, to); break;
	}
}

/* Whether a field that was added later has its default, so that the description omits it. */
static bool is_omitted(const struct field *f, const void *member)
{
	if (!f->later)
		return false;
	if (f->kind == FIELD_FLOAT)
		return *(const double *)member == f->fallback;
	if (f->kind == FIELD_BOOL)
		return *(const bool *)member == (f->fallback != 0);
	assert(f->kind == FIELD_INT || f->kind == FIELD_COUNT || f->kind == FIELD_CHOICE);
	return *(const int *)member == (int)f->fallback;
}

/* Prints lines "what key value". Texts of data are paths and are left out. */
static void print_fields(const char *what, const struct field *fields, const void *config, FILE *to)
{
	bool places = !strcmp(what, "data");

	for (const struct field *f = fields; f && f->name; f++) {
		if ((places && f->kind == FIELD_TEXT) || is_omitted(f, (const char *)config + f->offset))
			continue;
		fprintf(to, "%s %s ", what, f->name);
		print_value(f, (const char *)config + f->offset, to);
		fputc('\n', to);
	}
}

static void print_kind(const char *what, const struct kind *kind, const void *config, FILE *to)
{
	fprintf(to, "%s %s\n", what, kind->name);
	print_fields(what, kind->fields, config, to);
}

/* In the order in which they work; recipes without steps have no line. */
static void print_augment(const struct recipe *recipe, FILE *to)
{
	char what[32];

	for (int i = 0; i < recipe->augment_count; i++) {
		snprintf(what, sizeof what, "augment %d", i);
		print_kind(what, &recipe->augment[i].type->kind, recipe->augment[i].config, to);
	}
}

static void print_network(const struct network *network, FILE *to)
{
	char what[32];

	for (int i = 0; i < network->layer_count; i++) {
		const struct layer *layer = &network->layers[i];

		snprintf(what, sizeof what, "layer %d", i);
		print_kind(what, &layer->type->kind, layer->config, to);
		for (int k = 0; k < layer->type->inputs; k++)
			fprintf(to, "%s from %d\n", what, layer->from[k]);
	}
}

/* The hash of what print_network prints. False without memory. */
static bool describe_layers(const struct network *network, uint64_t *hash)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return false;
	print_network(network, to);
	bool good = !ferror(to);
	good = fclose(to) == 0 && good;
	*hash = good ? describe_hash(text) : 0;
	free(text);
	return good;
}

/* Younger than the ids of points, so the usual one is left out, and its fields are all `later`. */
static void print_loss(const struct recipe *recipe, FILE *to)
{
	if (recipe->loss == loss_types[0])
		print_fields("loss", recipe->loss->kind.fields, recipe->loss_config, to);
	else
		print_kind("loss", &recipe->loss->kind, recipe->loss_config, to);
}

/* A teacher of the same sweep by its id, which its weights follow from; one in a file by its digest and by what gives
 * these weights a meaning. */
static bool print_teachers(const struct point *point, FILE *to)
{
	for (int i = 0; i < point->teacher_count; i++) {
		const struct point_teacher *t = &point->teachers[i];
		uint64_t network;

		if (t->point) {
			fprintf(to, "teacher %d point %s\n", i, t->point->id);
			continue;
		}
		if (!describe_layers(t->network, &network))
			return false;
		fprintf(to, "teacher %d weights %016" PRIx64 " of %016" PRIx64 " scaling %d\n", i, t->digest, network,
		        t->scaling);
	}
	return true;
}

char *describe_network(const struct sweep *sweep, const struct point *point)
{
	const struct network *network = &point->network;
	const struct recipe *recipe = &point->variant->recipe;
	struct shape in = network->input;
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return NULL;
	fprintf(to, "description %d\ninput %d %d %d\nclasses %d\n", DESCRIPTION_VERSION, in.h, in.w, in.c,
	        network->classes);
	if (sweep->data.format)
		print_kind("data", &sweep->data.format->kind, sweep->data.config, to);
	else
		fprintf(to, "data none\n");
	print_network(network, to);
	print_fields("recipe", recipe_fields, recipe, to);
	print_augment(recipe, to);
	print_kind("optimizer", &recipe->optimizer->kind, recipe->optimizer_config, to);
	print_kind("schedule", &recipe->schedule->kind, recipe->schedule_config, to);
	print_loss(recipe, to);
	bool good = print_teachers(point, to) && !ferror(to);
	if (fclose(to) == 0 && good)
		return text;
	free(text);
	return NULL;
}

/* The line that a seed adds. */
static void print_seed(int seed, char to[32])
{
	snprintf(to, 32, "seed %d\n", seed);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo). */
static uint64_t hash(uint64_t so_far, const char *text)
{
	for (; *text; text++)
		so_far = (so_far ^ (unsigned char)*text) * 0x100000001b3;
	return so_far;
}

uint64_t describe_hash(const char *description)
{
	return hash(0xcbf29ce484222325, description);
}

/* FNV-1a hardly stirs the last bytes into the first digits: ids of one network's seeds would begin alike. The last step
 * of splitmix64 (Steele, Lea, Flood 2014; constants by Stafford) spreads them. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* mix(unmix(x)) is x: shifts are undone by shifting again, products by the constants' inverses modulo 2^64. */
static uint64_t unmix(uint64_t x)
{
	x = (x ^ x >> 31 ^ x >> 62) * 0x319642b2d24d8ec3;
	x = (x ^ x >> 27 ^ x >> 54) * 0x96de1b173f119089;
	return x ^ x >> 30 ^ x >> 60;
}

void describe_id(uint64_t network_hash, int seed, char id[POINT_ID_LEN + 1])
{
	char line[32];

	print_seed(seed, line);
	snprintf(id, POINT_ID_LEN + 1, "%016" PRIx64, mix(hash(network_hash, line)));
}

void describe_id_before(const char *id, char before[POINT_ID_LEN + 1])
{
	snprintf(before, POINT_ID_LEN + 1, "%016" PRIx64, unmix(strtoull(id, NULL, 16)));
}

/* Lines that say how long a network trains, not what an update is. */
static bool is_length(const char *line)
{
	static const char *const names[] = { "recipe epochs ", "recipe patience ", "recipe min_gain " };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

bool describe_speed_id(const struct sweep *sweep, const struct point *point, char id[POINT_ID_LEN + 1])
{
	char *text = describe_network(sweep, point), *to = text;

	if (!text)
		return false;
	for (char *line = text; *line;) {
		size_t len = strcspn(line, "\n") + 1;

		if (!is_length(line)) {
			memmove(to, line, len);
			to += len;
		}
		line += len;
	}
	*to = '\0';
	snprintf(id, POINT_ID_LEN + 1, "%016" PRIx64, describe_hash(text));
	free(text);
	return true;
}

char *point_describe(const struct sweep *sweep, const struct point *point)
{
	char *text = describe_network(sweep, point), *whole = NULL;
	size_t len = text ? strlen(text) : 0;
	char line[32] = "";

	print_seed(point->seed, line);
	if (text)
		whole = realloc(text, len + sizeof line);
	if (whole)
		memcpy(whole + len, line, sizeof line);
	else
		free(text);
	return whole;
}
