/* What a test run tells: plain text, TAP (version 13), JUnit's XML. */
#include "tests/helpers/harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count_of(const struct results *results, enum outcome outcome)
{
	int count = 0;

	for (int i = 0; i < results->count; i++)
		count += results->at[i].outcome == outcome;
	return count;
}

/* --- Plain text --- */

void report_text(const struct result *result, int number)
{
	(void)number;
	fwrite(result->text, 1, result->len, stdout);
	fflush(stdout);
}

static int by_processor_seconds(const void *a, const void *b)
{
	const double x = (*(const struct result *const *)a)->processor_seconds;
	const double y = (*(const struct result *const *)b)->processor_seconds;

	return (x < y) - (x > y);
}

void report_slowest(const struct results *results, int count, const char *before)
{
	const struct result **order = calloc((size_t)results->count + 1, sizeof *order);

	if (!order)
		harness_stop("no memory for", "the slowest tests");
	for (int i = 0; i < results->count; i++)
		order[i] = &results->at[i];
	qsort(order, (size_t)results->count, sizeof *order, by_processor_seconds);
	for (int i = 0; i < results->count && i < count; i++)
		printf("%s%7.2f s, %.2f s of processors  %s: %s\n", before, order[i]->seconds,
		       order[i]->processor_seconds, order[i]->test->file, order[i]->test->name);
	free(order);
}

bool report_sum(const struct results *results, const char *before)
{
	const int passed = count_of(results, PASSED), failed = count_of(results, FAILED);
	const int skipped = count_of(results, SKIPPED);

	printf("%s%d passed, %d failed", before, passed, failed);
	if (skipped > 0)
		printf(", %d skipped", skipped);
	printf("\n");
	return failed == 0 && passed > 0;
}

/* --- TAP --- */

/* The reason that test_skip was given, without the newline; of `len` bytes. */
static const char *skip_reason(const struct result *result, int *len)
{
	static const char mark[] = ": skipped: ";
	const char *reason = strstr(result->text, mark);

	reason = reason ? reason + sizeof mark - 1 : "";
	*len = (int)strcspn(reason, "\n");
	return reason;
}

/* What the test printed, as comments. */
static void print_comments(const struct result *result)
{
	bool fresh = true;

	for (size_t i = 0; i < result->len; i++) {
		if (fresh)
			printf("# ");
		putchar(result->text[i]);
		fresh = result->text[i] == '\n';
	}
	if (!fresh)
		putchar('\n');
}

void report_tap(const struct result *result, int number)
{
	int len;
	const char *reason = skip_reason(result, &len);

	printf("%s %d - %s", result->outcome == FAILED ? "not ok" : "ok", number, result->test->name);
	if (result->outcome == SKIPPED)
		printf(" # SKIP %.*s", len, reason);
	printf("\n");
	if (result->outcome != SKIPPED)
		print_comments(result);
	fflush(stdout);
}

/* --- JUnit --- */

/* Bytes of a UTF-8 character that begins so; 0 if none does. */
static size_t utf8_len(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* Bytes of the UTF-8 character at `at`, of `len` bytes at most; 0 for what is none, or none that XML may hold. */
static size_t character_len(const unsigned char *at, size_t len)
{
	const size_t count = utf8_len(*at);

	if (count > len || *at == '\0' || (*at < ' ' && !strchr("\t\n\r", *at)))
		return 0;
	for (size_t i = 1; i < count; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return count;
}

static void put_xml(FILE *file, const char *text, size_t len)
{
	for (size_t i = 0, count; i < len; i += count ? count : 1) {
		count = character_len((const unsigned char *)text + i, len - i);
		switch (count ? text[i] : '\0') {
		case '\0': fputs("?", file); break;
		case '&': fputs("&amp;", file); break;
		case '<': fputs("&lt;", file); break;
		case '>': fputs("&gt;", file); break;
		case '"': fputs("&quot;", file); break;
		default: fwrite(text + i, 1, count, file);
		}
	}
}

/* An element with the text as its content, and its first line as `message`. */
static void put_outcome(FILE *file, const char *element, const struct result *result)
{
	fprintf(file, "      <%s message=\"", element);
	put_xml(file, result->text, strcspn(result->text, "\n"));
	fputs("\">", file);
	put_xml(file, result->text, result->len);
	fprintf(file, "</%s>\n", element);
}

static void put_case(FILE *file, const struct result *result)
{
	const char *path = result->test->file;

	fputs("    <testcase classname=\"", file);
	put_xml(file, path, strcspn(path, "."));
	fputs("\" name=\"", file);
	put_xml(file, result->test->name, strlen(result->test->name));
	fprintf(file, "\" time=\"%.3f\"", result->seconds);
	if (result->outcome == PASSED) {
		fputs("/>\n", file);
		return;
	}
	fputs(">\n", file);
	put_outcome(file, result->outcome == FAILED ? "failure" : "skipped", result);
	fputs("    </testcase>\n", file);
}

void report_junit(const struct results *results, const char *suite, const char *path)
{
	FILE *file = fopen(path, "w");
	double seconds = 0;

	if (!file)
		harness_stop("cannot write", path);
	for (int i = 0; i < results->count; i++)
		seconds += results->at[i].seconds;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"", file);
	put_xml(file, suite, strlen(suite));
	fprintf(file, "\" tests=\"%d\" failures=\"%d\" skipped=\"%d\" time=\"%.3f\">\n", results->count,
	        count_of(results, FAILED), count_of(results, SKIPPED), seconds);
	for (int i = 0; i < results->count; i++)
		put_case(file, &results->at[i]);
	fputs("  </testsuite>\n</testsuites>\n", file);
	if (ferror(file) || fclose(file) != 0)
		harness_stop("cannot write", path);
}
