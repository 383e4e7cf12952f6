/* See dataset.h. What all formats share: paths, memory, splits, the last checks, the digest. */
#include "bench/data/dataset.h"

#include "bench/system/digest.h"
#include "bench/system/machine.h"
#include "bench/text/text.h"
#include "bench/text/words.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t digest_dataset(const struct dataset *data)
{
	const int facts[] = { data->shape.c, data->shape.h, data->shape.w, data->classes, data->count,
	                      data->split_count };
	uint64_t digest = DIGEST_START;

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		digest = digest_word(digest, (uint64_t)facts[i]);
	for (int i = 0; i < data->split_count; i++) {
		const struct split *split = &data->splits[i];
		digest = digest_bytes(digest, split->name, strlen(split->name));
		digest = digest_word(digest, (uint64_t)split->role);
		digest = digest_word(digest, (uint64_t)split->first);
		digest = digest_word(digest, (uint64_t)split->count);
	}
	digest = digest_bytes(digest, data->labels, (size_t)data->count);
	return digest_bytes(digest, data->pixels, (size_t)data->count * image_len(data->shape));
}

bool dataset_misfit(struct dataset *to)
{
	to->misfit = true;
	return false;
}

/* All sizes that formats compute are products of these, so none can overflow. */
static bool check_description(const struct data_description *description, struct error *err)
{
	struct shape s = description->shape;

	assert(s.c > 0 && s.h > 0 && s.w > 0 && description->classes > 0);
	if ((uint64_t)s.h * (uint64_t)s.w > MAX_PIXEL_BYTES / (uint64_t)s.c)
		return fail_at(err, description->at, "input: an image of %dx%dx%d is larger than %llu bytes", s.h, s.w,
		               s.c, (unsigned long long)MAX_PIXEL_BYTES);
	if (description->classes > MAX_CLASSES)
		return fail_at(err, description->at, "classes: %d is outside 1..%d", description->classes, MAX_CLASSES);
	return true;
}

/* The format reports labels that are too large, since it knows their position; only here a class that never occurs
 * shows. */
static bool check_classes(const struct data_description *description, const struct dataset *data, struct error *err)
{
	int largest = 0;

	for (int i = 0; i < data->count; i++)
		largest = data->labels[i] > largest ? data->labels[i] : largest;
	assert(largest < description->classes);
	return largest == description->classes - 1 ||
	       fail_at(err, description->at,
	               "classes: %d does not fit the data: the largest label of its %d images is %d",
	               description->classes, data->count, largest);
}

const char *dataset_class_name(const struct data_description *description, int class)
{
	const struct data_format *format = description->format;

	if (description->class_names)
		return description->class_names[class];
	return format && format->named_classes == description->classes ? format->class_names[class] : NULL;
}

bool dataset_is_named(const struct data_description *description, struct error *err)
{
	struct words words = { 0 };
	char accepted[ACCEPTED_BYTES];

	for (const struct data_format *const *format = data_formats; *format; format++)
		words_add(&words, (*format)->kind.name);
	return description->format ||
	       fail_at(err, description->at, "data: missing; %s", words_accepted(&words, "", accepted));
}

static bool read_checked(const struct data_description *description, struct dataset *to, struct error *err)
{
	if (!dataset_is_named(description, err))
		return false;
	if (!check_description(description, err))
		return dataset_misfit(to);
	return description->format->read(description, to, err) &&
	       (check_classes(description, to, err) || dataset_misfit(to));
}

bool dataset_read(const struct data_description *description, struct dataset *to, struct error *err)
{
	*to = (struct dataset){ .shape = description->shape, .classes = description->classes };
	if (!read_checked(description, to, err)) {
		bool misfit = to->misfit;

		dataset_free(to);
		to->misfit = misfit;
		return false;
	}
	assert(dataset_split(to, ROLE_TRAINING) && dataset_split(to, ROLE_TEST));
	to->digest = digest_dataset(to);
	return true;
}

void dataset_free(struct dataset *data)
{
	free(data->pixels);
	free(data->labels);
	*data = (struct dataset){ .count = 0 };
}

const struct split *dataset_split(const struct dataset *data, enum split_role role)
{
	for (int i = 0; i < data->split_count; i++)
		if (data->splits[i].role == role)
			return &data->splits[i];
	return NULL;
}

bool dataset_path(const struct data_description *description, const char *key, const char *name, char to[DATA_PATH_MAX],
                  struct error *err)
{
	const char *folder = description->folder ? description->folder : "";
	bool below = name[0] != '/' && folder[0] != '\0';

	if (name[0] == '\0')
		return fail_at(err, description->at, "%s: found an empty path", key);
	int len = snprintf(to, DATA_PATH_MAX, "%s%s%s", below ? folder : "", below ? "/" : "", name);
	return (len >= 0 && len < DATA_PATH_MAX) ||
	       fail_at(err, description->at, "%s: the path is longer than %d bytes", key, DATA_PATH_MAX - 1);
}

bool dataset_check_validation(const struct data_description *description, int validation, int training,
                              const char *path, struct error *err)
{
	return validation < training ||
	       fail_at(err, description->at, "validation: %d leaves nothing to train on: %s has %d training images",
	               validation, path, training);
}

/* A twentieth stays for everything else. */
uint64_t dataset_memory_left(void)
{
	return (uint64_t)machine_memory_bytes() / 20 * 19;
}

bool dataset_allocate(const struct data_description *description, struct dataset *to, struct error *err)
{
	size_t len = (size_t)to->count * image_len(description->shape);
	uint64_t left = dataset_memory_left();
	char there[NUMBER_BYTES];

	if (len <= left) {
		to->pixels = malloc(len);
		to->labels = malloc((size_t)to->count);
	}
	return (to->pixels && to->labels) ||
	       fail_at(err, description->at,
	               "data: not enough memory for the %zu bytes of its %d images: %s are available", len, to->count,
	               format_bytes((int64_t)left, there));
}

bool dataset_is_headline(const struct data_format *format, const struct split *split)
{
	return format->headline ? strcmp(split->name, format->headline) == 0 : split->role == ROLE_TEST;
}

void dataset_lay_splits(const struct data_description *description, struct dataset *to, const int counts[MAX_SPLITS])
{
	int next = 0;

	to->split_count = description->format->splits(description->config, to->splits);
	for (int i = 0; i < to->split_count; i++) {
		struct split *split = &to->splits[i];
		split->first = counts[i] ? next : split[-2].first;
		split->count = counts[i] ? counts[i] : split[-2].count + split[-1].count;
		assert(split->count > 0);
		next = split->first + split->count;
	}
	assert(next == to->count);
}
