/* See svg_text.h. */
#include "bench/system/svg_text.h"

#include "bench/system/regular_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* XML 1.0 has no control characters but tab and newlines, in no spelling. */
static void print_escaped(const char *text, FILE *to)
{
	for (const char *c = text; *c; c++) {
		switch (*c) {
		case '&': fputs("&amp;", to); break;
		case '<': fputs("&lt;", to); break;
		case '>': fputs("&gt;", to); break;
		default: fputc((unsigned char)*c < ' ' ? ' ' : *c, to);
		}
	}
}

/* The whole file with a 0 byte at the end, malloc'd. */
static char *read_whole(const char *path, struct error *err)
{
	uint64_t size;
	int descriptor = regular_open(path, &size, err);
	FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "rb");
	char *bytes = file ? malloc((size_t)size + 1) : NULL;

	if (bytes)
		bytes[fread(bytes, 1, (size_t)size, file)] = '\0';
	else if (descriptor >= 0)
		fail(err, "%s: cannot be read: %s", path, strerror(errno));
	if (file)
		fclose(file);
	else if (descriptor >= 0)
		close(descriptor);
	return bytes;
}

/* The picture again, with the text between the root element's beginning and what follows gnuplot's description. False
 * if it has none. */
static bool print_picture(const char *svg, const struct svg_text *text, FILE *to)
{
	static const char root[] = "<svg", title[] = "<title>", end[] = "</desc>";
	const char *from = strstr(svg, root), *old = from ? strstr(from, title) : NULL;
	const char *rest = old ? strstr(old, end) : NULL;

	if (!rest)
		return false;
	from += strlen(root);
	fwrite(svg, 1, (size_t)(from - svg), to);
	fputs(" role=\"img\" aria-labelledby=\"picture-title picture-description\"", to);
	fwrite(from, 1, (size_t)(old - from), to);
	fputs("<title id=\"picture-title\">", to);
	print_escaped(text->title, to);
	fputs("</title>\n<desc id=\"picture-description\">", to);
	print_escaped(text->description, to);
	fputs(rest, to);
	return true;
}

static bool rewrite(struct atomic_file *picture, const struct draft *draft, struct error *err)
{
	if (fflush(draft->stream) != 0)
		return fail(err, "%s: not enough memory", picture->path);
	if (ftruncate(picture->descriptor, 0) != 0)
		return fail(err, "%s: cannot be written: %s", picture->path, strerror(errno));
	return atomic_file_write(picture, draft->bytes, draft->len, err);
}

bool svg_text_put(struct atomic_file *picture, const struct svg_text *text, struct error *err)
{
	char *svg = read_whole(picture->temporary, err);
	struct draft draft;

	if (!svg)
		return false;
	bool good = draft_open(&draft, err);
	if (good) {
		good = !print_picture(svg, text, draft.stream) || rewrite(picture, &draft, err);
		draft_discard(&draft);
	}
	free(svg);
	return good;
}
