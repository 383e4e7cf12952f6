/* Families: how widths become channels, what blocks, repeats, names and parameters expand to, and every refusal by its
 * text. */
#include "bench/yaml/count.h"
#include "tests/helpers/sweep_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The layers of a sweep's first network, "conv<input dense<0": each type and what it reads. */
static const char *layers_of(const struct sweep *sweep)
{
	static char text[4096];
	const struct network *network = sweep ? &sweep->points[0].network : NULL;
	int used = 0;

	text[0] = '\0';
	for (int i = 0; network && i < network->layer_count; i++) {
		const struct layer *layer = &network->layers[i];

		used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", i ? " " : "", layer->type->kind.name);
		for (int k = 0; k < layer->type->inputs; k++)
			used += snprintf(text + used, sizeof text - (size_t)used, "<%d", layer->from[k]);
	}
	return text;
}

static void check_layers(int line, const char *text, const char *want)
{
	struct sweep *sweep = sweep_of(text, NULL);

	check_text(__FILE__, line, sweep_refusal(), "", "the refusal");
	check_text(__FILE__, line, layers_of(sweep), want, "the layers");
	sweep_destroy(sweep);
}

#define CHECK_LAYERS(text, want) check_layers(__LINE__, text, want)

/* ---- counts ---- */

/* Oracle: the formulas on paper; multiple_of 8 is TensorFlow's make_divisible(v, 8). */
TEST(count_rounds_by_the_rule_of_the_family)
{
	struct binding nearest = { .rounding = ROUNDING_NEAREST };
	struct binding eight = { .rounding = ROUNDING_MULTIPLE, .divisor = 8 };
	struct binding three = { .rounding = ROUNDING_MULTIPLE, .divisor = 3 }, exact = { 0 };

	CHECK_CLOSE(count_round(2.4, &nearest), 2, 0);
	CHECK_CLOSE(count_round(2.5, &nearest), 3, 0);
	CHECK_CLOSE(count_round(0.1, &nearest), 1, 0);
	CHECK_CLOSE(count_round(1.0, &eight), 8, 0);
	CHECK_CLOSE(count_round(11.2, &eight), 16, 0);          /* 8 would be below 90 % */
	CHECK_CLOSE(count_round(44.8, &eight), 48, 0);          /* MobileNetV2's stem at 1.4 */
	CHECK_CLOSE(count_round(19.0, &eight), 24, 0);
	CHECK_CLOSE(count_round(33.6, &eight), 32, 0);
	CHECK_CLOSE(count_round(36.0, &eight), 40, 0);
	CHECK_CLOSE(count_round(7.4, &three), 9, 0);            /* 6 would be below 90 % */
	CHECK_CLOSE(count_round(7.6, &three), 9, 0);
	CHECK_CLOSE(count_round(2.25, &exact), 2.25, 0);
}

TEST(count_reads_multiples_of_the_width)
{
	CHECK_CLOSE(count_factor("w"), 1, 0);
	CHECK_CLOSE(count_factor("2w"), 2, 0);
	CHECK_CLOSE(count_factor("0.5w"), 0.5, 0);
	CHECK_CLOSE(count_factor("12.25w"), 12.25, 0);
	CHECK_CLOSE(count_factor("0w"), 0, 0);
	CHECK_CLOSE(count_factor("2"), -1, 0);
	CHECK_CLOSE(count_factor("ww"), -1, 0);
	CHECK_CLOSE(count_factor("-2w"), -1, 0);
	CHECK_CLOSE(count_factor(".5w"), -1, 0);
	CHECK_CLOSE(count_factor("5.w"), -1, 0);
	CHECK_CLOSE(count_factor("2 w"), -1, 0);
	CHECK_CLOSE(count_factor("1e3w"), -1, 0);
	CHECK_CLOSE(count_factor(""), -1, 0);
}

/* The channels column of one convolution at one width. */
static void check_channels(const char *width, const char *rounding, const char *channels, const char *want)
{
	char text[512];

	snprintf(text, sizeof text, HEAD "families: [{name: t, widths: [%s], rounding: %s,\n"
	         "  layers: [conv: {channels: %s, kernel: 1}, flatten, dense: {units: classes}]}]\n", width, rounding,
	         channels);
	struct sweep *sweep = sweep_of(text, NULL);
	CHECK_TEXT(sweep ? sweep->points[0].channels : sweep_refusal(), want);
	sweep_destroy(sweep);
}

TEST(count_becomes_channels)
{
	check_channels("3", "exact", "2w", "6");
	check_channels("0.1", "exact", "30w", "3");
	check_channels("0.5", "exact", "2w", "1");
	check_channels("3", "exact", "0.5w",
	               "s.yaml:6:29: channels: 0.5w is 1.5 at width 3, not a whole number (rounding: exact)");
	check_channels("3", "nearest", "0.5w", "2");
	check_channels("0.01", "nearest", "16w", "1");
	check_channels("1.4", "{multiple_of: 8}", "32w", "48");
	check_channels("3", "exact", "5", "5");
	check_channels("3", "nearest", "classes", "3");
	check_channels("3", "nearest", "0w", "s.yaml:6:29: channels: 0w is 0 at width 3, outside 1..65536");
	check_channels("3", "exact", "30000w", "s.yaml:6:29: channels: 30000w is 90000 at width 3, outside 1..65536");
	check_channels("1e9", "nearest", "2w",
	               "s.yaml:6:29: channels: 2w is 2000000000 at width 1000000000, outside 1..65536");
	check_channels("3", "exact", "2x",
	               "s.yaml:6:29: channels: \"2x\" is not a whole number, a multiple of the width (2w) or classes");
	check_channels("3", "exact", "'2w'",
	               "s.yaml:6:29: channels: \"2w\" in quotes is not a whole number, "
	               "a multiple of the width (2w) or classes");
}

TEST(family_refuses_roundings)
{
	check_channels("3", "up", "w",
	               "s.yaml:5:45: rounding: \"up\" is unknown; accepted: exact, nearest, {multiple_of: 8}");
	check_channels("3", "[8]", "w",
	               "s.yaml:5:45: rounding: a list is unknown; accepted: exact, nearest, {multiple_of: 8}");
	check_channels("3", "{multiple_of: 0}", "w", "s.yaml:5:59: multiple_of: 0 is outside 1..1024");
	check_channels("3", "{multiple: 8}", "w", "s.yaml:5:46: multiple: unknown key; accepted: multiple_of");
	check_channels("3", "{}", "w", "s.yaml:5:45: multiple_of: missing; a whole number is required");
}

/* ---- lists of layers ---- */

TEST(family_layers_follow_each_other_or_a_name)
{
	CHECK_LAYERS(FAMILY "[relu, relu: {name: a}, relu, add: {with: a, name: b}, add: {from: input, with: b}, "
	                    "flatten,\n"
	             "dense: {units: 3}]" END,
	             "relu<-1 relu<0 relu<1 add<2<1 add<-1<3 flatten<4 dense<5");
}

TEST(family_repeats)
{
	CHECK_LAYERS(FAMILY "[repeat: {times: 2, layers: [relu, repeat: {times: 2, layers: [relu6]}]}, flatten, "
	                    "dense: {units: 3}]" END,
	             "relu<-1 relu6<0 relu6<1 relu<2 relu6<3 relu6<4 flatten<5 dense<6");
	CHECK_LAYERS(FAMILY "[relu: {name: a}, repeat: {times: 2, name: b, from: input, layers: [relu6: {name: c}, "
	                    "add: {with: a}, "
	             "add: {with: c}]},\n add: {from: a, with: b}, flatten, dense: {units: 3}]" END,
	             "relu<-1 relu6<-1 add<1<0 add<2<1 relu6<3 add<4<0 add<5<4 add<0<6 flatten<7 dense<8");
}

#define RESIDUAL "blocks: {residual: {parameters: {slope: 0.1}, " \
	"layers: [leaky_relu: {slope: $slope, name: a}, relu: {from: a}, " \
	"add: {with: block_input}]}}"

TEST(family_blocks_have_names_of_their_own)
{
	CHECK_LAYERS(FAMILY "[relu: {name: a}, residual: {name: b}, residual: {slope: 0.2, from: a}, add: {with: b}, "
	                    "flatten,\n"
	             "dense: {units: 3}], " RESIDUAL END,
	             "relu<-1 leaky_relu<0 relu<1 add<2<0 leaky_relu<0 relu<4 add<5<0 add<6<3 flatten<7 dense<8");
	CHECK_LAYERS(FAMILY "[residual, flatten, dense: {units: 3}], " RESIDUAL END,
	             "leaky_relu<-1 relu<0 add<1<-1 flatten<2 dense<3");
}

TEST(family_parameters_reach_nested_blocks)
{
	static const char text[] = FAMILY "[outer: {t: 2}, outer: {t: 1, d: classes}, flatten, dense: {units: 3}],\n"
		"blocks: {inner: {parameters: {c: required, k: 1}, layers: [conv: {channels: $c, kernel: [$k, 1]}]},\n"
		"outer: {parameters: {d: 2w, t: required}, layers: [repeat: {times: $t, layers: [inner: {c: $d, "
		"k: 3}]}]}}" END;
	struct sweep *sweep = sweep_of(text, NULL);
	char *description = sweep ? point_describe(sweep, sweep->points) : NULL;

	CHECK_TEXT(sweep_refusal(), "");
	CHECK_TEXT(layers_of(sweep), "conv<-1 conv<0 conv<1 flatten<2 dense<3");
	CHECK(description &&
	      strstr(description, "layer 1 conv\nlayer 1 channels 6\nlayer 1 groups 1\nlayer 1 kernel 3 1\n"));
	CHECK_TEXT(sweep ? sweep->points[0].channels : "", "6,3");
	free(description);
	sweep_destroy(sweep);
}

TEST(family_refuses_layers)
{
	CHECK_REFUSED(FAMILY "[cnov: {channels: w}]" END,
	              "s.yaml:6:2: cnov: unknown layer; accepted: conv, depthwise, batch_norm, relu, relu6, "
	              "leaky_relu, max_pool, "
	              "average_pool, global_average_pool, flatten, dense, dropout, spatial_dropout, add, repeat; "
	              "did you mean \"conv\"?");
	CHECK_REFUSED(FAMILY "[conv: {chanels: w, kernel: 3}]" END,
	              "s.yaml:6:9: chanels: unknown key; accepted: channels, groups, kernel, stride, padding, bias, "
	              "init, name, from; did you mean \"channels\"?");
	CHECK_REFUSED(FAMILY "[conv: {kernel: 3}]" END,
	              "s.yaml:6:8: channels: missing; a whole number, "
	              "a multiple of the width (2w) or classes is required");
	CHECK_REFUSED(FAMILY "[conv]" END,
	              "s.yaml:6:2: channels: missing; a whole number, "
	              "a multiple of the width (2w) or classes is required");
	CHECK_REFUSED(FAMILY "[conv: 3]" END, "s.yaml:6:8: conv: \"3\" where a map is accepted");
	CHECK_REFUSED(FAMILY "[{relu: {}, relu6: {}}]" END,
	              "s.yaml:6:13: layers: both \"relu\" and \"relu6\" where one name is accepted");
	CHECK_REFUSED(FAMILY "[[relu]]" END, "s.yaml:6:2: layers: a list where a name or {name: {...}} is accepted");
	CHECK_REFUSED(FAMILY "[]" END, "s.yaml:6:1: layers: an empty list where at least one layer is required");
	CHECK_REFUSED(FAMILY "relu" END, "s.yaml:6:1: layers: \"relu\" where a list is accepted");
	CHECK_REFUSED(FAMILY "[relu: {with: input}]" END, "s.yaml:6:9: with: unknown key; accepted: name, from");
}

TEST(family_refuses_values_of_layers)
{
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: 3, stride: 0}]" END,
	              "s.yaml:6:41: stride: 0 is outside 1..16");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: 3, stride: 99999999999999999999}]" END,
	              "s.yaml:6:41: stride: 99999999999999999999 is outside 1..16");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: {h: 3}}]" END,
	              "s.yaml:6:30: kernel: a map where a whole number or [rows, columns] is accepted");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: [3, 3, 3]}]" END,
	              "s.yaml:6:30: kernel: a list of 3 where a whole number or [rows, columns] is accepted");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: [3, x]}]" END,
	              "s.yaml:6:34: kernel: \"x\" is not a whole number or [rows, columns]");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: 3, padding: full}]" END,
	              "s.yaml:6:42: padding: \"full\" is not same, valid, a whole number or [top, bottom, left, "
	              "right]");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: 3, padding: [1, 1]}]" END,
	              "s.yaml:6:42: padding: a list of 2 where same, valid, a whole number or [top, bottom, left, "
	              "right] is accepted");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: 3, bias: no}]" END,
	              "s.yaml:6:39: bias: \"no\" is not true or false");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: 3, bias: }]" END,
	              "s.yaml:6:39: bias: nothing where true or false is accepted");
	CHECK_REFUSED(FAMILY "[conv: {channels: w, kernel: 3, init: He}]" END,
	              "s.yaml:6:39: init: \"He\" is unknown; accepted: he, glorot; did you mean \"he\"?");
	CHECK_REFUSED(FAMILY "[dropout: {rate: half}]" END, "s.yaml:6:18: rate: \"half\" is not a number");
	CHECK_REFUSED(FAMILY "[dropout: {rate: 1}]" END, "s.yaml:6:18: rate: 1 is outside 0..0.99");
	CHECK_REFUSED(FAMILY "[dropout: {rate: 0x1}]" END, "s.yaml:6:18: rate: \"0x1\" is not a number");
	CHECK_REFUSED(FAMILY "[dropout: {rate: nan}]" END, "s.yaml:6:18: rate: \"nan\" is not a number");
	CHECK_REFUSED(FAMILY "[dropout: {rate: 1e999}]" END, "s.yaml:6:18: rate: 1e999 is outside 0..0.99");
	CHECK_REFUSED(FAMILY "[dropout: {rate: '0.1'}]" END, "s.yaml:6:18: rate: \"0.1\" in quotes is not a number");
}

TEST(family_refuses_names)
{
	CHECK_REFUSED(FAMILY "[relu: {name: here}, add: {with: her}]" END,
	              "s.yaml:6:34: with: no layer before this one is named \"her\"; accepted: input, here; "
	              "did you mean \"here\"?");
	CHECK_REFUSED(FAMILY "[relu: {from: late}, relu: {name: late}]" END,
	              "s.yaml:6:15: from: no layer before this one is named \"late\"; accepted: input");
	CHECK_REFUSED(FAMILY "[relu: {name: a},\n relu: {name: a}]" END, "s.yaml:7:15: name: \"a\" is taken by line 6");
	CHECK_REFUSED(FAMILY "[relu: {name: a},\n repeat: {times: 2, layers: [relu: {name: a}]}]" END,
	              "s.yaml:7:43: name: \"a\" is taken by line 6");
	CHECK_REFUSED(FAMILY "[relu: {name: input}]" END, "s.yaml:6:15: name: \"input\" always names an input");
	CHECK_REFUSED(FAMILY "[relu: {name: a b}]" END,
	              "s.yaml:6:15: name: \"a b\" is not a name; accepted: 1 to 63 letters, digits, ., _ and -");
	CHECK_REFUSED(FAMILY "[relu: {name: [a]}]" END, "s.yaml:6:15: name: a list where one value is accepted");
	CHECK_REFUSED(FAMILY "[relu, add]" END, "s.yaml:6:8: with: missing; add needs the name of its second input");
	CHECK_REFUSED(FAMILY "[relu: {from: block_input}]" END,
	              "s.yaml:6:15: from: no layer before this one is named \"block_input\"; accepted: input");
	CHECK_REFUSED(FAMILY "[repeat: {times: 1, layers: [relu: {name: a}]}, add: {with: a}]" END,
	              "s.yaml:6:61: with: no layer before this one is named \"a\"; accepted: input");
	CHECK_REFUSED(FAMILY "[relu: {name: out}, b], blocks: {b: {layers: [add: {with: out}]}}" END,
	              "s.yaml:6:59: with: no layer before this one is named \"out\"; accepted: input, block_input");
}

TEST(family_refuses_repeats)
{
	CHECK_REFUSED(FAMILY "[repeat]" END, "s.yaml:6:2: times: missing; a whole number is required");
	CHECK_REFUSED(FAMILY "[repeat: {times: 0, layers: [relu]}]" END, "s.yaml:6:18: times: 0 is outside 1..1000");
	CHECK_REFUSED(FAMILY "[repeat: {times: 1001, layers: [relu]}]" END,
	              "s.yaml:6:18: times: 1001 is outside 1..1000");
	CHECK_REFUSED(FAMILY "[repeat: {times: 2}]" END, "s.yaml:6:2: layers: missing; a list is required");
	CHECK_REFUSED(FAMILY "[repeat: {times: 2, layers: []}]" END,
	              "s.yaml:6:29: layers: an empty list where at least one layer is required");
	CHECK_REFUSED(FAMILY "[repeat: {count: 2}]" END,
	              "s.yaml:6:11: count: unknown key; accepted: times, layers, name, from");
}

TEST(family_refuses_blocks)
{
	CHECK_REFUSED(FAMILY "[b], blocks: {b: {layers: [b]}}" END, "s.yaml:6:28: b: a block cannot contain itself");
	CHECK_REFUSED(FAMILY "[b], blocks: {b: {layers: [c]}, c: {layers: [relu, b]}}" END,
	              "s.yaml:6:52: b: a block cannot contain itself");
	CHECK_REFUSED(FAMILY "[b], blocks: {b: {parameters: {c: required}, layers: [relu]}}" END,
	              "s.yaml:6:2: c: missing; this block requires it");
	CHECK_REFUSED(FAMILY "[b: {d: 1}], blocks: {b: {parameters: {c: 1}, layers: [relu]}}" END,
	              "s.yaml:6:6: d: unknown key; accepted: c, name, from");
	CHECK_REFUSED(FAMILY "[b], blocks: {b: {parameters: {slope: 1}, layers: [leaky_relu: {slope: $slop}]}}" END,
	              "s.yaml:6:72: $slop: unknown parameter; accepted: slope; did you mean \"slope\"?");
	CHECK_REFUSED(FAMILY "[leaky_relu: {slope: $slope}]" END,
	              "s.yaml:6:22: $slope: parameters exist only inside blocks");
	CHECK_REFUSED(FAMILY "[b], blocks: {b: {layer: [relu]}}" END,
	              "s.yaml:6:19: layer: unknown key; accepted: parameters, layers; did you mean \"layers\"?");
	CHECK_REFUSED(FAMILY "[b], blocks: {b: {}}" END, "s.yaml:6:18: layers: missing; a list is required");
	CHECK_REFUSED(FAMILY "[b], blocks: {b: [relu]}" END, "s.yaml:6:18: b: a list where a map is accepted");
	CHECK_REFUSED(FAMILY "[relu], blocks: [relu]" END, "s.yaml:6:17: blocks: a list where a map is accepted");
	CHECK_REFUSED(FAMILY "[relu], blocks: {conv: {layers: [relu]}}" END,
	              "s.yaml:6:18: blocks: conv is already the name of a layer");
	CHECK_REFUSED(FAMILY "[relu], blocks: {repeat: {layers: [relu]}}" END,
	              "s.yaml:6:18: blocks: repeat is already the name of a layer");
	CHECK_REFUSED(FAMILY "[relu], blocks: {b: {parameters: {from: 1}, layers: [relu]}}" END,
	              "s.yaml:6:35: parameters: from is a key of every layer");
	CHECK_REFUSED(FAMILY "[relu], blocks: {b: {parameters: [c], layers: [relu]}}" END,
	              "s.yaml:6:34: parameters: a list where a map is accepted");
}

/* The value of a parameter is wrong where it is written, not where it is used. */
TEST(family_points_at_the_value_of_a_parameter)
{
	CHECK_REFUSED(FAMILY "[b: {s: 0}],\nblocks: {b: {parameters: {s: 1}, layers: [conv: {channels: 1, kernel: 1, "
	                     "stride: $s}]}}" END,
	              "s.yaml:6:9: stride: 0 is outside 1..16");
	CHECK_REFUSED(FAMILY "[b],\nblocks: {b: {parameters: {s: 17}, layers: [conv: {channels: 1, kernel: 1, "
	                     "stride: $s}]}}" END,
	              "s.yaml:7:30: stride: 17 is outside 1..16");
}

/* ---- limits ---- */

/* 10^18 layers in a few lines; also as blocks. Refused after 1024. */
TEST(family_expansion_has_limits)
{
	static const char repeats[] = FAMILY "[repeat: {times: 1000, layers: [repeat: {times: 1000, layers: ["
		"repeat: {times: 1000, layers: [repeat: {times: 1000, layers: ["
		"repeat: {times: 1000, layers: [repeat: {times: 1000, layers: [relu]}]}]}]}]}]}]" END;
	static const char blocks[] = FAMILY "[a],\n"
		"blocks: {a: {layers: [b, b, b, b, b, b, b, b]}, b: {layers: [c, c, c, c, c, c, c, c]},\n"
		"c: {layers: [d, d, d, d, d, d, d, d]}, d: {layers: [e, e, e, e, e, e, e, e]}, "
		"e: {layers: [relu]}}" END;
	static const char deep[] = FAMILY "[b1],\n"
		"blocks: {b1: {layers: [b2]}, b2: {layers: [b3]}, b3: {layers: [b4]}, b4: {layers: [b5]},\n"
		"b5: {layers: [b6]}, b6: {layers: [b7]}, b7: {layers: [b8]}, b8: {layers: [b9]}, b9: {layers: [b10]},\n"
		"b10: {layers: [b11]}, b11: {layers: [b12]}, b12: {layers: [b13]}, b13: {layers: [b14]}, "
		"b14: {layers: [b15]},\nb15: {layers: [b16]}, b16: {layers: [b17]}, b17: {layers: [relu]}}" END;

	CHECK_REFUSED(repeats, "s.yaml:6:188: layers: more than 1024 with all blocks and repeats written out");
	CHECK_REFUSED(blocks, "s.yaml:8:92: layers: more than 1024 with all blocks and repeats written out");
	CHECK_REFUSED(deep, "s.yaml:10:38: b17: blocks within blocks deeper than 16");
}

/* A long list as an argument, searched at every use. */
TEST(family_substitution_has_a_limit)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	fputs(FAMILY "[repeat: {times: 1000, layers: [b: {c: [1", to);
	for (int i = 0; i < 5000; i++)
		fputs(",1", to);
	fputs("]}]}], blocks: {b: {parameters: {c: 1}, layers: [relu]}}" END, to);
	fclose(to);
	struct sweep *sweep = sweep_of(text, NULL);
	CHECK(!sweep);
	CHECK(strstr(sweep_refusal(), "blocks and repeats fill in more than 1000000 values"));
	sweep_destroy(sweep);
	free(text);
}
