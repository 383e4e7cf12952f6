/* See checkpoint.h. */
#include "bench/record/checkpoint.h"

#include "bench/record/record_columns.h"
#include "bench/system/digest.h"
#include "bench/system/regular_file.h"
#include "bench/text/tsv_cells.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FORMAT = 1, HEAD_BYTES = 256, MOST_TEXT = 1 << 28, PIECE = 1 << 18 };

/* The first line. */
struct head {
	int format;
	uint64_t digest;
	int64_t text_bytes, array_bytes;
};

static const struct cell head_cells[] = {
	{ "format", CELL_INT, .offset = offsetof(struct head, format), .min = 1, .max = INT_MAX },
	{ "digest", CELL_DIGEST, .offset = offsetof(struct head, digest) },
	{ "text_bytes", CELL_COUNT, .offset = offsetof(struct head, text_bytes), .max = MOST_TEXT },
	{ "array_bytes", CELL_COUNT, .offset = offsetof(struct head, array_bytes), .max = 9e18 },
	{ 0 }
};

#define MEMBER(member) .offset = offsetof(struct checkpoint, member)
#define MEMBER_TEXT(member) MEMBER(member), .size = sizeof ((struct checkpoint *)0)->member

static const struct cell cells[] = {
	{ "id", CELL_TEXT, MEMBER_TEXT(id) },
	{ "data_digest", CELL_DIGEST, MEMBER(data_digest) },
	{ "version", CELL_TEXT, MEMBER_TEXT(version) },
	{ "kernels", CELL_TEXT, MEMBER_TEXT(kernels) },
	{ "epoch", CELL_INT, MEMBER(at.epoch), .max = INT_MAX },
	{ "next", CELL_INT, MEMBER(at.next), .max = INT_MAX },
	{ "step", CELL_COUNT, MEMBER(at.step), .max = 9e18 },
	{ "sum_loss", CELL_SCORE, MEMBER(at.sum.loss), .min = -HUGE_VAL, .max = HUGE_VAL },
	{ "sum_correct", CELL_REAL, MEMBER(at.sum.accuracy), .max = INT_MAX },
	{ "learning_rate", CELL_REAL, MEMBER(at.learning_rate), .max = 1e9 },
	{ "patience_accuracy", CELL_SCORE, MEMBER(at.best_accuracy), .min = -1, .max = 1 },
	{ "patience_waited", CELL_INT, MEMBER(at.epochs_without_gain), .max = INT_MAX },
	{ "schedule_epochs", CELL_INT, MEMBER(at.watched.epochs), .max = INT_MAX },
	{ "schedule_best", CELL_SCORE, MEMBER(at.watched.best), .min = -HUGE_VAL, .max = HUGE_VAL },
	{ "schedule_waited", CELL_INT, MEMBER(at.watched.waited), .max = INT_MAX },
	{ "schedule_reductions", CELL_INT, MEMBER(at.watched.reductions), .max = INT_MAX },
	{ "ended", CELL_INT, MEMBER(ended), .max = 1 },
	{ "diverged", CELL_INT, MEMBER(diverged), .max = 1 },
	{ "best_epoch", CELL_INT, MEMBER(best_epoch), .max = INT_MAX },
	{ "best_validation", CELL_REAL, MEMBER(best_validation), .min = -1, .max = 1 },
	{ "train_seconds", CELL_REAL, MEMBER(train_seconds), .max = 1e12 },
	{ "wall_seconds", CELL_REAL, MEMBER(wall_seconds), .max = 1e12 },
	{ "threads", CELL_INT, MEMBER(threads), .min = 1, .max = INT_MAX },
	{ "rows", CELL_INT, MEMBER(rows), .max = INT_MAX },
	{ 0 }
};

bool checkpoint_path(const char *folder, const char *id, char to[FILE_PATH_BYTES], struct error *err)
{
	return snprintf(to, FILE_PATH_BYTES, "%s/points/%s.checkpoint", folder, id) < FILE_PATH_BYTES ||
	       fail(err, "%.100s...: the path is too long", folder);
}

bool checkpoint_exists(const char *folder, const char *id)
{
	struct error ignored = { "" };
	char path[FILE_PATH_BYTES];

	return checkpoint_path(folder, id, path, &ignored) && access(path, F_OK) == 0;
}

bool checkpoint_remove(const char *folder, const char *id, struct error *err)
{
	char path[FILE_PATH_BYTES];

	return checkpoint_path(folder, id, path, err) && file_remove(path, err);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static void print_text(const struct checkpoint *c, FILE *to)
{
	for (const struct cell *cell = cells; cell->name; cell++) {
		fprintf(to, "%s\t", cell->name);
		cell_print(cell, c, to);
		fputc('\n', to);
	}
	curve_print(&c->curve, to);
}

static uint64_t digest_parts(const struct draft *text, const struct model_array *arrays, int count)
{
	struct digest digest;

	digest_begin(&digest);
	digest_add(&digest, text->bytes, text->len);
	for (int i = 0; i < count; i++)
		digest_add(&digest, arrays[i].at, arrays[i].len * sizeof *arrays[i].at);
	return digest_end(&digest);
}

static int64_t bytes_of(const struct model_array *arrays, int count)
{
	int64_t bytes = 0;

	for (int i = 0; i < count; i++)
		bytes += (int64_t)(arrays[i].len * sizeof *arrays[i].at);
	return bytes;
}

static bool write_parts(struct atomic_file *file, const struct draft *text, const struct model_array *arrays, int count,
                        struct error *err)
{
	struct head head = { FORMAT, digest_parts(text, arrays, count), (int64_t)text->len, bytes_of(arrays, count) };
	char line[HEAD_BYTES];
	FILE *to = fmemopen(line, sizeof line, "w");

	if (!to)
		return fail(err, "%s: not enough memory", file->path);
	for (const struct cell *cell = head_cells; cell->name; cell++) {
		fprintf(to, "%s%s\t", cell == head_cells ? "" : "\t", cell->name);
		cell_print(cell, &head, to);
	}
	fputc('\n', to);
	size_t len = (size_t)ftell(to);
	fclose(to);
	bool good = atomic_file_write(file, line, len, err) && atomic_file_write(file, text->bytes, text->len, err);
	for (int i = 0; good && i < count; i++)
		good = atomic_file_write(file, arrays[i].at, arrays[i].len * sizeof *arrays[i].at, err);
	return good;
}

static bool write_file(const char *path, const struct draft *text, const struct training *t, struct error *err)
{
	struct model_array arrays[TRAINING_ARRAYS];
	int count = training_arrays(t, arrays);
	struct atomic_file file;

	if (!atomic_file_create(&file, path, err))
		return false;
	if (write_parts(&file, text, arrays, count, err))
		return atomic_file_publish(&file, err);
	atomic_file_discard(&file);
	return false;
}

bool checkpoint_write(const char *folder, const struct checkpoint *c, const struct training *t, struct error *err)
{
	char points[FILE_PATH_BYTES], path[FILE_PATH_BYTES];
	struct draft text;

	if (!checkpoint_path(folder, c->id, path, err))
		return false;
	snprintf(points, sizeof points, "%s/points", folder);
	if (!folder_create(points, err) || !draft_open(&text, err))
		return false;
	print_text(c, text.stream);
	bool whole = !ferror(text.stream) && fflush(text.stream) == 0;
	bool written = whole ? write_file(path, &text, t, err) : fail(err, "%s: not enough memory", path);
	draft_discard(&text);
	return written;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

struct reading {
	const char *path;
	int file;               /* descriptor */
	uint64_t size;
	struct head head;
	int64_t begins;         /* byte behind the first line */
	struct tsv text;
};

/* Exactly `len` bytes from a place in the file. */
static bool read_at(const struct reading *r, void *to, size_t len, int64_t place, struct error *err)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = pread(r->file, (char *)to + done, len - done, (off_t)(place + (int64_t)done));

		if (got == 0)
			return fail(err, "%s: the file ends at byte %lld", r->path, (long long)place + (long long)done);
		if (got < 0 && errno != EINTR)
			return fail(err, "%s: cannot be read: %s", r->path, strerror(errno));
		done += got > 0 ? (size_t)got : 0;
	}
	return true;
}

/* A value behind each name. */
static bool parse_head(struct reading *r, const struct tsv_row *row, struct error *err)
{
	for (int i = 0; head_cells[i].name; i++) {
		if (row->count <= 2 * i + 1 || strcmp(row->fields[2 * i], head_cells[i].name) != 0)
			return fail_at(err, row->at[0], "is no checkpoint");
		if (!cell_parse(&head_cells[i], row->fields[2 * i + 1], row->at[2 * i + 1], &r->head, err))
			return false;
		if (r->head.format != FORMAT)
			return fail_at(err, row->at[1], "format: found %d, this program reads %d", r->head.format,
			               FORMAT);
	}
	return true;
}

static bool read_head(struct reading *r, struct error *err)
{
	size_t len = r->size < HEAD_BYTES ? (size_t)r->size : HEAD_BYTES;
	struct tsv line = { .path = r->path, .text = calloc(1, HEAD_BYTES + 1), .len = len };
	struct tsv_row row;

	line.next = line.text;
	bool good = line.text ? read_at(r, line.text, len, 0, err) && tsv_read(&line, &row, err) :
		fail(err, "%s: not enough memory", r->path);
	good = good && parse_head(r, &row, err);
	r->begins = good ? line.next - line.text : 0;
	tsv_close(&line);
	if (good && r->size - (uint64_t)r->begins != (uint64_t)(r->head.text_bytes + r->head.array_bytes))
		return fail(err, "%s: has %llu bytes and should have %lld", r->path, (unsigned long long)r->size,
		            (long long)(r->begins + r->head.text_bytes + r->head.array_bytes));
	return good;
}

static bool check_digest(const struct reading *r, struct error *err)
{
	char *piece = malloc(PIECE);
	struct digest digest;
	bool good = piece || fail(err, "%s: not enough memory", r->path);

	digest_begin(&digest);
	for (int64_t at = r->begins; good && at < (int64_t)r->size;) {
		int64_t left = (int64_t)r->size - at;
		size_t len = left < PIECE ? (size_t)left : PIECE;

		good = read_at(r, piece, len, at, err);
		if (good)
			digest_add(&digest, piece, len);
		at += (int64_t)len;
	}
	free(piece);
	return good && (digest_end(&digest) == r->head.digest || fail(err, "%s: the digest does not match", r->path));
}

static bool read_cells(struct reading *r, struct checkpoint *to, struct error *err)
{
	struct tsv_row row;

	for (const struct cell *cell = cells; cell->name; cell++) {
		if (!tsv_read(&r->text, &row, err))
			return false;
		if (row.count != 2 || strcmp(row.fields[0], cell->name) != 0)
			return fail_at(err, row.at[0], "\"%s\" belongs here", cell->name);
		if (!cell_parse(cell, row.fields[1], row.at[1], to, err))
			return false;
	}
	return true;
}

static bool read_text(struct reading *r, struct checkpoint *to, struct error *err)
{
	size_t len = (size_t)r->head.text_bytes;

	r->text = (struct tsv){ .path = r->path, .text = calloc(1, len + 1), .len = len, .line = 1 };
	r->text.next = r->text.text;
	if (!r->text.text)
		return fail(err, "%s: not enough memory", r->path);
	return read_at(r, r->text.text, len, r->begins, err) && read_cells(r, to, err) &&
	       curve_read(&r->text, to->rows, &to->curve, err);
}

/* Whose it is, and by whom. */
static bool check_owner(const struct reading *r, const struct checkpoint *want, const struct checkpoint *found,
                        struct error *err)
{
	if (strcmp(found->id, want->id) != 0)
		return fail(err, "%s: is of another point", r->path);
	if (found->data_digest != want->data_digest)
		return fail(err, "%s: was trained on other data", r->path);
	if (strcmp(found->version, want->version) != 0)
		return fail(err, "%s: is of version %s of this program", r->path, found->version);
	return strcmp(found->kernels, want->kernels) == 0 ||
	       fail(err, "%s: was computed by the kernels %s, and ARCHSWEEP_KERNELS=%s would go on from it", r->path,
	            found->kernels, found->kernels);
}

static bool read_arrays(const struct reading *r, struct training *t, struct error *err)
{
	struct model_array arrays[TRAINING_ARRAYS];
	int count = training_arrays(t, arrays);
	int64_t at = r->begins + r->head.text_bytes;

	if (r->head.array_bytes != bytes_of(arrays, count))
		return fail(err, "%s: has %lld bytes of numbers, and the network %lld", r->path,
		            (long long)r->head.array_bytes, (long long)bytes_of(arrays, count));
	for (int i = 0; i < count; i++) {
		size_t bytes = arrays[i].len * sizeof *arrays[i].at;

		if (!read_at(r, arrays[i].at, bytes, at, err))
			return false;
		at += (int64_t)bytes;
	}
	return true;
}

static bool read_all(struct reading *r, const struct checkpoint *want, struct training *t, struct checkpoint *to,
                     struct error *err)
{
	if (!read_head(r, err) || !check_digest(r, err) || !read_text(r, to, err) || !check_owner(r, want, to, err) ||
	    !read_arrays(r, t, err))
		return false;
	bool fits = to->rows == to->at.epoch && to->best_epoch <= to->rows && (to->rows > 0 || !to->ended);
	return (fits && training_resume(t, &to->at)) ||
	       fail(err, "%s: its numbers contradict each other", r->path);
}

bool checkpoint_read(const char *folder, const struct checkpoint *want, struct training *t, struct checkpoint *to,
                     struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct reading r = { .path = path };

	*to = (struct checkpoint){ .rows = 0 };
	if (!checkpoint_path(folder, want->id, path, err) || (access(path, F_OK) != 0 && errno == ENOENT))
		return false;
	r.file = regular_open(path, &r.size, err);
	if (r.file < 0)
		return false;
	bool good = read_all(&r, want, t, to, err);
	close(r.file);
	tsv_close(&r.text);
	if (!good)
		curve_free(&to->curve);
	return good;
}
