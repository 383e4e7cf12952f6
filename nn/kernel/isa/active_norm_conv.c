/* Batch norm, its activation and a 1x1 convolution, fused; see nn/kernel/active_norm_conv.h. Floor 1.
 *
 * Forward, some pixels of y go to scratch, as many as leave room in L2 for the arrays beside it, and the convolution
 * reads them there. Backward, y is computed again where d will lie: the weight gradient reads it; then it masks the
 * gradient that overwrites it, by the activation's derivative; and the sums that batch norm needs of d are added up
 * while d is in cache. */
#include "nn/kernel/active_norm_conv.h"
#include "nn/kernel/isa/bands.h"
#include "nn/kernel/isa/transpose.h"

static int plane(const struct active_norm_conv_job *j)
{
	return j->in_shape.h * j->in_shape.w;
}

/* Where pixel `first` of channel i lies in an array like x. */
static size_t place(const struct active_norm_conv_job *j, int i, int first)
{
	return ((size_t)i * (size_t)plane(j) + (size_t)first) * LANES;
}

/* y of some pixels; its channels lie `stride` pixels apart. */
static void compute_y(const struct active_norm_conv_job *j, struct range pixels, real *y, int stride)
{
	for (int i = 0; i < j->in_shape.c; i++, y += stride * LANES)
		KERNEL(scale_shift)(j->x + place(j, i, pixels.first), y, (size_t)band_len(pixels),
		                    &(struct affine){ j->scale[i], j->shift[i], j->activation, false });
}

/* Channels of some pixels, as one long row. */
static struct shape row(int channels, int pixels)
{
	return (struct shape){ channels, 1, pixels };
}

/* In scratch the channels of a pixel share no set of L1. */
static void forward_band(const struct active_norm_conv_job *j, struct range pixels)
{
	int count = band_len(pixels), stride = count | 1;

	compute_y(j, pixels, j->scratch, stride);
	KERNEL(conv)(&(struct conv_job){
		.in = j->scratch, .in_shape = row(j->in_shape.c, stride), .out = j->out + place(j, 0, pixels.first),
		.out_shape = row(j->channels, plane(j)), .rows = 1, .columns = count, .out_step = 1, .kernel = { 1, 1 },
		.stride = 1, .weights = j->weights, .bias = j->bias, .activation = j->out_activation,
		.stream = j->stream });
}

typedef void run_band(const struct active_norm_conv_job *j, struct range pixels);

static void each_band(const struct active_norm_conv_job *j, run_band *run)
{
	int step = active_norm_conv_pixels(j->in_shape), end = plane(j);

	for (struct range b = band_from(0, step, end); b.first < end; b = band_from(b.last, step, end))
		run(j, b);
}

void KERNEL(active_norm_conv)(const struct active_norm_conv_job *j)
{
	each_band(j, forward_band);
}

/* The weight gradient, which reads y where d will be. */
static struct conv_weights_job weights_job(const struct active_norm_conv_job *j)
{
	return (struct conv_weights_job){ .in = j->d, .in_shape = j->in_shape, .d_out = j->d_out,
		.out_shape = { j->channels, j->in_shape.h, j->in_shape.w }, .kernel = { 1, 1 }, .stride = 1,
		.d_weights = j->d_weights, .scratch = j->scratch };
}

/* d overwrites y, which masks it. */
static void overwrite_y(const struct active_norm_conv_job *j, struct range pixels)
{
	real *d = j->d + place(j, 0, pixels.first);

	KERNEL(conv)(&(struct conv_job){
		.in = j->d_out + place(j, 0, pixels.first), .in_shape = row(j->channels, plane(j)), .out = d,
		.out_shape = row(j->in_shape.c, plane(j)), .rows = 1, .columns = band_len(pixels), .out_step = 1,
		.kernel = { 1, 1 }, .stride = 1, .weights = j->transposed_weights, .activation = ACTIVATION_IDENTITY,
		.mask_by = d, .mask_activation = j->activation, .hot = true });
}

static void add_sums(const struct active_norm_conv_job *j, struct range pixels)
{
	for (int i = 0; i < j->in_shape.c; i++) {
		size_t at = place(j, i, pixels.first);
		double sums[2];
		KERNEL(channel_products)(j->x + at, j->d + at, (size_t)band_len(pixels), j->mean[i], sums);
		j->sums[2 * i] += sums[0];
		j->sums[2 * i + 1] += sums[1];
	}
}

static void backward_band(const struct active_norm_conv_job *j, struct range pixels)
{
	struct conv_weights_job weights = weights_job(j);

	compute_y(j, pixels, j->d + place(j, 0, pixels.first), plane(j));
	KERNEL(conv_weights_product_add)(&weights, pixels);
	overwrite_y(j, pixels);
	add_sums(j, pixels);
}

void KERNEL(active_norm_conv_backward)(const struct active_norm_conv_job *j)
{
	struct conv_weights_job weights = weights_job(j);

	KERNEL(conv_weights_product_begin)(&weights);
	for (int i = 0; i < 2 * j->in_shape.c; i++)
		j->sums[i] = 0;
	each_band(j, backward_band);
	KERNEL(conv_weights_product_end)(&weights);
}
