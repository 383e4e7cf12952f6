/* Puts a title and a description into an SVG picture, for screen readers and for search. Floor 4a. */
#ifndef BENCH_SYSTEM_SVG_TEXT_H
#define BENCH_SYSTEM_SVG_TEXT_H

#include "bench/system/atomic_file.h"

/* Plain UTF-8, which is escaped where XML needs it. */
struct svg_text {
	const char *title, *description;
};

/* Replaces what gnuplot has written into the temporary file as its title and description, which says nothing of the
 * picture, and names both in the root element. A file without them stays as it is. */
bool svg_text_put(struct atomic_file *picture, const struct svg_text *text, struct error *err);

#endif
