/* See figure.h. */
#include "bench/summary/figure.h"

#include "bench/system/regular_file.h"
#include "bench/text/text.h"
#include "bench/text/words.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether the line makes the script a figure, and what it says: the table's name, and the kind. */
static bool parse_first_line(const char *line, struct figure *to)
{
	static const char any[] = "# Figure:", from[] = "# Figure from ";
	size_t len = strcspn(line, ":"), before = sizeof from - 1;

	to->table[0] = '\0';
	if (strncmp(line, any, sizeof any - 1) != 0) {
		if (strncmp(line, from, before) != 0 || line[len] != ':' || len - before >= FIGURE_NAME_BYTES)
			return false;
		snprintf(to->table, sizeof to->table, "%.*s", (int)(len - before), line + before);
		if (!words_is_name(to->table))
			return false;
	}
	const char *kind = line + len + 1 + strspn(line + len + 1, " \t");
	size_t kind_len = strcspn(kind, "\n");

	kind_len -= kind_len > 0 && kind[kind_len - 1] == '.';
	snprintf(to->kind, sizeof to->kind, "%.*s", (int)kind_len, kind);
	return true;
}

/* The script's other comment lines, from "# Shows: " to the next line without text, as one. */
static void read_shows(FILE *file, char to[FIGURE_TEXT_BYTES])
{
	static const char begin[] = "# Shows: ";
	char line[FIGURE_TEXT_BYTES];
	size_t len = 0;

	to[0] = '\0';
	while (fgets(line, sizeof line, file) && line[0] == '#') {
		size_t skipped = len ? 2 : sizeof begin - 1;

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, begin, skipped) != 0) {
			if (len)
				return;
			continue;
		}
		int more = snprintf(to + len, FIGURE_TEXT_BYTES - len, "%s%s", len ? " " : "", line + skipped);

		len += (size_t)more;
		if (len >= FIGURE_TEXT_BYTES)
			return;
	}
}

bool figure_read(const char *path, struct figure *to)
{
	char line[FIGURE_TEXT_BYTES] = "";
	struct error why = { "" };
	uint64_t size;
	int descriptor = regular_open(path, &size, &why);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
	bool is_figure = file && fgets(line, sizeof line, file) && parse_first_line(line, to);

	if (is_figure)
		read_shows(file, to->shows);
	if (file)
		fclose(file);
	else if (descriptor >= 0)
		close(descriptor);
	return is_figure;
}

void figure_print_title(const struct figure *figure, const char *sweep_title, char to[], int size)
{
	const char *title = sweep_title ? sweep_title : "";

	snprintf(to, (size_t)size, "%s%s%s", title, *title && figure->kind[0] ? ": " : "", figure->kind);
	text_clean(to);
}

void figure_print_description(const struct figure *figure, int networks, int families, char to[], int size)
{
	snprintf(to, (size_t)size, "%s%s%d network%s of %d famil%s.", figure->shows, figure->shows[0] ? " " : "",
	         networks, networks == 1 ? "" : "s", families, families == 1 ? "y" : "ies");
	text_clean(to);
}
