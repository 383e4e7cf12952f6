/* See report_folder.h. The file .sweep has the sweep file's path, relative to the folder so that both may move, and on
 * a second line the overrides. */
#include "bench/record/report_folder.h"

#include "bench/data/dataset.h"
#include "bench/system/atomic_file.h"
#include "bench/system/regular_file.h"
#include "bench/text/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_BYTES = 1 << 16, SETS_SHOWN = 80 };        /* SETS_SHOWN: characters of overrides in a folder's name */

/* ---- the name ---- */

/* Whether the key is `data.FORMAT.FIELD` of a field that is a path. */
static bool is_data_path(const char *key, size_t len)
{
	for (const struct data_format *const *format = data_formats; *format; format++)
		for (const struct field *f = (*format)->kind.fields; f && f->name; f++) {
			char path[128];
			int wanted = snprintf(path, sizeof path, "data.%s.%s", (*format)->kind.name, f->name);

			if (f->kind == FIELD_TEXT && (size_t)wanted == len && strncmp(path, key, len) == 0)
				return true;
		}
	return false;
}

bool report_set_counts(const char *assignment)
{
	static const char *const free[] = { "title", "base", "checkpoint", "views", "ensembles" };
	size_t len = strcspn(assignment, "="), key = strcspn(assignment, ".=");

	for (size_t i = 0; i < sizeof free / sizeof *free; i++)
		if (key == strlen(free[i]) && strncmp(assignment, free[i], key) == 0)
			return false;
	return !is_data_path(assignment, len);
}

static bool is_safe(char c)
{
	return c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-=,", c);
}

/* 32 bits of FNV-1a over the overrides, each with its final zero. */
static uint32_t hash_sets(const struct report_folder *folder)
{
	uint32_t hash = 0x811c9dc5;

	for (int i = 0; i < folder->set_count; i++)
		for (const char *c = folder->sets[i]; ; c++) {
			hash = (hash ^ (unsigned char)*c) * 0x01000193;
			if (!*c)
				break;
		}
	return hash;
}

void report_name(const struct report_folder *folder, const char *sweep_name, char to[REPORT_NAME_BYTES])
{
	size_t used = (size_t)snprintf(to, REPORT_NAME_BYTES, "%.63s", sweep_name), most = used + SETS_SHOWN;
	bool exact = true;

	for (int i = 0; i < folder->set_count; i++) {
		const char *parts[] = { "--", folder->sets[i] };

		for (int part = 0; part < 2; part++)
			for (const char *c = parts[part]; *c; c++) {
				exact = exact && is_safe(*c) && used < most;
				if (used < most && !strchr("[]{}'\" ", *c))
					to[used++] = is_safe(*c) ? *c : '_';
			}
	}
	to[used] = '\0';
	if (!exact)
		snprintf(to + used, REPORT_NAME_BYTES - used, "-%08" PRIx32, hash_sets(folder));
}

bool report_is_name(const char *name)
{
	size_t len = strlen(name);

	for (const char *c = name; *c; c++)
		if (!is_safe(*c))
			return false;
	return len > 0 && len < REPORT_NAME_BYTES && name[0] != '.' && name[0] != '-';
}

/* ---- whose it is ---- */

/* The path `to` as seen from the folder `from`; both are absolute and without links. */
static void print_relative(const char *from, const char *to, FILE *out)
{
	size_t same = 0;

	for (size_t i = 0; ; i++) {
		bool ends = (from[i] == '/' || !from[i]) && to[i] == '/';

		if (ends)
			same = i;
		if (from[i] != to[i] || !from[i])
			break;
	}
	for (const char *c = from + same; *c; c++)
		if (*c == '/' && c[1])
			fputs("../", out);
	fputs(to + same + 1, out);
}

/* The contents of .sweep; false where the folder or the sweep file does not exist. */
static bool print_owner(const struct report_folder *folder, FILE *to)
{
	char *from = realpath(folder->path, NULL), *sweep = realpath(folder->sweep_path, NULL);
	bool there = from && sweep;

	if (there)
		print_relative(from, sweep, to);
	fputc('\n', to);
	for (int i = 0; i < folder->set_count; i++)
		fprintf(to, " --set %s", folder->sets[i]);
	free(from);
	free(sweep);
	return there;
}

/* The contents of the folder's file .sweep; "" where there is none. */
static bool read_owner(const char *path, char to[OWNER_BYTES], struct error *err)
{
	struct stat there;
	uint64_t size;

	to[0] = '\0';
	if (lstat(path, &there) != 0 && (errno == ENOENT || errno == ENOTDIR))
		return true;
	int descriptor = regular_open(path, &size, err);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
	size_t len = file ? fread(to, 1, OWNER_BYTES - 1, file) : 0;
	bool read = file && !ferror(file);

	if (!read && descriptor >= 0)
		fail(err, "%s: cannot be read: %s", path, strerror(errno));
	to[len] = '\0';
	if (file)
		fclose(file);
	else if (descriptor >= 0)
		close(descriptor);
	return read;
}

/* Whether the sweep file on the first line still exists. */
static bool owner_exists(const struct report_folder *folder, const char *owner)
{
	char path[REPORT_PATH_BYTES];
	struct stat there;
	int len = snprintf(path, sizeof path, "%s/%.*s", folder->path, (int)strcspn(owner, "\n"), owner);

	return len < REPORT_PATH_BYTES && stat(path, &there) == 0;
}

/* `owner`: what .sweep says. */
static bool refuse(const struct report_folder *folder, const char *owner, struct error *err)
{
	int len = (int)strcspn(owner, "\n");
	char path[2 * REPORT_PATH_BYTES] = "", shown[SHOWN_BYTES];

	snprintf(path, sizeof path, "%s/%.*s", folder->path, len < REPORT_PATH_BYTES ? len : 0, owner);
	char *file = realpath(path, NULL);
	fail(err, "%.200s: holds the points of %.200s%s; give this sweep a folder of its own: --name NAME",
	     folder->path, file ? file : path, words_show(owner[len] ? owner + len + 1 : "", shown));
	free(file);
	return false;
}

/* False without memory, or where the folder belongs to another sweep. *write: .sweep does not say yet whose it is. */
static bool check(const struct report_folder *folder, const char *path, bool *write, struct error *err)
{
	char *owner = malloc(OWNER_BYTES), *want = NULL;
	size_t len;
	FILE *to = open_memstream(&want, &len);

	if (!owner || !to) {
		free(owner);
		return fail(err, "not enough memory");
	}
	bool there = print_owner(folder, to);
	fclose(to);
	bool read = read_owner(path, owner, err), same = want && strcmp(owner, want) == 0;
	bool good = read && (same || !there || !owner[0] || !owner_exists(folder, owner) ||
	                     refuse(folder, owner, err));
	*write = good && there && !same;
	free(owner);
	free(want);
	return good;
}

/* The folder of the records. */
static bool check_points(const struct report_folder *folder, struct error *err)
{
	char path[REPORT_PATH_BYTES];

	return snprintf(path, sizeof path, "%s/points", folder->path) >= REPORT_PATH_BYTES ?
		fail(err, "%.100s...: the path is too long", folder->path) : path_is_no_link(path, err);
}

static bool owner_path(const struct report_folder *folder, char to[REPORT_PATH_BYTES], struct error *err)
{
	return snprintf(to, REPORT_PATH_BYTES, "%s/.sweep", folder->path) < REPORT_PATH_BYTES ||
	       fail(err, "%.100s...: the path is too long", folder->path);
}

bool report_folder_check(const struct report_folder *folder, struct error *err)
{
	char path[REPORT_PATH_BYTES];
	bool write;

	return owner_path(folder, path, err) && check(folder, path, &write, err);
}

/* The text is cut at each " --set ". */
static bool split_sets(char *line, struct report_owner *to)
{
	static const char mark[] = " --set ";

	for (char *set = strstr(line, mark); set;) {
		char *next = strstr(set + 1, mark);

		if (to->set_count == REPORT_MAX_SETS)
			return false;
		*set = '\0';
		to->sets[to->set_count++] = set + sizeof mark - 1;
		set = next;
	}
	return true;
}

bool report_owner_read(const char *folder, struct report_owner *to, struct error *err)
{
	char path[REPORT_PATH_BYTES];
	int len = snprintf(path, sizeof path, "%s/.sweep", folder);

	*to = (struct report_owner){ .text = malloc(OWNER_BYTES) };
	bool good = (to->text || fail(err, "not enough memory")) &&
	            (len < REPORT_PATH_BYTES || fail(err, "%.100s...: the path is too long", folder)) &&
	            read_owner(path, to->text, err);

	if (good) {
		char *end = to->text + strcspn(to->text, "\n"), *line = *end ? end + 1 : end;

		*end = '\0';
		len = snprintf(to->sweep_path, sizeof to->sweep_path, "%s/%s", folder, to->text);
		good = (to->text[0] || fail(err, "%s: does not say which sweep's records it holds", folder)) &&
		       ((len < REPORT_PATH_BYTES && split_sets(line, to)) || fail(err, "%s: is no list of overrides",
		                                                                 path));
	}
	if (!good)
		report_owner_free(to);
	return good;
}

void report_owner_free(struct report_owner *owner)
{
	free(owner->text);
	owner->text = NULL;
}

void report_folder_clean(const char *path)
{
	char points[REPORT_PATH_BYTES];

	folder_clean(path);
	if (snprintf(points, sizeof points, "%s/points", path) < REPORT_PATH_BYTES)
		folder_clean(points);
}

bool report_folder_claim(const struct report_folder *folder, struct error *err)
{
	char path[REPORT_PATH_BYTES];
	struct draft draft;
	bool write;

	if (!owner_path(folder, path, err) || !check(folder, path, &write, err) || !check_points(folder, err))
		return false;
	report_folder_clean(folder->path);
	if (!write)
		return true;
	if (!draft_open(&draft, err))
		return false;
	print_owner(folder, draft.stream);
	return draft_save(&draft, path, err);
}
