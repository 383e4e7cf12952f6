/* See outcome_table.h. Machines read accuracies as shares 0..1, people as percent. */
#include "bench/eval/outcome_table.h"

#include <inttypes.h>
#include <math.h>

static const struct column split_columns[] = {
	{ "point", .kind = COLUMN_TEXT },
	{ "split", .kind = COLUMN_TEXT },
	{ "images", .kind = COLUMN_INT, .spare = 2 },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = 2, .title = "accuracy %" },
	{ "loss", .kind = COLUMN_REAL, .decimals = 4, .spare = 1 },
	{ "accuracy_views", .kind = COLUMN_REAL, .decimals = 2, .title = "views %" },
	{ "loss_views", .kind = COLUMN_REAL, .decimals = 4, .title = "their loss", .spare = 3 },
	{ 0 }
};

static const struct column row_columns[] = {
	{ "point", .kind = COLUMN_TEXT },
	{ "split", .kind = COLUMN_TEXT },
	{ "class", .kind = COLUMN_INT },        /* missing: all of them */
	{ "images", .kind = COLUMN_INT },
	{ "correct", .kind = COLUMN_INT },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "loss", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "name", .kind = COLUMN_TEXT },        /* the class's; missing where there is none */
	/* Of all classes; missing without views */
	{ "accuracy_views", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "loss_views", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ 0 }
};

static int correct_of(const struct results *r, const struct outcome *o, int class)
{
	return o->confusion[class * r->classes + class];
}

static double accuracy_of(const struct results *r, const struct outcome *o, int class)
{
	return o->images[class] ? (double)correct_of(r, o, class) / o->images[class] : NAN;
}

static int correct_in_all(const struct results *r, const struct outcome *o)
{
	int sum = 0;

	for (int class = 0; class < r->classes; class++)
		sum += correct_of(r, o, class);
	return sum;
}

/* --- people ------------------------------------------------------------------------------------------------------- */

static bool print_splits(const struct results *r, struct error *err)
{
	struct table *table = table_create(split_columns);

	for (int split = 0; split < r->split_count; split++)
		for (int i = 0; i < r->count; i++) {
			const struct outcome *o = &r->list[i].outcomes[split];

			table_text(table, r->list[i].name);
			table_text(table, o->split->name);
			table_int(table, o->split->count);
			table_real(table, 100 * o->score.accuracy);
			table_real(table, o->score.loss);
			table_real(table, 100 * o->by_views.accuracy);
			table_real(table, o->by_views.loss);
		}
	bool printed = table_print(table, TABLE_HUMAN, stdout, err);
	table_destroy(table);
	return printed;
}

/* Accuracy of each class: a row a class, two columns a split; of the average where there is one. */
static bool print_classes(const struct results *r, struct error *err)
{
	const struct result *last = &r->list[r->count - 1];
	struct column columns[2 * MAX_SPLITS + 3] = {
		{ "class", .kind = COLUMN_INT }, { "name", .kind = COLUMN_TEXT, .spare = 1 },
	};
	char titles[MAX_SPLITS][48];

	for (int i = 0; i < r->split_count; i++) {
		snprintf(titles[i], sizeof titles[i], "%.40s %%", last->outcomes[i].split->name);
		columns[2 + 2 * i] = (struct column){ titles[i], .kind = COLUMN_REAL, .decimals = 2 };
		columns[3 + 2 * i] = (struct column){ "images", .kind = COLUMN_INT, .spare = 2 };
	}
	struct table *table = table_create(columns);
	for (int class = 0; class < r->classes; class++) {
		table_int(table, class);
		table_text(table, dataset_class_name(&r->sweep->data, class));
		for (int i = 0; i < r->split_count; i++) {
			table_real(table, 100 * accuracy_of(r, &last->outcomes[i], class));
			table_int(table, last->outcomes[i].images[class]);
		}
	}
	bool printed = table_print(table, TABLE_HUMAN, stdout, err);
	table_destroy(table);
	return printed;
}

static bool print_people(const struct results *r, struct error *err)
{
	if (!print_splits(r, err))
		return false;
	putchar('\n');
	return print_classes(r, err);
}

/* --- TSV ---------------------------------------------------------------------------------------------------------- */

static void add_row_head(struct table *table, const struct result *result, const struct outcome *o)
{
	table_text(table, result->name);
	table_text(table, o->split->name);
}

static void add_rows(const struct results *r, const struct result *result, const struct outcome *o, struct table *table)
{
	add_row_head(table, result, o);
	table_missing(table);
	table_int(table, o->split->count);
	table_int(table, correct_in_all(r, o));
	table_real(table, o->score.accuracy);
	table_real(table, o->score.loss);
	table_missing(table);
	table_real(table, o->by_views.accuracy);
	table_real(table, o->by_views.loss);
	for (int class = 0; class < r->classes; class++) {
		add_row_head(table, result, o);
		table_int(table, class);
		table_int(table, o->images[class]);
		table_int(table, correct_of(r, o, class));
		table_real(table, accuracy_of(r, o, class));
		table_missing(table);
		table_text(table, dataset_class_name(&r->sweep->data, class));
		table_missing(table);
		table_missing(table);
	}
}

static bool print_rows(const struct results *r, struct error *err)
{
	struct table *table = table_create(row_columns);

	for (int i = 0; i < r->count; i++)
		for (int split = 0; split < r->split_count; split++)
			add_rows(r, &r->list[i], &r->list[i].outcomes[split], table);
	bool printed = table_print(table, TABLE_TSV, stdout, err);
	table_destroy(table);
	return printed;
}

/* --- JSON --------------------------------------------------------------------------------------------------------- */

static void print_number(double value)
{
	char number[NUMBER_BYTES];

	fputs(isfinite(value) ? words_number(value, number) : "null", stdout);
}

static void print_class_objects(const struct results *r, const struct outcome *o, const char *indent)
{
	printf("%s  \"classes\": [", indent);
	for (int class = 0; class < r->classes; class++) {
		const char *name = dataset_class_name(&r->sweep->data, class);

		printf("%s\n%s    {\"class\": %d, \"images\": %d, \"correct\": %d, \"accuracy\": ", class ? "," : "",
		       indent, class, o->images[class], correct_of(r, o, class));
		print_number(accuracy_of(r, o, class));
		if (name) {
			printf(", \"name\": ");
			print_json_text(name, stdout);
		}
		putchar('}');
	}
	printf("\n%s  ],\n", indent);
}

static void print_confusion(const struct results *r, const struct outcome *o, const char *indent)
{
	printf("%s  \"confusion\": [", indent);
	for (int label = 0; label < r->classes; label++) {
		printf("%s\n%s    [", label ? "," : "", indent);
		for (int class = 0; class < r->classes; class++)
			printf("%s%d", class ? ", " : "", o->confusion[label * r->classes + class]);
		putchar(']');
	}
	printf("\n%s  ]\n", indent);
}

static void print_view_members(const struct results *r, const struct outcome *o, const char *indent)
{
	if (!r->sweep->views.count)
		return;
	printf("%s  \"accuracy_views\": ", indent);
	print_number(o->by_views.accuracy);
	printf(",\n%s  \"loss_views\": ", indent);
	print_number(o->by_views.loss);
	printf(",\n");
}

/* The member "splits" of an object. */
static void print_split_objects(const struct results *r, const struct result *result, const char *indent)
{
	char deeper[32];

	snprintf(deeper, sizeof deeper, "%s  ", indent);
	printf("%s\"splits\": [", indent);
	for (int i = 0; i < r->split_count; i++) {
		const struct outcome *o = &result->outcomes[i];

		printf("%s\n%s{\n%s  \"split\": \"%s\",\n", i ? "," : "", deeper, deeper, o->split->name);
		printf("%s  \"images\": %d,\n%s  \"correct\": %d,\n%s  \"accuracy\": ", deeper, o->split->count, deeper,
		       correct_in_all(r, o), deeper);
		print_number(o->score.accuracy);
		printf(",\n%s  \"loss\": ", deeper);
		print_number(o->score.loss);
		printf(",\n");
		print_view_members(r, o, deeper);
		print_class_objects(r, o, deeper);
		print_confusion(r, o, deeper);
		printf("%s}", deeper);
	}
	printf("\n%s]\n", indent);
}

static void print_text_member(const char *indent, const char *name, const char *text)
{
	printf("%s\"%s\": ", indent, name);
	print_json_text(text, stdout);
	printf(",\n");
}

/* Who it is and how it did. */
static void print_result(const struct results *r, const struct result *result, const char *indent)
{
	char number[NUMBER_BYTES];

	if (result->point) {
		print_text_member(indent, "family", result->point->family);
		printf("%s\"width\": %s,\n", indent, words_number(result->point->width, number));
		printf("%s\"seed\": %d,\n", indent, result->point->seed);
		print_text_member(indent, "id", result->point->id);
		print_text_member(indent, "weights", result->weights);
	}
	print_split_objects(r, result, indent);
}

static void print_json(const struct results *r)
{
	printf("{\n");
	print_text_member("  ", "sweep", r->sweep->name);
	if (r->sweep->views.count)
		print_text_member("  ", "views", r->sweep->views.text);
	if (r->count == 1) {
		print_result(r, &r->list[0], "  ");
		printf("}\n");
		return;
	}
	printf("  \"members\": [");
	for (int i = 0; i < r->count - 1; i++) {
		printf("%s\n    {\n", i ? "," : "");
		print_result(r, &r->list[i], "      ");
		printf("    }");
	}
	printf("\n  ],\n  \"ensemble\": {\n");
	print_result(r, &r->list[r->count - 1], "    ");
	printf("  }\n}\n");
}

bool results_print(const struct results *r, enum table_format format, struct error *err)
{
	switch (format) {
	case TABLE_HUMAN:
	case TABLE_MARKDOWN:
		return print_people(r, err);
	case TABLE_TSV:
		return print_rows(r, err);
	case TABLE_JSON:
		print_json(r);
		return true;
	}
	return false;
}
