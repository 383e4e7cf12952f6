/* Reads a batch of network inputs with labels from an .npz file: x, floats [n, rows, columns, channels], and y,
 * integers [n]. Floor 4b. Inputs go to the network's first layer as they are: nothing is scaled. */
#ifndef BENCH_WEIGHTS_BATCH_FILE_H
#define BENCH_WEIGHTS_BATCH_FILE_H

#include "nn/model/network.h"

enum { BATCH_FILE_MAX = 65536 };        /* images; the limit of a recipe's batch */

struct batch_file {
	int images;
	float *x;               /* [images][h][w][c], finite; owned */
	int *labels;            /* [images], below the network's classes; owned */
};

/* False and an error that names file and array if anything does not fit the network. */
bool batch_file_read(const char *path, const struct network *network, struct batch_file *to, struct error *err);
void batch_file_free(struct batch_file *batch);

#endif
