/* See sweep_text.h. */
#include "tests/helpers/sweep_text.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static struct error refusal;

/* Takes the test's folder out of a message, wherever it stands. */
static void strip_folder(char *text)
{
	const char *folder = test_folder();
	size_t len = strlen(folder) + 1;

	for (char *at; (at = strstr(text, folder));)
		memmove(at, at + len, strlen(at + len) + 1);
}

struct sweep *sweep_of(const char *text, const char *set)
{
	const char *path = test_write("s.yaml", text, strlen(text));

	refusal = (struct error){ "" };
	struct sweep *sweep = sweep_read(path, &set, set ? 1 : 0, &refusal);
	strip_folder(refusal.text);
	return sweep;
}

const char *sweep_refusal(void)
{
	return refusal.text;
}

void check_refused(const char *file, int line, const char *text, const char *want)
{
	struct sweep *sweep = sweep_of(text, NULL);

	check_text(file, line, sweep_refusal(), want, "the refusal");
	if (sweep)
		test_fail(file, line, "accepted, and refused with \"%s\" was wanted", want);
	sweep_destroy(sweep);
}

void write_family(const char *name, const char *text)
{
	char path[128];

	mkdir(test_path("families"), 0777);
	snprintf(path, sizeof path, "families/%s.yaml", name);
	test_write(path, text, strlen(text));
}
