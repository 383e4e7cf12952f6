/* YAML files as trees: what is read, every refusal by its text and place, `--set`, and the limits. */
#include "bench/yaml/yaml.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct error err;

static struct document *document_of(const char *bytes, size_t len)
{
	err = (struct error){ "" };
	return document_read(test_write("y.yaml", bytes, len), &err);
}

/* The message without the folder in front. */
static const char *refusal(void)
{
	size_t len = strlen(test_folder()) + 1;

	return strncmp(err.text, test_folder(), len - 1) ? err.text : err.text + len;
}

static void check_unreadable(const char *bytes, size_t len, const char *want)
{
	struct document *document = document_of(bytes, len);

	CHECK_TEXT(refusal(), want);
	CHECK(!document);
	document_destroy(document);
}

#define CHECK_UNREADABLE(text, want) check_unreadable(text, sizeof text - 1, want)

/* A tree as one line of text: scalars, 'quoted' scalars, [lists], {maps}. */
static void print_tree(const struct node *node, FILE *to)
{
	if (node->type == NODE_SCALAR)
		fprintf(to, node->quoted ? "'%s'" : "%s", node->text);
	else
		fputc(node->type == NODE_LIST ? '[' : '{', to);
	for (int i = 0; i < node->count; i++) {
		fputs(i ? " " : "", to);
		if (node->type == NODE_MAP) {
			print_tree(node->keys[i], to);
			fputc(':', to);
		}
		print_tree(node->items[i], to);
	}
	if (node->type != NODE_SCALAR)
		fputc(node->type == NODE_LIST ? ']' : '}', to);
}

static void check_tree(const struct document *document, const char *want)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (document)
		print_tree(document_root(document), to);
	fclose(to);
	CHECK_TEXT(text, want);
	free(text);
}

TEST(yaml_reads_scalars_lists_and_maps)
{
	static const char text[] = "# a comment\na: 1\nb: [x, 'y', \"z\"]\nc:\n  - d: {e: f}\n  -\n";
	struct document *document = document_of(text, sizeof text - 1);

	check_tree(document, "{a:1 b:[x 'y' 'z'] c:[{d:{e:f}} ]}");
	document_destroy(document);
}

TEST(yaml_marks_count_from_1_and_in_characters)
{
	static const char text[] = "a: 1\n\xc3\xa9: [x, deep]\n";
	struct document *document = document_of(text, sizeof text - 1);
	const struct node *root = document_root(document);
	struct mark at = root->items[1]->items[1]->at;

	CHECK_INT(root->keys[0]->at.line, 1);
	CHECK_INT(root->keys[0]->at.column, 1);
	CHECK_INT(at.line, 2);
	CHECK_INT(at.column, 8);
	CHECK_TEXT(at.file + strlen(test_folder()) + 1, "y.yaml");
	document_destroy(document);
}

TEST(yaml_looks_up_keys)
{
	static const char text[] = "a: 1\nb: [2]\n";
	struct document *document = document_of(text, sizeof text - 1);
	const struct node *root = document_root(document);

	CHECK_TEXT(node_get(root, "a")->text, "1");
	CHECK(!node_get(root, "c"));
	CHECK(!node_get(node_get(root, "b"), "a"));
	document_destroy(document);
}

TEST(yaml_describes_what_was_found)
{
	static const char *const want[] = { "\"a\"", "\"b\"", "an empty list", "a list", "an empty map", "a map",
	                                    "\"e?f\"",
		"\"01234567890123456789012345678901234567890123456789012345678901234567...\"" };
	static const char text[] = "[a, 'b', [], [1], {}, {c: d}, \"e\\nf\", "
		"012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789]";
	struct document *document = document_of(text, sizeof text - 1);
	char shown[80];

	for (int i = 0; document && i < document_root(document)->count; i++)
		CHECK_TEXT(node_describe(document_root(document)->items[i], shown), want[i]);
	document_destroy(document);
}

TEST(yaml_refuses_what_is_no_yaml)
{
	CHECK_UNREADABLE("", "y.yaml:1:1: nothing is written here");
	CHECK_UNREADABLE("# only a comment\n", "y.yaml:2:1: nothing is written here");
	CHECK_UNREADABLE("a: [1, 2\nb: 3\n",
	                 "y.yaml:2:2: did not find expected ',' or ']' (while parsing a flow sequence)");
	CHECK_UNREADABLE("a: 1\n b: 2\n", "y.yaml:2:3: mapping values are not allowed in this context");
	CHECK_UNREADABLE("a:\n\t- 1\n",
	                 "y.yaml:2:1: found character that cannot start any token (while scanning for the next token)");
	CHECK_UNREADABLE("[a, , b]\n", "y.yaml:1:5: did not find expected node content (while parsing a flow node)");
	CHECK_UNREADABLE("a: \"open\n", "y.yaml:2:1: found unexpected end of stream (while scanning a quoted scalar)");
}

TEST(yaml_refuses_bytes_that_are_no_characters)
{
	CHECK_UNREADABLE("a: 1\nb: \xff\n", "y.yaml:2:4: invalid leading UTF-8 octet");
	CHECK_UNREADABLE("a: 1\nb: \xc3\x28\n", "y.yaml:2:5: invalid trailing UTF-8 octet");
	CHECK_UNREADABLE("a: \x01\n", "y.yaml:1:4: control characters are not allowed");
	CHECK_UNREADABLE("a: \0\n", "y.yaml:1:4: control characters are not allowed");
	CHECK_UNREADABLE("a: \"x\\0y\"\n", "y.yaml:1:4: a zero character in a text");
}

TEST(yaml_refuses_what_descriptions_do_not_need)
{
	CHECK_UNREADABLE("a: 1\nb: 2\na: 3\n", "y.yaml:3:1: a: doubled key; the first is in line 1");
	CHECK_UNREADABLE("a: *x\n", "y.yaml:1:4: *x: no anchor &x stands above");
	CHECK_UNREADABLE("a: *x\nb: &x 1\n", "y.yaml:1:4: *x: no anchor &x stands above");
	CHECK_UNREADABLE("a: &x [1, *x]\n", "y.yaml:1:11: *x: stands within what &x names");
	CHECK_UNREADABLE("a: &x {b: {<<: *x}}\n", "y.yaml:1:16: *x: stands within what &x names");
	CHECK_UNREADABLE("<<: 1\n", "y.yaml:1:5: <<: \"1\" where a map or a list of maps is accepted");
	CHECK_UNREADABLE("<<: [{a: 1}, [2]]\n", "y.yaml:1:14: <<: a list where a map is accepted");
	CHECK_UNREADABLE("<<: {a: 1}\n<<: {b: 1}\n", "y.yaml:2:1: <<: doubled key; a list merges several maps");
	CHECK_UNREADABLE("a: !!str 1\n", "y.yaml:1:4: tags (!) are not accepted");
	CHECK_UNREADABLE("a: 1\n---\nb: 2\n", "y.yaml:2:1: a second document where one is accepted");
	CHECK_UNREADABLE("[a]: 1\n", "y.yaml:1:1: a list where a key is accepted");
	CHECK_UNREADABLE("? {a: b}\n: 1\n", "y.yaml:1:3: a map where a key is accepted");
}

TEST(yaml_refuses_files_that_cannot_be_read)
{
	char want[5000];

	err = (struct error){ "" };
	CHECK(!document_read(test_path("none.yaml"), &err));
	CHECK_TEXT(refusal(), "none.yaml: cannot be read: No such file or directory");
	err = (struct error){ "" };
	CHECK(!document_read(test_folder(), &err));
	snprintf(want, sizeof want, "%s: is a folder, not a file", test_folder());
	CHECK_TEXT(err.text, want);
}

static void check_no_file(const char *path, const char *want)
{
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "params", path, NULL },
		.folder = test_folder(), .limit_seconds = 5,
	});

	CHECK_INT(got.status, 2);
	CHECK_TEXT(got.out, "");
	CHECK_TEXT(got.err, want);
	program_result_free(&got);
}

TEST(yaml_does_not_wait_for_pipes)
{
	static const char sweep[] = "data: {idx: {folder: d}}\ninput: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1}\n"
		"families: [{family: ./pipe.yaml, widths: [1]}]\n";

	CHECK_INT(mkfifo(test_path("pipe.yaml"), 0666), 0);
	test_write("s.yaml", sweep, sizeof sweep - 1);
	check_no_file("pipe.yaml", "pipe.yaml: is a device or pipe, not a file\n");
	check_no_file("s.yaml", "././pipe.yaml: is a device or pipe, not a file\n");
	check_no_file("/dev/zero", "/dev/zero: is a device or pipe, not a file\n");
}

/* `count` copies of a text, then an end. */
static void check_repeated(const char *piece, int count, const char *end, const char *want)
{
	size_t len = strlen(piece), all = len * (size_t)count;
	char *text = malloc(all + strlen(end));

	for (size_t i = 0; i < (size_t)count; i++)
		memcpy(text + i * len, piece, len);
	memcpy(text + all, end, strlen(end));
	check_unreadable(text, all + strlen(end), want);
	free(text);
}

TEST(yaml_has_limits)
{
	check_repeated("# padding\n", 104858, "", "y.yaml: larger than 1048576 bytes");
	check_repeated("[", 65, "", "y.yaml:1:65: lists and maps nested deeper than 64");
	check_repeated("- a\n", 100000, "", "y.yaml:100000:3: more than 100000 values in one file");
	check_repeated("[", 100000, "", "y.yaml:1:65: lists and maps nested deeper than 64");
}

TEST(yaml_limits_the_keys_of_a_map)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	for (int i = 0; i < 1025; i++)
		fprintf(to, "k%d: 1\n", i);
	fclose(to);
	check_unreadable(text, len, "y.yaml:1025:1: more than 1024 keys in one map");
	free(text);
}

/* ---- anchors, aliases, merge keys ---- */

static void check_expanded(const char *text, const char *want)
{
	struct document *document = document_of(text, strlen(text));

	CHECK_TEXT(err.text, "");
	check_tree(document, want);
	document_destroy(document);
}

/* The merges are those of the examples of yaml.org/type/merge. */
TEST(yaml_expands_aliases_and_merge_keys)
{
	check_expanded("a: &x 1\nb: *x\n", "{a:1 b:1}");
	check_expanded("a: &x [1, '2']\nb: [*x, *x]\n", "{a:[1 '2'] b:[[1 '2'] [1 '2']]}");
	check_expanded("a: &x 1\nb: &x 2\nc: *x\n", "{a:1 b:2 c:2}");
	check_expanded("a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}\ne: {c: 4, <<: *x}\n",
	               "{a:{b:1 c:2} d:{c:3 b:1} e:{c:4 b:1}}");
	check_expanded("- &center {x: 1, y: 2}\n- &left {x: 0, y: 2}\n- &big {r: 10}\n- &small {r: 1}\n"
	               "- {<<: [*center, *big], label: l}\n- {<<: [*big, *left, *small], x: 1, label: l}\n",
	               "[{x:1 y:2} {x:0 y:2} {r:10} {r:1} {label:l x:1 y:2 r:10} {x:1 label:l r:10 y:2}]");
	check_expanded("a: {'<<': 1}\n", "{a:{'<<':1}}");
}

TEST(yaml_alias_is_a_copy_that_set_changes_alone)
{
	static const char text[] = "a: &x {b: 1}\nc: *x\n";
	struct document *document = document_of(text, sizeof text - 1);

	CHECK(document_set(document, "c.b=2", &err));
	check_tree(document, "{a:{b:1} c:{b:2}}");
	CHECK(!document_set(document, "c=*x", &err));
	CHECK_TEXT(err.text, "--set c=*x:1:3: *x: no anchor &x stands above");
	document_destroy(document);
}

/* Ten lines that stand for 10^9 values, a chain that is too deep, and too many anchors. Up to a3 2,340 values are
 * copied, and a3 has 2,111. */
TEST(yaml_aliases_have_limits)
{
	char text[20000];
	FILE *to = fmemopen(text, sizeof text, "w");

	fputs("a0: &a0 [1]\n", to);
	for (int i = 1; i < 10; i++) {
		fprintf(to, "a%d: &a%d [", i, i);
		for (int k = 0; k < 10; k++)
			fprintf(to, "%s*a%d", k ? "," : "", i - 1);
		fputs("]\n", to);
	}
	fflush(to);
	check_unreadable(text, (size_t)ftell(to),
	                 "y.yaml:5:22: *a3: aliases (*) stand for more than 10000 values in one file");
	rewind(to);
	fputs("a0: &a0 [1]\n", to);
	for (int i = 1; i < 70; i++)
		fprintf(to, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	fflush(to);
	check_unreadable(text, (size_t)ftell(to), "y.yaml:63:12: *a61: lists and maps nested deeper than 64");
	rewind(to);
	for (int i = 0; i < 257; i++)
		fprintf(to, "a%d: &a%d 1\n", i, i);
	fclose(to);
	check_unreadable(text, strlen(text), "y.yaml:257:7: more than 256 anchors (&) in one file");
}

/* ---- --set ---- */

static const char base[] = "a: 1\nb: {c: 2, d: [x, {e: 3}]}\n";

static void check_set(const char *assignment, const char *want)
{
	struct document *document = document_of(base, sizeof base - 1);

	CHECK(document_set(document, assignment, &err));
	CHECK_TEXT(err.text, "");
	check_tree(document, want);
	document_destroy(document);
}

static void check_unset(const char *assignment, const char *want)
{
	struct document *document = document_of(base, sizeof base - 1);

	CHECK(!document_set(document, assignment, &err));
	CHECK_TEXT(err.text, want);
	document_destroy(document);
}

TEST(set_replaces_and_adds_values)
{
	check_set("a=2", "{a:2 b:{c:2 d:[x {e:3}]}}");
	check_set("b.c=[1, 2]", "{a:1 b:{c:[1 2] d:[x {e:3}]}}");
	check_set("b.d.0=y", "{a:1 b:{c:2 d:[y {e:3}]}}");
	check_set("b.d.1.e={f: 'g=h'}", "{a:1 b:{c:2 d:[x {e:{f:'g=h'}}]}}");
	check_set("n.e.w=5", "{a:1 b:{c:2 d:[x {e:3}]} n:{e:{w:5}}}");
	check_set("b={}", "{a:1 b:{}}");
}

TEST(set_marks_name_the_command_line)
{
	struct document *document = document_of(base, sizeof base - 1);

	CHECK(document_set(document, "b.d.1.e=[4, five]", &err));
	const struct node *value = node_get(node_get(document_root(document), "b"), "d")->items[1]->items[0];
	CHECK_TEXT(value->at.file, "--set b.d.1.e=[4, five]");
	CHECK_INT(value->at.line, 1);
	CHECK_INT(value->at.column, 9);
	CHECK_INT(value->items[1]->at.column, 13);
	CHECK(mark_is_set(value->at));
	CHECK(!mark_is_set(document_root(document)->at));
	document_destroy(document);
}

TEST(set_refuses_paths_and_values)
{
	check_unset("a", "--set a: no = in it; accepted: --set recipe.epochs=3");
	check_unset("=3", "--set =3:1:1: an empty key");
	check_unset("b..c=3", "--set b..c=3:1:3: an empty key");
	check_unset("a.b=3", "--set a.b=3:1:3: b: the value there is \"1\", not a map or a list");
	check_unset("b.d.2=3", "--set b.d.2=3:1:5: 2: no such place in a list of 2; places count from 0");
	check_unset("b.d.x=3", "--set b.d.x=3:1:5: x: no such place in a list of 2; places count from 0");
	check_unset("b.d.99999999999999999999=3",
	            "--set b.d.99999999999999999999=3:1:5: 99999999999999999999: no such place in a list of 2; "
	            "places count from 0");
	check_unset("a=", "--set a=:1:3: nothing is written here");
	check_unset("a=[1", "--set a=[1:2:1: did not find expected ',' or ']' (while parsing a flow sequence)");
	check_unset("a={b: 1, b: 2}", "--set a={b: 1, b: 2}:1:10: b: doubled key; the first is in line 1");
}

/* Each %TAG line is compared with all above it. */
TEST(yaml_of_many_tag_directives_is_refused_before_it_is_parsed)
{
	char text[2048];
	size_t len = 0;

	for (int i = 0; i < 64; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%%TAG !t%d! x\n", i);
	memcpy(text + len, "--- {a: 1}\n", 12);
	struct document *document = document_of(text, len + 11);
	CHECK_TEXT(refusal(), "");
	document_destroy(document);
	memcpy(text + len, "%TAG !t! x\n--- {a: 1}\n", 23);
	check_unreadable(text, len + 22, "y.yaml:65:1: more than 64 times %TAG; tags (!) are not accepted");
}

TEST(set_paths_have_a_limit)
{
	char path[256];

	for (size_t i = 0; i < 100; i++)
		memcpy(path + 2 * i, "k.", 2);
	memcpy(path + 200, "k=1", 4);
	struct document *document = document_of(base, sizeof base - 1);
	CHECK(!document_set(document, path, &err));
	CHECK(strstr(err.text, ":1:129: a path deeper than 64"));
	document_destroy(document);
}
