/* See batch_file.h. */
#include "bench/weights/batch_file.h"

#include "bench/text/words.h"
#include "bench/weights/npz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* State while a file is read. */
struct reading {
	const char *path;
	const struct network *network;
	struct npz *file;
	const struct npz_array *x, *y;
};

static bool find_arrays(struct reading *r, struct error *err)
{
	char shown[SHOWN_BYTES];

	r->x = npz_find(r->file, "x");
	r->y = npz_find(r->file, "y");
	if (!r->x || !r->y)
		return fail(err, "%s: array \"%s\" is missing; a batch is x, floats [n, rows, columns, channels], "
		                 "and y, integers [n]",
		            r->path, r->x ? "y" : "x");
	for (int i = 0; i < npz_count(r->file); i++)
		if (npz_at(r->file, i) != r->x && npz_at(r->file, i) != r->y)
			return fail(err, "%s: array \"%s\" is no part of a batch; accepted: x, y", r->path,
			            words_show(npz_at(r->file, i)->name, shown));
	return true;
}

static bool check_x(const struct reading *r, struct error *err)
{
	struct shape in = r->network->input;
	const int64_t *n = r->x->dims;
	char shape[NPZ_SHAPE_BYTES];

	if (!npz_is_float(r->x->type))
		return fail(err, "%s: array \"x\" is of type %s; accepted: float16, float32, float64, "
		                 "already scaled as the network takes "
		            "its inputs", r->path, npz_type_name(r->x->type));
	if (r->x->rank != 4 || n[1] != in.h || n[2] != in.w || n[3] != in.c)
		return fail(err, "%s: array \"x\" is %s; accepted: [n, %d, %d, %d] (images, rows, columns, channels)",
		            r->path, npz_shape(r->x->rank, r->x->dims, shape), in.h, in.w, in.c);
	return (n[0] >= 1 && n[0] <= BATCH_FILE_MAX) ||
	       fail(err, "%s: array \"x\" has %lld images; accepted: 1..%d", r->path, (long long)n[0], BATCH_FILE_MAX);
}

static bool check_y(const struct reading *r, struct error *err)
{
	char shape[NPZ_SHAPE_BYTES];

	if (npz_is_float(r->y->type))
		return fail(err, "%s: array \"y\" is of type %s; accepted: integers", r->path,
		            npz_type_name(r->y->type));
	return (r->y->rank == 1 && r->y->dims[0] == r->x->dims[0]) ||
	       fail(err, "%s: array \"y\" is %s; accepted: [%lld], a label for each image of \"x\"", r->path,
	            npz_shape(r->y->rank, r->y->dims, shape), (long long)r->x->dims[0]);
}

static bool read_x(const struct reading *r, struct batch_file *to, struct error *err)
{
	int64_t i = 0;

	if (!npz_read_floats(r->file, r->x, to->x, err))
		return false;
	while (i < r->x->count && isfinite(to->x[i]))
		i++;
	return i == r->x->count || fail(err, "%s: array \"x\": number %lld is not finite", r->path, (long long)i);
}

static bool read_labels(const struct reading *r, struct batch_file *to, struct error *err)
{
	int64_t *y = malloc((size_t)to->images * sizeof *y);
	bool good = y ? npz_read_integers(r->file, r->y, y, err)
	              : fail(err, "%s: not enough memory for its labels", r->path);

	for (int i = 0; good && i < to->images; i++) {
		good = (y[i] >= 0 && y[i] < r->network->classes) ||
		       fail(err, "%s: array \"y\": number %d is %lld; accepted: 0..%d", r->path, i, (long long)y[i],
		            r->network->classes - 1);
		to->labels[i] = (int)y[i];
	}
	free(y);
	return good;
}

static bool read_arrays(struct reading *r, struct batch_file *to, struct error *err)
{
	if (!find_arrays(r, err) || !check_x(r, err) || !check_y(r, err))
		return false;
	to->images = (int)r->x->dims[0];
	to->x = malloc((size_t)r->x->count * sizeof *to->x);
	to->labels = malloc((size_t)to->images * sizeof *to->labels);
	if (!to->x || !to->labels)
		return fail(err, "%s: not enough memory for %d images", r->path, to->images);
	return read_x(r, to, err) && read_labels(r, to, err);
}

bool batch_file_read(const char *path, const struct network *network, struct batch_file *to, struct error *err)
{
	struct reading r = { .path = path, .network = network, .file = npz_open(path, err) };

	*to = (struct batch_file){ 0 };
	if (!r.file)
		return false;
	bool read = read_arrays(&r, to, err);
	npz_close(r.file);
	if (!read)
		batch_file_free(to);
	return read;
}

void batch_file_free(struct batch_file *batch)
{
	free(batch->x);
	free(batch->labels);
	*batch = (struct batch_file){ 0 };
}
