/* Tables in their three forms, character by character; numbers and foreign bytes as text. */
#include "bench/text/table.h"
#include "tests/helpers/test.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct column mixed[] = {
	{ "name", .kind = COLUMN_TEXT, .title = "Name" },
	{ "count", .kind = COLUMN_INT },
	{ "share", .kind = COLUMN_REAL, .decimals = 3 },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "ok", .kind = COLUMN_BOOL },
	{ "remark", .kind = COLUMN_TEXT },
	{ "bytes", .kind = COLUMN_BYTES, .title = "Memory" },
	{ "id", .kind = COLUMN_TEXT, .machine_only = true },
	{ "size", .kind = COLUMN_TEXT, .people_only = true },
	{ 0 }
};

/* Two rows with every kind: one with all values, one with all optional values missing; the column `remark` is empty. */
static struct table *mixed_table(void)
{
	struct table *table = table_create(mixed);

	table_text(table, "a");
	table_int(table, 1234567);
	table_real(table, 0.1235);
	table_real(table, 100);
	table_bool(table, true);
	table_missing(table);
	table_bytes(table, 2048);
	table_text(table, "x1");
	table_text(table, "small");

	table_text(table, "longer");
	table_int(table, -12);
	table_real(table, 0.0 / 0.0);
	table_real(table, 0.25);
	table_bool(table, false);
	table_text(table, NULL);
	table_missing(table);
	table_text(table, "x2");
	table_text(table, "-");
	return table;
}

/* What table_print writes; the caller frees. */
static char *printed(const struct table *table, enum table_format format)
{
	char *text = NULL;
	size_t len;
	struct error err = { "" };
	FILE *to = open_memstream(&text, &len);

	CHECK(table_print(table, format, to, &err));
	CHECK_TEXT(err.text, "");
	fclose(to);
	return text;
}

static void check_printed(struct table *table, enum table_format format, const char *want)
{
	char *got = printed(table, format);

	CHECK_TEXT(got, want);
	free(got);
	table_destroy(table);
}

TEST(table_human_aligns_and_leaves_out_what_nobody_has)
{
	check_printed(mixed_table(), TABLE_HUMAN,
	              "Name        count  share  width  ok    Memory  size\n"
	              "a       1,234,567  0.123    100  yes  2.0 KiB  small\n"
	              "longer        -12      -   0.25  NO         -  -\n");
}

TEST(table_tsv_has_a_header_and_empty_cells)
{
	check_printed(mixed_table(), TABLE_TSV,
	              "name\tcount\tshare\twidth\tok\tremark\tbytes\tid\n"
	              "a\t1234567\t0.123\t100\ttrue\t\t2048\tx1\n"
	              "longer\t-12\t\t0.25\tfalse\t\t\tx2\n");
}

TEST(table_json_is_an_array_of_objects)
{
	check_printed(mixed_table(), TABLE_JSON,
	              "[\n"
	              "  {\"name\": \"a\", \"count\": 1234567, \"share\": 0.123, "
	              "\"width\": 100, \"ok\": true, \"remark\": null, \"bytes\": 2048, "
	              "\"id\": \"x1\"},\n"
	              "  {\"name\": \"longer\", \"count\": -12, \"share\": null, "
	              "\"width\": 0.25, \"ok\": false, \"remark\": null, \"bytes\": null, "
	              "\"id\": \"x2\"}\n"
	              "]\n");
}

TEST(table_markdown_has_what_people_see)
{
	check_printed(mixed_table(), TABLE_MARKDOWN,
	              "| Name | count | share | width | ok | Memory | size |\n"
	              "|---|---:|---:|---:|---|---:|---|\n"
	              "| a | 1,234,567 | 0.123 | 100 | yes | 2.0 KiB | small |\n"
	              "| longer | -12 | - | 0.25 | NO | - | - |\n");
}

static const struct column two_texts[] = {
	{ "first", .kind = COLUMN_TEXT },
	{ "second", .kind = COLUMN_TEXT },
	{ 0 }
};

TEST(table_without_rows)
{
	check_printed(table_create(two_texts), TABLE_HUMAN, "first  second\n");
	check_printed(table_create(two_texts), TABLE_TSV, "first\tsecond\n");
	check_printed(table_create(two_texts), TABLE_JSON, "[]\n");
	check_printed(table_create(two_texts), TABLE_MARKDOWN, "| first | second |\n|---|---|\n");
}

static struct table *texts_table(const char *first, const char *second)
{
	struct table *table = table_create(two_texts);

	table_text(table, first);
	table_text(table, second);
	return table;
}

TEST(table_human_counts_characters_and_shows_no_control)
{
	check_printed(texts_table("\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82", "x"), TABLE_HUMAN,
	              "first  second\n\xc3\xa4\xe2\x82\xac\xf0\x9f\x99\x82    x\n");
	check_printed(texts_table("\033[31m", "a\tb\nc\x7f\xc2\x9b\xff"), TABLE_HUMAN,
	              "first  second\n?[31m  a?b?c???\n");
}

/* An override, an isolate and a line separator; the neighbours of their ranges stay. */
TEST(table_human_does_not_turn_the_direction_of_writing)
{
	check_printed(texts_table("a\xe2\x80\xae" "b\xe2\x81\xa6" "c\xe2\x80\xa8",
	                          "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"), TABLE_HUMAN,
	              "first   second\na?b?c?  \xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa\n");
}

TEST(table_tsv_escapes_what_would_break_a_line)
{
	check_printed(texts_table("a\tb\nc\rd\\e", "\"\xff\""), TABLE_TSV,
	              "first\tsecond\na\\tb\\nc\\rd\\\\e\t\"\xff\"\n");
}

TEST(table_markdown_escapes_what_has_a_meaning)
{
	check_printed(texts_table("a|b\\c<d>`*[x]", "\033[31m\n"), TABLE_MARKDOWN,
	              "| first | second |\n|---|---|\n| a\\|b\\\\c\\<d>\\`\\*\\[x] | ?\\[31m? |\n");
}

TEST(table_tsv_escapes_what_would_drive_a_terminal)
{
	check_printed(texts_table("\033[31m\x7f\x01", "\xc2\x9b" "a\xe2\x80\xae=\xc3\xa9"), TABLE_TSV,
	              "first\tsecond\n\\u001b[31m\\u007f\\u0001\t\\u009ba\\u202e=\xc3\xa9\n");
}

TEST(table_json_escapes_any_bytes)
{
	check_printed(texts_table("\"\\\b\f\n\r\t\x01\x1f\x7f/", "\xc3\xa4\xf0\x9f\x99\x82"), TABLE_JSON,
	              "[\n  {\"first\": \"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f/\", "
	              "\"second\": \"\xc3\xa4\xf0\x9f\x99\x82\"}\n]\n");
}

TEST(table_json_replaces_what_is_not_utf8)
{
	/* A lone continuation, an overlong slash, a surrogate, above U+10FFFF, and a character that is cut off at the
	 * end. */
	check_printed(texts_table("\x80|\xc0\xaf|\xed\xa0\x80|\xf4\x90\x80\x80|\xe0\x80\xaf", "\xf0\x9f\x99"),
	              TABLE_JSON,
	              "[\n  {\"first\": \"\\ufffd|\\ufffd\\ufffd|\\ufffd\\ufffd\\ufffd|\\ufffd\\ufffd\\ufffd\\ufffd|"
	              "\\ufffd\\ufffd\\ufffd\", "
	              "\"second\": \"\\ufffd\\ufffd\\ufffd\"}\n]\n");
}

TEST(table_grows_with_its_rows)
{
	struct table *table = table_create(two_texts);
	char *text;
	size_t lines = 0;

	for (int i = 0; i < 1000; i++) {
		table_text(table, "x");
		table_missing(table);
	}
	CHECK_INT(table_row_count(table), 1000);
	text = printed(table, TABLE_TSV);
	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	CHECK_INT((long long)lines, 1001);
	free(text);
	table_destroy(table);
}

TEST(table_without_memory_says_so_when_printed)
{
	struct error err = { "" };

	table_text(NULL, "x");
	table_int(NULL, 1);
	table_missing(NULL);
	CHECK_INT(table_row_count(NULL), 0);
	CHECK(!table_print(NULL, TABLE_TSV, stdout, &err));
	CHECK_TEXT(err.text, "archsweep: out of memory");
	table_destroy(NULL);
}

TEST(table_huge_numbers_fit)
{
	static const struct column columns[] = {
		{ "count", .kind = COLUMN_INT },
		{ "share", .kind = COLUMN_REAL, .decimals = 12 },
		{ "big", .kind = COLUMN_REAL, .decimals = 2 },
		{ 0 }
	};
	struct table *table = table_create(columns);

	table_int(table, INT64_MIN);
	table_real(table, -999999999999999.0);
	table_real(table, -1.7976931348623157e308);
	check_printed(table, TABLE_HUMAN,
	              "                     count                          share                       big\n"
	              "-9,223,372,036,854,775,808  -999999999999999.000000000000  -1.7976931348623157e+308\n");
}

TEST(text_thousands)
{
	char to[NUMBER_BYTES];

	CHECK_TEXT(format_thousands(0, to), "0");
	CHECK_TEXT(format_thousands(999, to), "999");
	CHECK_TEXT(format_thousands(1000, to), "1,000");
	CHECK_TEXT(format_thousands(-100, to), "-100");
	CHECK_TEXT(format_thousands(-1000, to), "-1,000");
	CHECK_TEXT(format_thousands(40372679, to), "40,372,679");
	CHECK_TEXT(format_thousands(INT64_MAX, to), "9,223,372,036,854,775,807");
}

TEST(text_bytes)
{
	char to[NUMBER_BYTES];

	CHECK_TEXT(format_bytes(0, to), "0 B");
	CHECK_TEXT(format_bytes(1023, to), "1023 B");
	CHECK_TEXT(format_bytes(1024, to), "1.0 KiB");
	CHECK_TEXT(format_bytes(1536, to), "1.5 KiB");
	CHECK_TEXT(format_bytes(1048575, to), "1.0 MiB");
	CHECK_TEXT(format_bytes(3LL << 30, to), "3.0 GiB");
	CHECK_TEXT(format_bytes(INT64_MAX, to), "8388608.0 TiB");
}

TEST(text_shortest_real_is_never_in_powers_where_digits_will_do)
{
	char to[NUMBER_BYTES];

	CHECK_TEXT(words_number(100, to), "100");
	CHECK_TEXT(words_number(48, to), "48");
	CHECK_TEXT(words_number(0.1, to), "0.1");
	CHECK_TEXT(words_number(12.5, to), "12.5");
	CHECK_TEXT(words_number(1e-5, to), "1e-05");
}

TEST(table_json_values_stand_as_they_are)
{
	static const struct column columns[] = { { "name", .kind = COLUMN_TEXT }, { "fields", .kind = COLUMN_JSON },
	                                         { 0 } };
	struct table *table = table_create(columns);

	table_text(table, "{}");
	table_json(table, "{\"a\": [1, 2]}");
	table_text(table, "b");
	table_json(table, NULL);
	char *json = printed(table, TABLE_JSON), *tsv = printed(table, TABLE_TSV);
	CHECK_TEXT(json,
	           "[\n  {\"name\": \"{}\", \"fields\": {\"a\": [1, 2]}},\n  {\"name\": \"b\", \"fields\": null}\n]\n");
	CHECK_TEXT(tsv, "name\tfields\n{}\t{\"a\": [1, 2]}\nb\t\n");
	free(json);
	free(tsv);
	table_destroy(table);
}

TEST(table_without_memory_for_a_cell_says_so)
{
	static const struct column columns[] = { { "fields", .kind = COLUMN_JSON }, { 0 } };
	struct table *table = table_create(columns);
	struct error err = { "" };

	table_fail(table);
	table_json(table, "{}");
	CHECK(!table_print(table, TABLE_JSON, stdout, &err));
	CHECK_TEXT(err.text, "archsweep: out of memory");
	table_fail(NULL);
	table_destroy(table);
}

/* What a terminal of that width shows of a table; in a static buffer. */
static const char *on_terminal(const struct column *columns, int width)
{
	static char said[1024];
	struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)width };
	struct error err = { "" };
	struct table *table = table_create(columns);
	int master = test_terminal(), slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	FILE *to = fdopen(slave, "w");

	setenv("NO_COLOR", "1", 1);
	CHECK_INT(ioctl(slave, TIOCSWINSZ, &size), 0);
	table_text(table, "plain");
	table_int(table, 12345);
	table_int(table, 678);
	table_real(table, 0.5);
	CHECK(table_print(table, TABLE_HUMAN, to, &err));
	fclose(to);                     /* so that what was written ends */
	size_t len = 0;
	for (ssize_t got; len < sizeof said - 1 && (got = read(master, said + len, sizeof said - 1 - len)) > 0; )
		len += (size_t)got;
	said[len] = '\0';
	close(master);
	table_destroy(table);
	return said;
}

/* The whole table is 29 columns wide. */
TEST(table_leaves_out_what_a_narrow_terminal_can_spare)
{
	static const struct column columns[] = {
		{ "family", .kind = COLUMN_TEXT },
		{ "macs", .kind = COLUMN_INT, .title = "MACs", .spare = 1 },
		{ "epochs", .kind = COLUMN_INT, .spare = 2 },
		{ "share", .kind = COLUMN_REAL, .decimals = 1 },
		{ 0 }
	};

	CHECK_TEXT(on_terminal(columns, 29), "family    MACs  epochs  share\r\nplain   12,345     678    0.5\r\n");
	CHECK_TEXT(on_terminal(columns, 28),
	           "family    MACs  share\r\nplain   12,345    0.5\r\ntoo narrow for: epochs\r\n");
	CHECK_TEXT(on_terminal(columns, 20), "family  share\r\nplain     0.5\r\ntoo narrow for: MACs, epochs\r\n");
	CHECK_TEXT(on_terminal(columns, 5), "family  share\r\nplain     0.5\r\ntoo narrow for: MACs, epochs\r\n");
}
