/* See final_weights.h. */
#include "bench/record/final_weights.h"

#include "bench/record/point_files.h"
#include "bench/sweep/point_find.h"
#include "bench/text/shell_word.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool final_weights_write(const char *folder, const struct point *point, const struct training *training,
                         struct error *err)
{
	struct model_memory memory = training_weights(training);
	struct weights_source source = { .prefix = "", .from = { memory.params, memory.state }, .type = NPZ_FLOAT32 };
	char points[FILE_PATH_BYTES], path[FILE_PATH_BYTES];

	if (!point_file_path(folder, point->id, POINT_WEIGHTS, path, err))
		return false;
	snprintf(points, sizeof points, "%s/points", folder);
	struct weights *weights = folder_create(points, err) ?
		weights_create(&point->network, training_plan(training), err) : NULL;
	bool written = weights && weights_write(weights, path, &source, err);
	weights_destroy(weights);
	return written;
}

static bool refuse(const struct weights_search *s, const struct point *point, const char *path, bool trained,
                   struct error *err)
{
	char name[POINT_NAME_BYTES], *sweep = NULL;
	size_t len;
	FILE *word = open_memstream(&sweep, &len);

	if (word) {
		print_shell_word(s->sweep_path, word);
		fclose(word);
	}
	point_name(s->sweep, point, name);
	fail(err, "%s has no trained weights: there is no %s; train it first: archsweep run %s --only %s%s%s%s", name,
	     path, sweep ? sweep : "SWEEP.yaml", name, s->again, trained ? " --force" : "", s->otherwise);
	free(sweep);
	return false;
}

bool final_weights_find(const struct weights_search *s, const struct point *point, char to[FILE_PATH_BYTES],
                        struct error *err)
{
	struct error broken = { "" };
	struct record record;

	if (!point_file_path(s->folder, point->id, POINT_WEIGHTS, to, err))
		return false;
	if (access(to, F_OK) == 0)
		return true;
	bool trained = record_read(s->folder, point->id, &record, &broken) && record.status == POINT_DONE;
	return refuse(s, point, to, trained, err);
}
