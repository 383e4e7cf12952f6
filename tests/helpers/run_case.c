/* See run_case.h. */
#include "tests/helpers/run_case.h"

#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE = 8, CLASSES = 3, RING = 16, TEXT = 1 << 16, PATH = 512 };

const char *const tiny_sweep =
	"data: {idx: {folder: ., validation: 32}}\n"
	"input: [8, 8, 1]\n"
	"classes: 3\n"
	"recipe: {epochs: 3, batch: 64, learning_rate: 0.01, flip: true, shift: 0.1}\n"
	"families:\n"
	"  - name: small\n"
	"    widths: [1, 2, 4]\n"
	"    layers:\n"
	"      - conv: {channels: 2w, kernel: 3}\n"
	"      - batch_norm\n"
	"      - relu\n"
	"      - max_pool: {window: 2}\n"
	"      - flatten\n"
	"      - dropout: {rate: 0.1}\n"
	"      - dense: {units: classes}\n"
	"  - name: flat\n"
	"    widths: [8]\n"
	"    layers: [flatten, {dense: {units: 4w}}, relu, {dense: {units: classes}}]\n";

/* --- data --- */

static size_t put_header(unsigned char *to, const unsigned *dimensions, int count)
{
	to[0] = to[1] = 0;
	to[2] = 8;
	to[3] = (unsigned char)count;
	for (int i = 0; i < count; i++)
		for (int byte = 0; byte < 4; byte++)
			to[4 + 4 * i + byte] = (unsigned char)(dimensions[i] >> (24 - 8 * byte));
	return 4 + 4 * (size_t)count;
}

/* A bright bar whose place tells the class, in noise. */
static void write_set(const char *name, unsigned count, unsigned state)
{
	static unsigned char images[1 << 16], labels[1 << 12];
	char file[64];
	size_t image_end = put_header(images, (unsigned[]){ count, SIDE, SIDE }, 3);
	size_t label_end = put_header(labels, &count, 1);

	for (unsigned i = 0; i < count; i++) {
		unsigned label = (i * 7 + i / 5) % CLASSES;

		labels[label_end++] = (unsigned char)label;
		for (unsigned pixel = 0; pixel < SIDE * SIDE; pixel++) {
			state = state * 1664525u + 1013904223u;
			unsigned bar = pixel / SIDE / 2 == label ? 60 : 0;
			images[image_end++] = (unsigned char)(bar + (state >> 24) % 190);
		}
	}
	snprintf(file, sizeof file, "%s-images-idx3-ubyte", name);
	test_write(file, images, image_end);
	snprintf(file, sizeof file, "%s-labels-idx1-ubyte", name);
	test_write(file, labels, label_end);
}

void run_case_write_data(unsigned salt)
{
	write_set("train", 128, 1 + salt);
	write_set("t10k", 32, 1000 + salt);
}

const char *run_case_write_sweep(const char *yaml)
{
	const char *text = yaml ? yaml : tiny_sweep;

	return test_write("tiny.yaml", text, strlen(text));
}

/* --- runs --- */

/* Keeps a variant in the folder "tiny" as well, unless the arguments name another. */
static struct running_program *start(const char *reports, int threads, const char *const *arguments, pid_t *id)
{
	const char *argv[MAX_RUN_ARGUMENTS + 8] = { archsweep_path(), "run", test_path("tiny.yaml"), "--reports",
		test_path(reports) };
	bool varied = false, named = false;
	char variable[32];
	const char *environment[] = { variable, "NO_COLOR=1", NULL };

	snprintf(variable, sizeof variable, "OMP_NUM_THREADS=%d", threads);
	int count = 0;

	for (; arguments[count] && count < MAX_RUN_ARGUMENTS; count++) {
		argv[5 + count] = arguments[count];
		varied = varied || strcmp(arguments[count], "--set") == 0;
		named = named || strcmp(arguments[count], "--name") == 0;
	}
	if (varied && !named)
		memcpy(argv + 5 + count, (const char *[]){ "--name", "tiny" }, 2 * sizeof *argv);
	return program_start((struct program){ .argv = argv, .environment = environment, .limit_seconds = 60 }, id);
}

struct program_result run_tiny_in(const char *reports, int threads, const char *const *arguments)
{
	return program_finish(start(reports, threads, arguments, NULL));
}

struct program_result run_tiny(const char *const *arguments)
{
	return run_tiny_in("reports", 2, arguments);
}

struct running_program *start_tiny(const char *reports, const char *const *arguments, pid_t *id)
{
	return start(reports, 1, arguments, id);
}

/* `text` with every mention of the test's folder as '@'. */
static const char *shorten(const char *text, char to[TEXT])
{
	size_t used = 0, len = strlen(test_folder());

	for (; *text && used + 1 < TEXT; used++) {
		bool folder = strncmp(text, test_folder(), len) == 0;
		to[used] = folder ? '@' : *text;
		text += folder ? len : 1;
	}
	to[used] = '\0';
	return to;
}

void check_run(const char *file, int line, struct program_result result, int status, const char *err)
{
	static char got[TEXT];

	check_long(file, line, result.status, status, "exit status");
	check_text(file, line, shorten(result.err, got), err, "stderr");
	program_result_free(&result);
}

/* --- what is left behind --- */

static bool is_record(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot != name && strcmp(dot, ".tsv") == 0;
}

/* Calls `each` for every file of the points folder that records and curves live in. */
static int for_each_file(const char *reports, void (*each)(const char *path, const char *name, void *about),
                         void *about)
{
	char folder[PATH], path[2 * PATH];
	int count = 0;

	snprintf(folder, sizeof folder, "%s/tiny/points", test_path(reports));
	DIR *open = opendir(folder);

	for (struct dirent *entry; open && (entry = readdir(open));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%.200s", folder, entry->d_name);
		each(path, entry->d_name, about);
		count++;
	}
	if (open)
		closedir(open);
	return count;
}

static void count_record(const char *path, const char *name, void *about)
{
	(void)path;
	*(int *)about += is_record(name);
}

int count_records(const char *reports)
{
	int count = 0;

	for_each_file(reports, count_record, &count);
	return count;
}

const char *record_value(const char *file, const char *column)
{
	static char values[RING][256];
	static int next;
	char *value = values[next++ % RING];
	size_t len = strlen(column);

	value[0] = '\0';
	for (const char *line = file_text(file); line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, column, len) == 0 && line[len] == '\t') {
			snprintf(value, sizeof values[0], "%.*s", (int)strcspn(line + len + 1, "\n"), line + len + 1);
			break;
		}
	}
	return value;
}

struct search { const char *family, *width; char found[2 * PATH]; };

static void match_record(const char *path, const char *name, void *about)
{
	struct search *s = about;

	if (is_record(name) && strcmp(record_value(path, "family"), s->family) == 0 &&
	    strcmp(record_value(path, "width"), s->width) == 0)
		snprintf(s->found, sizeof s->found, "%s", path);
}

const char *record_file(const char *reports, const char *family, const char *width)
{
	static struct search searches[RING];
	static int next;
	struct search *s = &searches[next++ % RING];

	*s = (struct search){ .family = family, .width = width };
	for_each_file(reports, match_record, s);
	return s->found;
}

static bool varies(const char *column, size_t len)
{
	static const char *const endings[] = { "_seconds", "_per_second", "threads", "seconds", "date",
		"curve_digest" };

	if (len == 6 && strncmp(column, "digest", 6) == 0)
		return true;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		size_t ending = strlen(endings[i]);
		if (len >= ending && strncmp(column + len - ending, endings[i], ending) == 0)
			return true;
	}
	return false;
}

/* A record's lines without those that may vary. */
static void mask_record(const char *text, FILE *to)
{
	while (*text) {
		size_t line = strcspn(text, "\n");

		if (!varies(text, strcspn(text, "\t\n")))
			fprintf(to, "%.*s\n", (int)line, text);
		text += line + (text[line] == '\n');
	}
}

/* A curve's rows without the cells of columns that may vary. */
static void mask_curve(const char *text, FILE *to)
{
	bool masked[64] = { false };
	int column = 0;

	for (bool header = true; *text; column++) {
		size_t cell = strcspn(text, "\t\n");

		if (header && column < 64)
			masked[column] = varies(text, cell);
		if (column < 64 && !masked[column])
			fprintf(to, "%.*s%c", (int)cell, text, text[cell]);
		text += cell;
		if (*text == '\n') {
			header = false;
			column = -1;
		}
		text += *text != '\0';
	}
}

static void masked(const char *path, const char *name, char to[TEXT])
{
	FILE *out = fmemopen(to, TEXT, "w");

	if (is_record(name))
		mask_record(file_text(path), out);
	else
		mask_curve(file_text(path), out);
	fclose(out);
}

struct comparison { const char *others; int differing; };

static bool same_bytes(const char *path, const char *other)
{
	FILE *a = fopen(path, "rb"), *b = fopen(other, "rb");
	int left = 0, right = 0;

	while (a && b && left != EOF && left == right) {
		left = getc(a);
		right = getc(b);
	}
	if (a)
		fclose(a);
	if (b)
		fclose(b);
	return a && b && left == right;
}

static void compare_file(const char *path, const char *name, void *about)
{
	static char here[TEXT], there[TEXT];
	struct comparison *c = about;
	char other[2 * PATH];

	snprintf(other, sizeof other, "%s/tiny/points/%.200s", test_path(c->others), name);
	if (strstr(name, ".npz")) {
		c->differing += !same_bytes(path, other);
		if (!same_bytes(path, other))
			printf("%s and %s differ\n", path, other);
		return;
	}
	masked(path, name, here);
	masked(other, name, there);
	if (strcmp(here, there) == 0 && here[0])
		return;
	c->differing++;
	printf("%s:\n%s%s:\n%s", path, here, other, there);
}

bool same_records(const char *reports, const char *others)
{
	struct comparison c = { .others = others };
	int files = for_each_file(reports, compare_file, &c), count = 0;

	for_each_file(others, count_record, &count);
	return files > 0 && c.differing == 0 && count == count_records(reports);
}

const char *weights_file(const char *reports, const char *family, const char *width)
{
	static char paths[RING][2 * PATH];
	static int next;
	const char *record = record_file(reports, family, width);
	char *path = paths[next++ % RING];

	snprintf(path, sizeof paths[0], "%.*snpz", (int)(strlen(record) - strlen(*record ? "tsv" : "")), record);
	return path;
}

unsigned long long file_stamp(const char *path)
{
	struct stat s;

	if (stat(path, &s) != 0)
		return 0;
	return (unsigned long long)s.st_ino * 1000003u + (unsigned long long)s.st_mtim.tv_sec * 1000000000u
		+ (unsigned long long)s.st_mtim.tv_nsec;
}
