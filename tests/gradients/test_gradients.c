/* Every layer type's gradients by its parameters and its input against central differences of the loss. A new type
 * needs a row. */
#include "tests/gradients/probe.h"
#include "tests/helpers/test.h"

#include <string.h>

/* The type under test, as the registry knows it, and networks that use it; more than one row may name a type. */
static const struct row {
	const char *type;
	struct probe probe;
} rows[] = {
	{ "conv", { "conv channels=3 kernel=3; flatten; dense units=3", { 2, 4, 5 }, 3, 1, 0 } },
	{ "conv", { "conv channels=5 kernel=1; flatten; dense units=3", { 3, 3, 4 }, 3, 1, 0 } },
	{ "conv", { "conv channels=4 kernel=2x3 stride=2; flatten; dense units=3", { 2, 7, 6 }, 3, 1, 0 } },
	{ "conv", { "conv channels=4 kernel=3 stride=2 bias=0; flatten; dense units=3", { 2, 6, 7 }, 3, 1, 0 } },
	{ "conv", { "conv channels=3 kernel=2 stride=3 padding=valid; flatten; dense units=3", { 2, 8, 9 }, 3, 1, 0 } },
	{ "conv", { "conv channels=3 kernel=1 stride=4; flatten; dense units=3", { 2, 5, 9 }, 3, 1, 0 } },
	{ "conv", {
		"conv channels=3 kernel=3x2 stride=2 padding=3,0,1,4; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "conv", { "conv channels=3 kernel=5x4 padding=valid; flatten", { 2, 5, 4 }, 3, 1, 0 } },
	{ "conv", { "conv channels=6 kernel=3 groups=2; flatten; dense units=3", { 4, 3, 4 }, 3, 1, 0 } },
	{ "conv", { "conv channels=10 kernel=2 groups=5 stride=2; flatten; dense units=3", { 5, 4, 5 }, 3, 1, 0 } },
	{ "conv", { "conv channels=4 kernel=3; relu; conv channels=3 kernel=3; relu6; flatten; dense units=3",
	            { 2, 5, 5 }, 3, 1, 0 } },
	/* Gradients go through an activation where its output is read. */
	{ "conv", { "conv channels=5 kernel=3; leaky_relu slope=0.2; conv channels=5 kernel=3x2 stride=2; relu6;"
	            "depthwise kernel=3 stride=2; relu; flatten; dense units=3", { 2, 7, 6 }, 3, 1, 0 } },
	{ "batch_norm", {
		"conv channels=3 kernel=2; relu; batch_norm; leaky_relu slope=0.3; batch_norm; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "max_pool", {
		"conv channels=3 kernel=2; leaky_relu slope=0.3; max_pool window=3 stride=2 padding=same; flatten; "
		"dense units=3",
		{ 2, 5, 6 }, 3, 1, 0 } },
	/* So many channels that Winograd's algorithm is used. */
	{ "conv", {
		"conv channels=33 kernel=1; leaky_relu slope=0.2; conv channels=34 kernel=3; leaky_relu slope=0.3;"
		"conv channels=35 kernel=3 padding=2,0,1,2 bias=0; flatten; dense units=3",
		{ 2, 5, 6 }, 3, 1, 0 } },
	{ "conv", {
		"conv channels=33 kernel=1; leaky_relu slope=0.2; conv channels=34 kernel=5 padding=2,1,2,1; flatten; "
		"dense units=3",
		{ 2, 5, 7 }, 3, 1, 0 } },
	/* A weight gradient that is a matrix product. */
	{ "conv", {
		"conv channels=30 kernel=1; leaky_relu slope=0.2; conv channels=70 kernel=1; flatten; dense units=3",
		{ 2, 3, 3 }, 3, 1, 0 } },
	{ "conv", {
		"conv channels=72 kernel=1; conv channels=70 kernel=3 groups=2; relu; flatten; dense units=3",
		{ 2, 3, 4 }, 3, 1, 0 } },
	{ "depthwise", { "depthwise kernel=3; flatten; dense units=3", { 5, 4, 5 }, 3, 1, 0 } },
	{ "depthwise", {
		"depthwise kernel=3x2 stride=2 multiplier=3 bias=0; flatten; dense units=3",
		{ 3, 6, 5 }, 3, 1, 0 } },
	{ "depthwise", { "depthwise kernel=2 stride=3 multiplier=2 padding=1,0,2,0; flatten; dense units=3",
	                 { 3, 6, 7 }, 3, 1, 0 } },
	{ "batch_norm", { "batch_norm; flatten; dense units=3", { 3, 3, 5 }, 3, 1, 0 } },
	{ "batch_norm", {
		"conv channels=4 kernel=3; batch_norm epsilon=0.1; relu; conv channels=3 kernel=2; batch_norm;"
		"leaky_relu; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "batch_norm", { "flatten; dense units=7; batch_norm; relu6; dense units=3", { 2, 3, 3 }, 3, 1, 0 } },
	/* With a max pooling in one go: padding, overlaps, gaps, a gate before and an activation between; and where
	 * others read as well. */
	{ "batch_norm", {
		"batch_norm; max_pool window=3 stride=2 padding=same; flatten; dense units=3",
		{ 2, 5, 6 }, 3, 1, 0 } },
	{ "batch_norm", {
		"conv channels=3 kernel=2; leaky_relu slope=0.3; batch_norm; leaky_relu slope=0.2; "
		"max_pool window=2x3 stride=1 padding=1,0,0,2; conv channels=3 kernel=2; batch_norm; relu6; "
		"max_pool window=1 stride=2; flatten;dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "batch_norm", {
		"conv channels=3 kernel=2; batch_norm; max_pool window=2; relu; flatten; dense units=3",
		{ 2, 4, 6 }, 3, 1, 0 } },
	{ "batch_norm", { "batch_norm; max_pool window=3 stride=1 padding=same; add from=0,1; flatten; dense units=3",
	                  { 2, 4, 5 }, 3, 1, 0 } },
	/* On the way to a depthwise convolution: in a row, behind and before activations, with dropout, and where
	 * others read as well. */
	{ "batch_norm", {
		"conv channels=3 kernel=2; leaky_relu slope=0.3; batch_norm; leaky_relu slope=0.2; "
		"depthwise kernel=3 stride=2;relu; batch_norm; batch_norm; depthwise kernel=2 multiplier=2; flatten; "
		"dense units=3",
		{ 2, 5, 6 }, 3, 1, 0 } },
	{ "dropout", {
		"conv channels=3 kernel=2; leaky_relu slope=0.3; batch_norm; dropout rate=0.3; "
		"depthwise kernel=3 stride=2;flatten; dense units=3",
		{ 2, 5, 6 }, 3, 1, 0 } },
	{ "depthwise", {
		"conv channels=2 kernel=2; batch_norm; add from=0,1; depthwise kernel=3; batch_norm; "
		"depthwise kernel=3;add from=3,5; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "depthwise", {
		"batch_norm; depthwise kernel=3; batch_norm; depthwise kernel=3; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	/* Expansions: behind an activation, with biases, of an input that others read, and without activations. */
	{ "depthwise", {
		"conv channels=12 kernel=1; leaky_relu slope=0.3; conv channels=260 kernel=1; batch_norm; "
		"leaky_relu slope=0.2;depthwise kernel=3; relu6; global_average_pool; dense units=3",
		{ 2, 6, 8 }, 3, 0.9, 16 } },
	{ "depthwise", {
		"conv channels=13 kernel=1; conv channels=130 kernel=1 bias=0; batch_norm; "
		"depthwise kernel=3 stride=2 bias=0;batch_norm; conv channels=13 kernel=1; global_average_pool; "
		"global_average_pool from=0; add from=6,7;dense units=3",
		{ 2, 6, 9 }, 3, 1, 16 } },
	/* Transitions: behind an activation, with a bias, of an input that others read, and of the network's own
	 * input. */
	{ "max_pool", {
		"conv channels=4 kernel=1; leaky_relu slope=0.3; conv channels=180 kernel=1; leaky_relu slope=0.2; "
		"batch_norm;max_pool window=3 stride=2; global_average_pool; dense units=4; "
		"global_average_pool from=1; add from=7,8;dense units=3",
		{ 2, 8, 9 }, 3, 1, 16 } },
	{ "max_pool", {
		"conv channels=180 kernel=1 bias=0; batch_norm; max_pool window=2 stride=3 padding=same; flatten; "
		"dense units=3",
		{ 2, 9, 8 }, 3, 1, 16 } },
	/* In the weights of a 1x1 convolution: behind an activation, with and without bias, of the network's input,
	 * where others read. */
	{ "batch_norm", {
		"conv channels=5 kernel=2; leaky_relu slope=0.3; batch_norm; conv channels=6 kernel=1; "
		"leaky_relu slope=0.2;batch_norm; conv channels=3 kernel=1 bias=0; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "batch_norm", { "batch_norm; conv channels=4 kernel=1; flatten; dense units=3", { 3, 4, 5 }, 3, 1, 0 } },
	{ "batch_norm", {
		"conv channels=12 kernel=1; leaky_relu slope=0.3; batch_norm; conv channels=260 kernel=1; batch_norm;"
		"leaky_relu slope=0.2; depthwise kernel=3; global_average_pool; dense units=3",
		{ 2, 8, 6 }, 3, 1, 0 } },
	{ "batch_norm", {
		"depthwise kernel=3 multiplier=2; leaky_relu slope=0.3; batch_norm; leaky_relu slope=0.2;"
		"conv channels=5 kernel=1; batch_norm; leaky_relu slope=0.1; conv channels=3 kernel=1 bias=0; flatten;"
		"dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "depthwise", {
		"depthwise kernel=3 stride=2 multiplier=2 bias=0; batch_norm; relu6; conv channels=4 kernel=1; flatten;"
		"dense units=3",
		{ 2, 5, 6 }, 3, 1, 0 } },
	{ "batch_norm", {
		"conv channels=4 kernel=2; relu; batch_norm; conv channels=4 kernel=1; add from=3,1; flatten; "
		"dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "relu", { "relu; flatten; dense units=3", { 2, 3, 5 }, 3, 1, 0 } },
	{ "relu", { "flatten; dense units=6; relu; dense units=3", { 2, 3, 5 }, 3, 1, 0 } },
	{ "relu6", { "relu6; flatten; dense units=3", { 3, 5, 5 }, 3, 8, 0 } },
	{ "leaky_relu", { "leaky_relu slope=0.3; flatten; dense units=3", { 2, 3, 5 }, 3, 1, 0 } },
	{ "leaky_relu", { "depthwise kernel=3; leaky_relu slope=0.2; flatten; dense units=3", { 2, 4, 5 }, 3, 1, 0 } },
	{ "max_pool", { "max_pool window=2; flatten; dense units=3", { 2, 4, 6 }, 3, 1, 0 } },
	{ "max_pool", { "max_pool window=3 stride=2 padding=same; flatten; dense units=3", { 2, 5, 6 }, 3, 1, 0 } },
	{ "max_pool", {
		"max_pool window=2x3 stride=1 padding=1,0,0,2; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "max_pool", { "max_pool window=1x2 stride=3; flatten; dense units=3", { 2, 7, 5 }, 3, 1, 0 } },
	{ "average_pool", { "average_pool window=2; flatten; dense units=3", { 2, 4, 6 }, 3, 1, 0 } },
	{ "average_pool", {
		"average_pool window=3 stride=2 padding=same; flatten; dense units=3",
		{ 2, 5, 6 }, 3, 1, 0 } },
	{ "average_pool", {
		"average_pool window=3x2 stride=1 padding=0,2,1,0; flatten; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "global_average_pool", { "global_average_pool; dense units=3", { 4, 3, 5 }, 3, 1, 0 } },
	{ "flatten", { "flatten; dense units=3", { 3, 2, 4 }, 3, 1, 0 } },
	{ "flatten", {
		"conv channels=2 kernel=3; flatten; dense units=4; dense units=4 from=1; add from=2,3; dense units=3",
		{ 2, 3, 4 }, 3, 1, 0 } },
	{ "dense", { "dense units=3", { 7, 1, 1 }, 3, 1, 0 } },
	{ "dense", { "dense units=37 bias=0; dense units=5", { 35, 1, 1 }, 5, 1, 0 } },
	{ "dense", { "dense units=256; dense units=3",
	             { 512, 1, 1 }, 3, 1, 8 } },               /* OpenBLAS from 131,072 weights on */
	/* its last block shorter */
	{ "dense", {
		"dense units=600; relu; dense units=3",
		{ 220, 1, 1 }, 3, 1, 8 } },
	{ "dropout", { "dropout rate=0.4; flatten; dense units=3", { 3, 3, 5 }, 3, 1, 0 } },
	{ "dropout", { "conv channels=3 kernel=3; relu; dropout rate=0.5; dropout rate=0.2; flatten; dense units=3",
	               { 2, 4, 5 }, 3, 1, 0 } },
	{ "dropout", { "dropout rate=0; flatten; dense units=3", { 2, 3, 5 }, 3, 1, 0 } },
	{ "spatial_dropout", { "spatial_dropout rate=0.4; flatten; dense units=3", { 5, 3, 5 }, 3, 1, 0 } },
	{ "spatial_dropout", {
		"conv channels=6 kernel=3; relu; spatial_dropout rate=0.5; spatial_dropout rate=0.2; flatten;"
		"dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	{ "add", { "add from=-1,-1; flatten; dense units=3", { 2, 3, 4 }, 3, 1, 0 } },
	{ "add", { "conv channels=2 kernel=3; add from=0,-1; flatten; dense units=3", { 2, 3, 4 }, 3, 1, 0 } },
	/* One tensor, three readers, one of which reads it twice. */
	{ "add", {
		"conv channels=3 kernel=3; conv channels=3 kernel=1; add from=0,0; add from=1,2; add from=3,0; flatten;"
		"dense units=3",
		{ 2, 3, 4 }, 3, 1, 0 } },
	/* A residual block whose activation has another reader before it. */
	{ "add", {
		"conv channels=3 kernel=3; batch_norm; relu; conv channels=3 kernel=3; batch_norm; add from=2,4; relu;"
		"depthwise kernel=3; add from=7,5; relu6; global_average_pool; dense units=3",
		{ 2, 4, 5 }, 3, 1, 0 } },
	/* Readers in an order unlike the layers'. */
	{ "add", {
		"flatten; dense units=5; relu; dense units=5 from=1; dropout rate=0.3; add from=4,2; batch_norm; "
		"add from=6,1;add from=3,7; dense units=3",
		{ 2, 3, 4 }, 3, 1, 0 } },
};

/* In several tests, which run side by side: each takes every PARTS-th row. */
enum { PARTS = 4 };

static void check_part(size_t first)
{
	for (size_t i = first; i < sizeof rows / sizeof *rows; i += PARTS)
		check_gradients(&rows[i].probe);
}

TEST(gradients_of_every_layer_are_its_differences_part_0) { check_part(0); }
TEST(gradients_of_every_layer_are_its_differences_part_1) { check_part(1); }
TEST(gradients_of_every_layer_are_its_differences_part_2) { check_part(2); }
TEST(gradients_of_every_layer_are_its_differences_part_3) { check_part(3); }

/* A network that has no parameters still has a gradient by its input. */
TEST(gradients_flow_through_layers_without_parameters)
{
	check_gradients(&(struct probe){ "max_pool window=2; relu; global_average_pool", { 3, 4, 4 }, 3, 1, 0 });
}

static bool has_row(const char *type)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].type, type) && strstr(rows[i].probe.text, type))
			return true;
	return false;
}

TEST(gradients_are_checked_of_every_registered_layer)
{
	for (const struct layer_type *const *type = layer_types; *type; type++)
		if (!has_row((*type)->kind.name))
			test_fail(__FILE__, __LINE__, "no row checks the gradients of %s", (*type)->kind.name);
}
