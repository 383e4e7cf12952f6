/* The kernels, as a list: KERNEL_ROW(name, parameters) for each; all return nothing. Whoever includes this file first
 * defines what a row becomes: a member of struct kernels (kernels.h), a declaration (isa/vector.h), a member's value
 * (isa/set.c). So there are no include guards. Arrays are [c][h][w][LANES], 64-byte aligned. Floor 1. */

/* Convolution forward, and its gradient with respect to the input: struct conv_job. */
KERNEL_ROW(conv, (const struct conv_job *job))
/* Its gradient with respect to the weights: struct conv_weights_job. */
KERNEL_ROW(conv_weights, (const struct conv_weights_job *job))
/* conv_weights, and the gradient with respect to the input of the same convolution with stride 1: data->in is
 * weights->d_out. Where that pays, band by band of rows, so that d_out is read from memory once for both. */
KERNEL_ROW(conv_backward, (const struct conv_weights_job *weights, const struct conv_job *data))

/* A 1x1 convolution and a depthwise one behind it, see conv_norm_depthwise.h; both gradients; the sums of products of
 * all pairs of channels. */
KERNEL_ROW(conv_norm_depthwise, (const struct conv_norm_depthwise_job *job))
KERNEL_ROW(conv_norm_depthwise_backward, (const struct conv_norm_depthwise_job *job))
KERNEL_ROW(channel_gram, (const struct gram_job *job))
/* A 1x1 convolution with batch norm before it, see active_norm_conv.h, and its gradients. */
KERNEL_ROW(active_norm_conv, (const struct active_norm_conv_job *job))
KERNEL_ROW(active_norm_conv_backward, (const struct active_norm_conv_job *job))
/* A 1x1 convolution with batch norm and max pooling behind it, see conv_norm_pool.h: what those two need of it; its
 * gradients. */
KERNEL_ROW(conv_norm_pool, (const struct conv_norm_pool_job *job))
KERNEL_ROW(conv_norm_pool_backward, (const struct conv_norm_pool_job *job))

/* The chosen pixel of each window; padding is never chosen. Backward: the gradient goes to the first maximum in reading
 * order. */
KERNEL_ROW(max_pool, (const struct pool_job *job))
KERNEL_ROW(max_pool_backward, (const struct pool_job *job))
KERNEL_ROW(norm_max_pool_backward, (const struct norm_pool_job *job))
/* The mean of each window over the taps inside the image. */
KERNEL_ROW(average_pool, (const struct pool_job *job))
KERNEL_ROW(average_pool_backward, (const struct pool_job *job))

/* y = activation(x), `vectors` times LANES numbers; x may be y. */
KERNEL_ROW(activate, (const real *x, real *y, size_t vectors, struct activation a))
/* d_x = d_y where the output y was not clipped, slope * d_y below zero, 0 at the cap; d_x may be d_y. */
KERNEL_ROW(activate_backward, (const real *y, const real *d_y, real *d_x, size_t vectors, struct activation a))

/* sum[0] = sum of x, sum[1] = sum of x * x, over the pixels of one channel and the lanes where lane_mask is 1;
 * lane_mask is [LANES] and 64-byte aligned. */
KERNEL_ROW(channel_moments, (const real *x, size_t pixels, const real *lane_mask, double sum[2]))
/* y = activation(x * scale + shift) over the pixels of one channel; x may be y. */
KERNEL_ROW(scale_shift, (const real *x, real *y, size_t pixels, const struct affine *affine))
/* sum[0] = sum of d_y, sum[1] = sum of d_y * (x - mean), over pixels and lanes. */
KERNEL_ROW(channel_products, (const real *x, const real *d_y, size_t pixels, real mean, double sum[2]))
/* Of one channel: struct batch_norm_job. */
KERNEL_ROW(batch_norm_backward, (const struct batch_norm_job *job))

/* y = a + b; y may be either. */
KERNEL_ROW(add, (const real *a, const real *b, real *y, size_t vectors))
/* out[c] = sum over pixels and lanes of x[c][pixel][lane]. */
KERNEL_ROW(channel_sums, (const real *x, int channels, size_t pixels, real *out))
/* y = x with each number kept with probability `keep` and divided by it, or 0; x may be y. Which ones are kept is a
 * function of the seed and of a number's place, which for x[0] is `first` times LANES. */
KERNEL_ROW(dropout, (const real *x, real *y, size_t first, size_t vectors, real keep, uint64_t seed))

/* y = (x - mean) * scale, `vectors` times LANES bytes. */
KERNEL_ROW(scale_bytes, (const uint8_t *x, real *y, size_t vectors, real mean, real scale))

/* A plane of bytes through an affine map: struct resample_job of resample.h. */
KERNEL_ROW(resample, (const struct resample_job *job))
/* x = (x * gain + offset) / 2^TONE_BITS, rounded down and brought into 0..255; gain <= 2^(TONE_BITS + 2), |offset| <=
 * 2^(TONE_BITS + 10). */
KERNEL_ROW(tone_bytes, (uint8_t *x, size_t len, int32_t gain, int32_t offset))
/* x = (x * share + other * (BLEND_WHOLE - share)) / BLEND_WHOLE, rounded, halves upward; 0 <= share <= BLEND_WHOLE. */
KERNEL_ROW(blend_bytes, (uint8_t *x, const uint8_t *other, size_t len, int share))

/* For measuring the machine. sums[p][c][lane] = sum over turns of x[turn % LIMIT_TURNS][p][lane] * weights[c], each of
 * a native vector's lanes: LIMIT_PIXELS * LIMIT_WEIGHTS * lanes multiply-adds a turn. */
KERNEL_ROW(limit_multiply, (const real *x, const real weights[LIMIT_WEIGHTS], size_t turns, real *sums))
/* mix[lane] = all bits of x[0 .. vectors - 1][lane] or'ed together; `vectors` is a multiple of 8. */
KERNEL_ROW(limit_read, (const real *x, size_t vectors, real mix[LANES]))

#undef KERNEL_ROW
