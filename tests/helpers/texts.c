/* See texts.h. */
#include "tests/helpers/texts.h"

#include "bench/weights/npz.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *tsv_field(const char *tsv, int row, const char *name)
{
	static char ring[16][128];
	static int next;
	char *to = ring[next++ % 16];
	int column = 0;
	const char *at = tsv;

	for (size_t len; (len = strcspn(at, "\t\n")) != strlen(name) || memcmp(at, name, len) != 0;
	     at += len + 1, column++)
		if (at[len] != '\t')
			return "no such column";
	for (at = tsv; row >= 0 && at; row--)
		at = (at = strchr(at, '\n')) ? at + 1 : NULL;
	if (!at || !*at)
		return "no such row";
	for (; column > 0 && at; column--)
		at = (at = strchr(at, '\t')) ? at + 1 : NULL;
	snprintf(to, sizeof ring[0], "%.*s", at ? (int)strcspn(at, "\t\n") : 0, at ? at : "");
	return to;
}

void check_contains(const char *file, int line, const char *text, const char *part)
{
	if (!strstr(text, part))
		test_fail(file, line, "\"%s\" is not in:\n%s", part, text);
}

const char *file_text(const char *path)
{
	static char texts[2][1 << 17];
	static int next;
	char *text = texts[next++ % 2];
	FILE *file = fopen(path, "rb");

	if (!file)
		return "(none)";
	text[fread(text, 1, sizeof texts[0] - 1, file)] = '\0';
	fclose(file);
	return text;
}

bool same_files(const char *left, const char *right)
{
	struct program_result r = run_program((struct program){
		.argv = (const char *[]){ "cmp", "-s", left, right, NULL } });
	int status = r.status;

	program_result_free(&r);
	return status == 0;
}

struct npz *npz_open_well(const char *path)
{
	struct error err = { "" };
	struct npz *npz = npz_open(path, &err);

	if (!npz) {
		test_fail(__FILE__, __LINE__, "%s", err.text);
		abort();
	}
	return npz;
}

const struct npz_array *npz_find_well(const struct npz *npz, const char *name)
{
	const struct npz_array *array = npz_find(npz, name);

	if (!array) {
		test_fail(__FILE__, __LINE__, "no array %s", name);
		abort();
	}
	return array;
}
