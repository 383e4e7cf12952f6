/* What the head of a figure's script says of it: which table it needs, what it is, and what it shows. Floor 4e. */
#ifndef BENCH_SUMMARY_FIGURE_H
#define BENCH_SUMMARY_FIGURE_H

#include <stdbool.h>

enum { FIGURE_NAME_BYTES = 64, FIGURE_TEXT_BYTES = 1024 };

struct figure {
	char name[FIGURE_NAME_BYTES];   /* without .gp */
	/* Of the sweep's folder, from which it is drawn; "" where any sweep has the figure */
	char table[FIGURE_NAME_BYTES];
	char kind[FIGURE_TEXT_BYTES];   /* the rest of the first line, without its full stop */
	char shows[FIGURE_TEXT_BYTES];  /* sentences: what stands behind "# Shows:", to the next line without text */
};

/* Reads all but the name. False if the script's first line does not make it a figure. */
bool figure_read(const char *path, struct figure *to);

/* For those who cannot see the picture: what it is, with the sweep's title or NULL, and what it shows. */
void figure_print_title(const struct figure *figure, const char *sweep_title, char to[], int size);
void figure_print_description(const struct figure *figure, int networks, int families, char to[], int size);

#endif
