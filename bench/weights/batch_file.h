/* A batch of network inputs with their labels from an .npz file: x, floats [n, rows, columns, channels], and y, integers [n]. Floor 4b.
 * Inputs are what the network's first layer sees: nothing is scaled. */
#ifndef BENCH_WEIGHTS_BATCH_FILE_H
#define BENCH_WEIGHTS_BATCH_FILE_H

#include "nn/model/network.h"

enum { BATCH_FILE_MAX = 65536 };        /* images, as many as a recipe's batch may have */

struct batch_file {
	int images;
	float *x;               /* [images][h][w][c], finite; owned */
	int *labels;            /* [images], below the network's classes; owned */
};

/* False and an error that names file and array where anything does not fit the network. */
bool batch_file_read(const char *path, const struct network *network, struct batch_file *to, struct error *err);
void batch_file_free(struct batch_file *batch);

#endif
