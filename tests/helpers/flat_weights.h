/* Weights of the tiny sweep's flat/8 whose outputs can be told from paper. */
#ifndef TESTS_HELPERS_FLAT_WEIGHTS_H
#define TESTS_HELPERS_FLAT_WEIGHTS_H

/* Writes them as Keras would hand them over, with every weight of the two layers stated: kernels 0 but for the first
 * weight of each. The logits of an image are the biases, and the first one has `first` times the first pixel more. */
void write_flat(const char *path, const float biases[3], float first);

#endif
