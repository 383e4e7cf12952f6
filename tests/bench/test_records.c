/* All records of a sweep: that those which earlier versions of the program wrote are still read, and what tables and
 * screen make of them.
 *
 * tests/fixtures/records was written by the program before records were read by name: three points of 2 seeds that are
 * done, one of 2 seeds that diverged, one network in bfloat16, and one record in format 1, which had no precision. */
#include "bench/record/records.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FIXTURE "tests/fixtures/records"
enum { TEXT_BYTES = 1 << 16, PATH_BYTES = 512, FIELD_BYTES = 256 };

static const char *const in_bf16[] = { "recipe.precision=bf16", "families.0.widths=[2]" };

static struct sweep *fixture_sweep(bool bf16)
{
	struct error err = { "" };
	struct sweep *sweep = sweep_read(FIXTURE "/kept.yaml", in_bf16, bf16 ? 2 : 0, &err);

	CHECK_TEXT(err.text, "");
	return sweep;
}

/* The fixture's files in the test's own folder. */
static void copy_points(void)
{
	DIR *folder = opendir(FIXTURE "/points");
	char from[PATH_BYTES], to[PATH_BYTES];

	mkdir(test_path("points"), 0777);
	CHECK(folder);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(from, sizeof from, FIXTURE "/points/%.200s", entry->d_name);
		snprintf(to, sizeof to, "points/%.200s", entry->d_name);
		const char *text = file_text(from);
		test_write(to, text, strlen(text));
	}
	if (folder)
		closedir(folder);
}

/* The next field of a TSV text, in `to`; steps behind the tab or newline that ends it, and tells which. */
static char next_field(const char **text, char to[FIELD_BYTES])
{
	size_t len = strcspn(*text, "\t\n");
	char end = (*text)[len];

	snprintf(to, FIELD_BYTES, "%.*s", (int)len, *text);
	*text += len + (end != '\0');
	return end;
}

/* The field of that row and column; "(none)" where there is no such. */
static const char *field_at(const char *text, int row, int column, char to[FIELD_BYTES])
{
	for (int r = 0, c = 0; *text; c++) {
		char end = next_field(&text, to);

		if (r == row && c == column)
			return to;
		if (end == '\n') {
			r++;
			c = -1;
		}
	}
	snprintf(to, FIELD_BYTES, "(none)");
	return to;
}

/* Every column of the older table must be in the newer one, with the same values in the same rows. Others may have
 * come. */
/* Columns of circumstances went from points.tsv to times.tsv. */
static void check_columns(const char *older, const char *newer)
{
	static char times[TEXT_BYTES];
	const char *from;

	snprintf(times, sizeof times, "%s", file_text(test_path("times.tsv")));
	char name[FIELD_BYTES], want[FIELD_BYTES], got[FIELD_BYTES];
	int rows = 0, column = 0, place;

	for (const char *c = older; *c; c++)
		rows += *c == '\n';
	for (; strcmp(field_at(older, 0, column, name), "(none)") != 0 && column < 40; column++) {
		if (strcmp(name, "elapsed_seconds") == 0)       /* only in a point's own curve now */
			continue;
		for (place = 0; strcmp(field_at(newer, 0, place, got), name) != 0 && place < 60; place++)
			;
		from = place < 60 ? newer : times;
		for (place = 0; strcmp(field_at(from, 0, place, got), name) != 0 && place < 60; place++)
			;
		for (int row = 0; row <= rows; row++)
			CHECK_TEXT(field_at(from, row, place, got), field_at(older, row, column, want));
	}
	CHECK(rows > 1 && column > 9);
}

/* Tables that are made of the fixture's records must say what those say that the older program made. */
static void check_collected(bool bf16, int points, const char *want)
{
	struct sweep *sweep = fixture_sweep(bf16);
	struct records records;
	struct error err = { "" };
	char expected[TEXT_BYTES];
	int found = 0;

	snprintf(expected, sizeof expected, "%s", file_text(want));
	CHECK(records_read(test_folder(), sweep, &records, &err));
	CHECK(records_collect(&records, test_folder(), &found, &err));
	CHECK_TEXT(err.text, "");
	CHECK_INT(found, points);
	check_columns(expected, file_text(test_path("points.tsv")));
	records_free(&records);
	sweep_destroy(sweep);
}

TEST(records_of_earlier_versions_are_read)
{
	char curves[TEXT_BYTES];

	copy_points();
	snprintf(curves, sizeof curves, "%s", file_text(FIXTURE "/curves.tsv"));
	CHECK(strncmp(file_text(test_path("points/cffd4971a5a8e588.tsv")), "format\t1\n", 9) == 0);
	check_collected(false, 8, FIXTURE "/points.tsv");
	check_columns(curves, file_text(test_path("curves.tsv")));
	check_collected(true, 2, FIXTURE "/points-bf16.tsv");
}

static char *print_records(const struct records *records, enum table_format format)
{
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);
	struct error err = { "" };

	CHECK(stream && records_print(records, format, stream, &err));
	fclose(stream);
	return text;
}

/* On screen, and for machines, they look as they did. */
TEST(records_are_printed_as_before)
{
	struct sweep *sweep = fixture_sweep(false);
	struct records records;
	struct error err = { "" };

	CHECK(records_read(FIXTURE, sweep, &records, &err));
	char *table = print_records(&records, TABLE_TSV), *people = print_records(&records, TABLE_HUMAN);
	check_columns(file_text(FIXTURE "/table.tsv"), table);
	CHECK(strstr(people, "family  width  seed  trainable    total     MACs  accuracy %  best %  at epoch"));
	CHECK(strstr(people, "\nsmall       4     2        483      499    4,992       71.88   71.88         2"));
	CHECK(strstr(people, "\nwild        8     2    560,131  560,131  558,592           -   40.62         1"));
	free(table);
	free(people);
	records_free(&records);
	sweep_destroy(sweep);
}

/* points.tsv read again has all that the records say. */
TEST(records_are_read_from_their_table)
{
	struct sweep *sweep = fixture_sweep(false);
	struct records records, again;
	struct error err = { "" };
	int found;

	copy_points();
	CHECK(records_read(test_folder(), sweep, &records, &err) &&
	      records_collect(&records, test_folder(), &found, &err));
	CHECK(records_read_table(test_path("points.tsv"), NULL, &again, &err));
	CHECK_TEXT(err.text, "");
	CHECK_INT(again.count, 8);
	CHECK_TEXT(again.title, "Kept \"records\"");
	for (int i = 0; i < 8; i++) {
		records.of[i].split_count = again.of[i].split_count;
		CHECK(memcmp(&again.of[i].last, &records.of[i].last, sizeof again.of[i].last) == 0);
		CHECK(again.of[i].status == records.of[i].status && again.of[i].seed == records.of[i].seed);
		CHECK(again.of[i].data_digest == records.of[i].data_digest);
		CHECK_TEXT(again.of[i].family, records.of[i].family);
		CHECK_TEXT(again.of[i].message, records.of[i].message);
	}
	records_free(&again);
	records_free(&records);
	sweep_destroy(sweep);
}

static void check_table(const char *text, const char *message)
{
	static const char *const needed[] = { "family", "accuracy", NULL };
	struct records records;
	struct error err = { "" };
	char want[PATH_BYTES + 256] = "";

	test_write("points.tsv", text, strlen(text));
	CHECK_INT(records_read_table(test_path("points.tsv"), needed, &records, &err), !message);
	if (message)
		snprintf(want, sizeof want, "%s/points.tsv%s", test_folder(), message);
	CHECK_TEXT(err.text, want);
	if (!message)
		records_free(&records);
}

TEST(records_of_a_broken_table_are_refused)
{
	check_table("accuracy\tmine\tfamily\n0.5\tx\tplain\n", NULL);
	check_table("accuracy\tmine\n", ":1:1: column \"family\" is missing");
	check_table("", ":1:1: column \"family\" is missing");
	check_table("accuracy\tfamily\tseed\tseed\n", ":1:22: column \"seed\" stands twice");
	check_table("accuracy\tfamily\n0.5\n", ":2:1: found 1 values, 2 belong here");
	check_table("accuracy\tfamily\n1.5\tplain\n", ":2:1: accuracy: 1.5 is outside 0..1");
	check_table("accuracy\tfamily\n0.5\tplain", ":2:10: the file ends within a line");
	check_table("accuracy\tfamily\tstatus\n0.5\tplain\tgood\n",
	            ":2:11: status: found \"good\"; accepted: done, diverged, failed");
}

/* A record that is trained anew takes the place of a broken one, and of its error. */
TEST(records_put_mends_a_broken_one)
{
	struct sweep *sweep = fixture_sweep(false);
	struct records records;
	struct error err = { "" };
	char path[PATH_BYTES];
	int found;

	copy_points();
	snprintf(path, sizeof path, "points/%s.tsv", sweep->points[1].id);
	test_write(path, "format\t2\n", 9);
	CHECK(records_read(test_folder(), sweep, &records, &err));
	CHECK_INT(records.states[1], RECORD_BROKEN);
	CHECK(strstr(records_fault(&records), ":2:1: the file ends before column \"id\""));
	struct record trained = records.of[0];
	snprintf(trained.id, sizeof trained.id, "%s", sweep->points[1].id);
	snprintf(trained.message, sizeof trained.message, "two\tlines\n");
	trained.seed = 2;
	records_put(&records, 1, &trained);
	CHECK(!records_fault(&records) && records.states[1] == RECORD_READ);
	CHECK_TEXT(records.of[1].message, "two lines ");
	CHECK(records_collect(&records, test_folder(), &found, &err));
	CHECK_INT(found, 8);
	records_free(&records);
	sweep_destroy(sweep);
}
