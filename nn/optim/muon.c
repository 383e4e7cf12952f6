/* Muon (Jordan et al. 2024): a kernel's step is its momentum with all singular values near 1. Floor 2.
 *
 *   m = m + (1 - momentum) (g - m)                 d = g + momentum (m - g) with nesterov, else m
 *   X = d / (|d| + 1e-7), Frobenius' norm          five times X = a X + (b A + c A A) X, A = X X^T
 *   p = p - rate * weight_decay * p - rate * scale * X
 *
 * With a = 3.4445, b = -4.7750, c = 2.0315 singular values in (0, 1] come to about 0.7 .. 1.2 (a quintic Newton-Schulz
 * iteration). X is the matrix or its transpose, whichever has fewer rows. This is torch.optim.Muon's step, but X is
 * float32 instead of bfloat16. Jordan's code also scales a convolution's step by the ratio of its window's sides, which
 * is 1, where here the matrix is [outputs][inputs x window], for `scale` too. */
#include "nn/optim/optimizer.h"

#include <math.h>
#include <string.h>

enum { SCALE_ORIGINAL, SCALE_MATCH_RMS_ADAMW, SCALE_NONE };
static const char *const scales[] = { "original", "match_rms_adamw", "none", NULL };

struct muon {
	double momentum, weight_decay;
	bool nesterov;
	int steps, scale;
	double adam_rate, adam_beta1, adam_beta2, adam_epsilon;
};

static const struct field fields[] = {
	{ "momentum", FIELD_FLOAT, offsetof(struct muon, momentum),
	  .fallback = 0.95, .min = 0, .max = 0.99999,
	  .help = "share of the gradients' running mean that each step keeps" },
	{ "nesterov", FIELD_BOOL, offsetof(struct muon, nesterov),
	  .fallback = true, .help = "Nesterov's momentum: the gradient is mixed into its running mean once more" },
	{ "steps", FIELD_INT, offsetof(struct muon, steps),
	  .fallback = 5, .min = 1, .max = 20, .help = "Newton-Schulz steps, which bring the singular values near 1" },
	{ "scale", FIELD_CHOICE, offsetof(struct muon, scale),
	  .fallback = SCALE_ORIGINAL, .choices = scales, .help = "how the step grows with the matrix, see above" },
	{ "weight_decay", FIELD_FLOAT, offsetof(struct muon, weight_decay),
	  .fallback = 0, .min = 0, .max = 1,
	  .help = "share of each weight that a step takes off, times its learning rate" },
	{ "adam_rate", FIELD_FLOAT, offsetof(struct muon, adam_rate),
	  .fallback = 0.1, .min = 0, .max = 100,
	  .help = "learning rate of what Adam updates, as a share of the recipe's" },
	{ "adam_beta1", FIELD_FLOAT, offsetof(struct muon, adam_beta1),
	  .fallback = 0.9, .min = 0, .max = 0.99999, .help = "beta1 of what Adam updates" },
	{ "adam_beta2", FIELD_FLOAT, offsetof(struct muon, adam_beta2),
	  .fallback = 0.999, .min = 0, .max = 0.99999, .help = "beta2 of what Adam updates" },
	{ "adam_epsilon", FIELD_FLOAT, offsetof(struct muon, adam_epsilon),
	  .fallback = 1e-8, .min = 1e-12, .max = 1, .help = "epsilon of what Adam updates" },
	{ 0 }
};

static const char about[] =
	"Each kernel is a matrix of its outputs and of all that one output reads, a depthwise kernel of channels and "
	"taps, as Jordan's code flattens them. Its step is the nearest matrix to the momentum whose singular values "
	"are all near 1, by a Newton-Schulz iteration in OpenBLAS. Biases, batch norm and the last layer's kernel are "
	"left to AdamW, at `adam_rate` times the rate.\n"
	"`scale` multiplies the step of a matrix of R rows and C columns: `original` by sqrt(max(1, R / C)), "
	"`match_rms_adamw` by 0.2 sqrt(max(R, C)), so that AdamW's rate and weight decay fit (Liu et al. 2025). The "
	"names are those of torch.optim.Muon, whose rate is 0.001 and weight decay 0.1; Jordan's are 0.02 and 0, as "
	"here.";

/* Row by row. */
struct matrix { int rows, columns; real *at; };

static size_t short_side(int rows, int columns)
{
	return (size_t)(rows < columns ? rows : columns);
}

/* Two matrices of the kernel's size, two square ones of its short side. */
static size_t matrix_scratch(int rows, int columns)
{
	size_t side = short_side(rows, columns);

	return 2 * (size_t)rows * (size_t)columns + 2 * side * side;
}

/* Takes the gradient into the momentum, in slot 0; writes the direction, transposed where it has more rows than
 * columns, and returns its norm. */
static double take_momentum(const struct muon *c, const struct update *u, real *to)
{
	const real take = (real)(1 - c->momentum), keep = (real)c->momentum;
	const size_t rows = (size_t)u->rows, columns = (size_t)u->columns;
	const bool transposed = rows > columns;
	real *mean = u->slots[0];
	double sum = 0;

	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < columns; k++) {
			real g = u->gradients[i * columns + k], *m = &mean[i * columns + k];
			*m += take * (g - *m);
			real d = c->nesterov ? g + keep * (*m - g) : *m;
			sum += (double)d * (double)d;
			to[transposed ? k * rows + i : i * columns + k] = d;
		}
	return sqrt(sum);
}

/* One step: next = a x + (b A + c A A) x, A = x x^T. `square` and `polynomial` are [rows][rows]. */
static void newton_schulz(const struct update *u, struct matrix x, real *next, real *square, real *polynomial)
{
	const real a = (real)3.4445, b = (real)-4.7750, c = (real)2.0315;
	const int n = x.rows, m = x.columns;

	u->gemm(BLAS_ROW_MAJOR, BLAS_AS_STORED, BLAS_TRANSPOSED, n, n, m, 1, x.at, m, x.at, m, 0, square, n);
	memcpy(polynomial, square, (size_t)n * (size_t)n * sizeof *square);
	u->gemm(BLAS_ROW_MAJOR, BLAS_AS_STORED, BLAS_AS_STORED, n, n, n, c, square, n, square, n, b, polynomial, n);
	memcpy(next, x.at, (size_t)n * (size_t)m * sizeof *next);
	u->gemm(BLAS_ROW_MAJOR, BLAS_AS_STORED, BLAS_AS_STORED, n, m, n, 1, polynomial, n, x.at, m, a, next, m);
}

/* What a step of a matrix of this shape is multiplied by. */
static double scale_of(const struct muon *c, double rows, double columns)
{
	switch (c->scale) {
	case SCALE_ORIGINAL: return sqrt(fmax(1, rows / columns));
	case SCALE_MATCH_RMS_ADAMW: return 0.2 * sqrt(fmax(rows, columns));
	default: return 1;
	}
}

/* x: the direction, transposed as take_momentum says. */
static void move(const struct muon *c, const struct update *u, const real *x)
{
	const real rate = (real)(u->learning_rate * scale_of(c, u->rows, u->columns));
	const real kept = (real)(1 - (u->decays ? u->learning_rate * c->weight_decay : 0));
	const size_t rows = (size_t)u->rows, columns = (size_t)u->columns;

	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < columns; k++) {
			real *p = &u->params[i * columns + k];
			*p = kept * *p - rate * x[rows > columns ? k * rows + i : i * columns + k];
		}
}

static void update_matrix(const void *config, const struct update *u)
{
	const struct muon *c = config;
	const size_t len = u->len, side = short_side(u->rows, u->columns);
	struct matrix x = { (int)side, (int)(len / side), u->scratch };
	real *next = u->scratch + len, *square = next + len, *polynomial = square + side * side;
	const real norm = (real)(take_momentum(c, u, x.at) + 1e-7);

	for (size_t i = 0; i < len; i++)
		x.at[i] /= norm;
	for (int step = 0; step < c->steps; step++) {
		newton_schulz(u, x, next, square, polynomial);
		real *before = x.at;
		x.at = next;
		next = before;
	}
	move(c, u, x.at);
}

static void update(const void *config, const struct update *u)
{
	const struct muon *c = config;
	const struct adam adam = { c->adam_beta1, c->adam_beta2, c->adam_epsilon, c->weight_decay };
	struct update rest = *u;

	rest.learning_rate *= c->adam_rate;
	adamw_update(&adam, &rest);
}

const struct optimizer_type optimizer_muon = {
	.kind = { .name = "muon", .help = "momentum with equal singular values for kernels, Adam for the rest",
	          .fields = fields, .config_size = sizeof(struct muon), .about = about },
	.slots = 2, .learning_rate = 0.02, .update = update,
	.update_matrix = update_matrix, .matrix_scratch = matrix_scratch,
};
