/* See final_weights.h. */
#include "bench/record/final_weights.h"

#include "bench/record/record.h"
#include "bench/sweep/point_find.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static bool path_of(const char *folder, const char *id, char to[FILE_PATH_BYTES], struct error *err)
{
	return snprintf(to, FILE_PATH_BYTES, "%s/points/%s.npz", folder, id) < FILE_PATH_BYTES ||
	       fail(err, "%.100s...: the path is too long", folder);
}

bool final_weights_write(const char *folder, const struct point *point, const struct training *training,
                         struct error *err)
{
	struct model_memory memory = training_weights(training);
	struct weights_source source = { .prefix = "", .from = { memory.params, memory.state }, .type = NPZ_FLOAT32 };
	char points[FILE_PATH_BYTES], path[FILE_PATH_BYTES];

	if (!path_of(folder, point->id, path, err))
		return false;
	snprintf(points, sizeof points, "%s/points", folder);
	struct weights *weights = folder_create(points, err) ?
		weights_create(&point->network, training_plan(training), err) : NULL;
	bool written = weights && weights_write(weights, path, &source, err);
	weights_destroy(weights);
	return written;
}

bool final_weights_remove(const char *folder, const char *id, struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (!path_of(folder, id, path, err))
		return false;
	return unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR ||
	       fail(err, "%s: cannot be removed: %s", path, strerror(errno));
}

static bool refuse(const struct weights_search *s, const struct point *point, const char *path, bool trained,
                   struct error *err)
{
	char name[POINT_NAME_BYTES];

	point_name(s->sweep, point, name);
	return fail(err, "%s has no trained weights: there is no %s; train it first: "
	            "archsweep run %s --only %s%s%s%s", name, path,
	            s->sweep_path, name, s->again,
	            trained ? " --force" : "", s->otherwise);
}

bool final_weights_find(const struct weights_search *s, const struct point *point, char to[FILE_PATH_BYTES],
                        struct error *err)
{
	struct error broken = { "" };
	struct record record;

	if (!path_of(s->folder, point->id, to, err))
		return false;
	if (access(to, F_OK) == 0)
		return true;
	bool trained = record_read(s->folder, point->id, &record, &broken) && record.status == POINT_DONE;
	return refuse(s, point, to, trained, err);
}
