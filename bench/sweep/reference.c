/* See reference.h. A chapter is a heading, a text, and what its print function adds: tables of fields and kinds.
 * A new layer, optimizer, schedule, loss, step of augmentation or data format needs no edit here. */
#include "bench/sweep/reference.h"

#include "bench/data/dataset.h"
#include "bench/sweep/blocks.h"
#include "bench/sweep/entry.h"
#include "bench/sweep/expand.h"
#include "bench/sweep/family.h"
#include "bench/sweep/point_teachers.h"
#include "bench/sweep/recipe_read.h"
#include "bench/sweep/reference_text.h"
#include "bench/sweep/settings.h"
#include "bench/text/page.h"
#include "bench/text/words.h"

#include <string.h>

struct chapter {
	const char *title, *text;
	void (*print)(struct page *page);
};

/* ---- kinds: layers, optimizers, schedules, losses, data formats ---- */

/* `remark`: a sentence more, or NULL. */
static void print_kind(struct page *page, const struct kind *kind, const char *remark)
{
	char heading[256];

	snprintf(heading, sizeof heading, "`%s`: %s", kind->name, kind->help);
	page_heading(page, 3, heading);
	if (kind->about)
		page_text(page, kind->about);
	if (remark)
		page_text(page, remark);
	page_fields(page, kind->fields);
}

static void print_layers(struct page *page)
{
	for (int i = 0; layer_types[i]; i++)
		print_kind(page, &layer_types[i]->kind, NULL);
}

static void print_optimizers(struct page *page)
{
	char rate[64], number[NUMBER_BYTES];

	for (int i = 0; optimizer_types[i]; i++) {
		words_number(optimizer_types[i]->learning_rate, number);
		snprintf(rate, sizeof rate, "Its usual learning rate is %s.", number);
		print_kind(page, &optimizer_types[i]->kind, rate);
	}
}

static void print_schedules(struct page *page)
{
	for (int i = 0; schedule_types[i]; i++)
		print_kind(page, &schedule_types[i]->kind, NULL);
}

static void print_losses(struct page *page)
{
	for (int i = 0; loss_types[i]; i++)
		print_kind(page, &loss_types[i]->kind, NULL);
}

static void print_augment(struct page *page)
{
	for (int i = 0; augment_types[i]; i++)
		print_kind(page, &augment_types[i]->kind, NULL);
}

static void print_views(struct page *page)
{
	for (int i = 0; view_types[i]; i++)
		print_kind(page, &view_types[i]->kind, NULL);
}

static void print_data(struct page *page)
{
	for (int i = 0; data_formats[i]; i++)
		print_kind(page, &data_formats[i]->kind, NULL);
}

/* ---- maps with fixed keys ---- */

static void print_titled(struct page *page, const char *title, const char *text, const struct field *fields)
{
	page_heading(page, 3, title);
	page_text(page, text);
	page_fields(page, fields);
}

static void print_sweep(struct page *page)
{
	page_fields(page, sweep_fields);
	print_titled(page, "An item of `families`", text_entry, entry_fields);
	page_heading(page, 3, "The sweeps in this folder");
	page_text(page, text_sweeps_here);
}

static void print_families(struct page *page)
{
	page_fields(page, family_fields);
	print_titled(page, "Widths and `rounding`", text_family_more, NULL);
}

static void print_blocks(struct page *page)
{
	page_fields(page, block_fields);
	print_titled(page, "`repeat`: a list of layers several times", text_repeats, repeat_fields);
	print_titled(page, "Keys of every layer, block and repeat", text_items, item_fields);
	page_fields(page, joining_fields);
}

static void print_variants(struct page *page)
{
	print_titled(page, "`best`", text_best, best_fields);
}

static void print_recipe(struct page *page)
{
	page_fields(page, recipe_from_fields);
	page_fields(page, recipe_kind_fields);
	page_fields(page, recipe_fields);
	print_titled(page, "`teachers`", text_teachers, teacher_fields);
}

static const struct chapter sweep = { "Sweeps", text_sweep, print_sweep };
static const struct chapter families = { "Families", text_family, print_families };
static const struct chapter blocks = { "Blocks, repeats and shortcuts", text_blocks, print_blocks };
static const struct chapter layers = { "Layers", text_layers, print_layers };
static const struct chapter recipe = { "The recipe", text_recipe, print_recipe };
static const struct chapter variants = { "Several recipes, varied values", text_variants, print_variants };
static const struct chapter optimizers = { "Optimizers", text_optimizers, print_optimizers };
static const struct chapter schedules = { "Schedules of the learning rate", text_schedules, print_schedules };
static const struct chapter losses = { "Losses", text_losses, print_losses };
static const struct chapter augment = { "Augmentation", text_augment, print_augment };
static const struct chapter views = { "Views and ensembles", text_views, print_views };
static const struct chapter data = { "Data", text_data, print_data };

const struct reference_topic reference_topics[] = {
	{ "sweep", "a sweep's file: images, recipe, families, widths, expected counts", &sweep },
	{ "families", "a family's file: layers, the width w, rounding", &families },
	{ "blocks", "named blocks, repeats, shortcuts", &blocks },
	{ "layers", "every layer and its fields", &layers },
	{ "recipe", "how points are trained", &recipe },
	{ "variants", "several recipes in one sweep, varied values, the best of them", &variants },
	{ "optimizers", "every optimizer and its fields", &optimizers },
	{ "schedules", "every schedule of the learning rate and its fields", &schedules },
	{ "losses", "every loss and its fields", &losses },
	{ "augment", "every step of augmentation and its fields", &augment },
	{ "views", "test-time augmentation, and ensembles of points", &views },
	{ "data", "the formats that images are read from", &data },
	{ 0 }
};

const struct reference_topic *reference_find(const char *name)
{
	for (const struct reference_topic *topic = reference_topics; topic->name; topic++)
		if (!strcmp(topic->name, name))
			return topic;
	return NULL;
}

static void print_chapter(struct page *page, const struct chapter *chapter)
{
	page_heading(page, 2, chapter->title);
	page_text(page, chapter->text);
	chapter->print(page);
}

void reference_print_topic(const struct reference_topic *topic, FILE *to)
{
	print_chapter(&(struct page){ .to = to }, topic->chapter);
}

void reference_print_page(FILE *to)
{
	struct page page = { .to = to, .markdown = true };

	page_heading(&page, 1, "The YAML of sweeps and families");
	page_text(&page, text_preface);
	for (const struct reference_topic *topic = reference_topics; topic->name; topic++)
		print_chapter(&page, topic->chapter);
}
