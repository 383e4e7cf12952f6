/* The blocks of a direct convolution over pairs of bfloat16, apart from what avx512 and avx512bf16 share. Floor 1. */
#include "nn/kernel/isa/conv_block.h"
#include "nn/kernel/isa/pairs.h"

/* Paired inputs have their zeros around them. */
void KERNEL(conv_pair_block)(const struct conv_job *j, struct place at, int pixels)
{
	switch (pixels) {
	case 1: block_of_channels(j, at, 1, false, true); break;
	case 2: block_of_channels(j, at, 2, false, true); break;
	case 3: block_of_channels(j, at, 3, false, true); break;
#if defined __AVX512F__
	case 4: block_of_channels(j, at, 4, false, true); break;
	case 5: block_of_channels(j, at, 5, false, true); break;
	case 6: block_of_channels(j, at, 6, false, true); break;
#endif
	}
}
