/* Records and learning curves: that they read back as they were, and that nothing broken counts as a record. */
#include "bench/record/record.h"
#include "bench/system/digest.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES = 1 << 16, PATH_BYTES = 4096 };

static const char id[] = "00112233aabbccdd";

static struct record sample_record(void)
{
	return (struct record){
		.id = "00112233aabbccdd", .family = "plain", .width = 0.5, .seed = -3, .status = POINT_DONE,
		.trainable = 38629, .total = 38847, .macs = 1234567890123, .epochs = 2, .last = { 0.3, 0.9 },
		.validation = { 0.25, 0.875 }, .best_epoch = 1, .best = { 0.1 + 0.2, 1 / 3.0 }, .split_count = 2,
		.split_names = { "validation", "test" },
		.splits = { { 0.25, 0.875 }, { 0.3, 0.9 } }, .precision = PRECISION_BF16,
		.data_digest = 0x0123456789abcdef, .views = "flip", .by_views = { 0.2, 0.95 }, .kernels = "avx2",
		.train_seconds = 12.5, .wall_seconds = 13, .images_per_second = 1e-5, .threads = 2,
		.version = "0.1.0", .commit = "97a4ee2c0ffe", .compiler = "gcc 12.2.0", .openblas = "OpenBLAS 0.3.21",
		.processor = "AMD EPYC", .date = "2026-11-29T18:40:00Z", .file_digests = { [POINT_WEIGHTS] = 0xab },
	};
}

static const char sample_text[] =
	"format\t5\nid\t00112233aabbccdd\nfamily\tplain\nwidth\t0.5\nseed\t-3\nstatus\tdone\nmessage\t\n"
	"trainable\t38629\ntotal\t38847\nmacs\t1234567890123\nepochs\t2\naccuracy\t0.9\nloss\t0.3\n"
	"accuracy_validation\t0.875\nloss_validation\t0.25\nbest_epoch\t1\naccuracy_best\t0.3333333333333333\n"
	"loss_best\t0.30000000000000004\naccuracy_test\t0.9\nloss_test\t0.3\nprecision\tbf16\n"
	"data_digest\t0123456789abcdef\nviews\tflip\naccuracy_views\t0.95\nloss_views\t0.2\n"
	"kernels\tavx2\ntrain_seconds\t12.5\n"
	"wall_seconds\t13\nimages_per_second\t1e-05\nthreads\t2\n"
	"version\t0.1.0\ncommit\t97a4ee2c0ffe\ncompiler\tgcc 12.2.0\nopenblas\tOpenBLAS 0.3.21\nprocessor\tAMD EPYC\n"
	"date\t2026-11-29T18:40:00Z\n"
	"curve_digest\tfb706233b48fa8b6\nweights_digest\t00000000000000ab\nlogits_digest\t0000000000000000\n"
	"digest\te7af8dbd1b416f8d\n";

static const char sample_curve[] =
	"epoch\tlearning_rate\tloss_training\taccuracy_training\tloss_validation\taccuracy_validation\t"
	"elapsed_seconds\n"
	"1\t0.01\t0.7\t0.5\tnan\tnan\t1.5\n"
	"2\t0.005\tinf\tnan\tnan\tnan\t3\n";

static struct curve make_curve(struct error *err)
{
	struct curve curve = { 0 };
	struct epoch_row first = { .epoch = 1, .learning_rate = 0.01, .training = { 0.7, 0.5 },
		.validation = { NAN, -NAN } };
	struct epoch_row second = { .epoch = 2, .learning_rate = 0.005, .training = { INFINITY, NAN },
		.validation = { NAN, NAN } };

	CHECK(curve_add(&curve, &first, 1.5, err) && curve_add(&curve, &second, 3, err));
	return curve;
}

/* Writes a record with two epochs into the test's folder. */
static bool write_record(struct record *record, struct error *err)
{
	struct curve curve = make_curve(err);
	bool written = record_write(test_folder(), record, &curve, err);

	curve_free(&curve);
	return written;
}

static const char *path_of(const char *which, const char *ending)
{
	static char name[100];

	snprintf(name, sizeof name, "points/%s%s", which, ending);
	return name;
}

/* The folder's path and a name in it in front of a message. */
static const char *message_at(const char *name, const char *message)
{
	static char text[PATH_BYTES + 1024];

	snprintf(text, sizeof text, "%s/%s%s", test_folder(), name, message);
	return text;
}

static void check_score(struct score got, struct score want)
{
	CHECK(got.loss == want.loss || (isnan(got.loss) && isnan(want.loss)));
	CHECK(got.accuracy == want.accuracy || (isnan(got.accuracy) && isnan(want.accuracy)));
}

TEST(record_is_written_as_text)
{
	struct record record = sample_record();
	struct error err = { "" };

	CHECK(write_record(&record, &err));
	CHECK_TEXT(err.text, "");
	CHECK_TEXT(file_text(test_path(path_of(id, ".tsv"))), sample_text);
	CHECK_TEXT(file_text(test_path(path_of(id, ".curve.tsv"))), sample_curve);
}

TEST(record_reads_back_the_same_bits)
{
	struct record record = sample_record(), got;
	struct error err = { "" };

	record.status = POINT_DIVERGED;
	snprintf(record.message, sizeof record.message, "the loss was \"not\" finite in epoch 2, 100%% sure");
	record.last = (struct score){ NAN, NAN };
	record.best = (struct score){ INFINITY, 0.1f };
	record.width = 1e-3 / 3;
	record.total = 9000000000000000000;
	record.wall_seconds = 4e-320;
	CHECK(write_record(&record, &err) && record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, "");
	CHECK_TEXT(got.id, id);
	CHECK_TEXT(got.family, "plain");
	CHECK_TEXT(got.message, record.message);
	CHECK_TEXT(got.kernels, "avx2");
	CHECK(got.width == record.width && got.seed == -3 && got.status == POINT_DIVERGED && got.epochs == 2 &&
	      got.best_epoch == 1);
	CHECK(got.trainable == 38629 && got.total == record.total && got.macs == record.macs &&
	      got.data_digest == record.data_digest);
	CHECK(got.train_seconds == 12.5 && got.wall_seconds == 4e-320 && got.images_per_second == 1e-5 &&
	      got.threads == 2);
	record.width = MAX_WIDTH;
	CHECK(write_record(&record, &err) && record_read(test_folder(), id, &got, &err) && got.width == MAX_WIDTH);
	CHECK_TEXT(got.commit, "97a4ee2c0ffe");
	CHECK_TEXT(got.processor, "AMD EPYC");
	check_score(got.last, record.last);
	check_score(got.validation, record.validation);
	check_score(got.best, record.best);
	CHECK_TEXT(got.views, "flip");
	check_score(got.by_views, record.by_views);
	CHECK_INT(got.split_count, 1);          /* the validation images' score is already in `validation` */
	CHECK_TEXT(got.split_names[0], "test");
	check_score(got.splits[0], record.splits[1]);
}

/* The format in which a line of the sample came. */
static int since(const char *line)
{
	static const struct { int format; const char *name; } columns[] = {
		{ 2, "precision" }, { 3, "version" }, { 3, "commit" }, { 3, "compiler" }, { 3, "openblas" },
		{ 3, "processor" }, { 3, "date" }, { 4, "curve_digest" }, { 4, "weights_digest" },
		{ 4, "logits_digest" }, { 5, "views" }, { 5, "accuracy_views" }, { 5, "loss_views" },
	};

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		if (strncmp(line, columns[i].name, strlen(columns[i].name)) == 0)
			return columns[i].format;
	return 1;
}

/* Writes the sample as an older program did. */
static void write_old(int format)
{
	char old[sizeof sample_text];
	const char *end = strstr(sample_text, "\ndigest\t") + 1;
	size_t used = (size_t)snprintf(old, sizeof old, "format\t%d\n", format), len;

	for (const char *line = strchr(sample_text, '\n') + 1; line < end; line += len) {
		len = strcspn(line, "\n") + 1;
		if (since(line) <= format)
			used += (size_t)snprintf(old + used, sizeof old - used, "%.*s", (int)len, line);
	}
	if (format >= RECORD_WITH_DIGESTS)
		used += (size_t)snprintf(old + used, sizeof old - used, "digest\t%016" PRIx64 "\n",
		                         digest_bytes(DIGEST_START, old, used));
	mkdir(test_path("points"), 0777);
	test_write(path_of(id, ".tsv"), old, used);
}

/* Records from before there was a precision. */
TEST(record_of_format_1_is_of_float32)
{
	struct record record = sample_record(), got;
	struct error err = { "" };

	CHECK(write_record(&record, &err));
	CHECK(record_read(test_folder(), id, &got, &err) && got.precision == PRECISION_BF16);
	write_old(1);
	CHECK(record_read(test_folder(), id, &got, &err) && got.precision == PRECISION_FLOAT32);
	CHECK_TEXT(err.text, "");
	CHECK(got.data_digest == record.data_digest && got.threads == 2);
	CHECK_TEXT(got.version, "");
}

/* Records from before they said which program made them. */
TEST(record_of_format_2_says_nothing_of_its_program)
{
	struct record got;
	struct error err = { "" };

	write_old(2);
	CHECK(record_read(test_folder(), id, &got, &err) && got.precision == PRECISION_BF16 && got.threads == 2);
	CHECK_TEXT(err.text, "");
	CHECK_TEXT(got.version, "");
	CHECK_TEXT(got.date, "");
}

/* Records from before points were evaluated by views. */
TEST(record_of_format_4_has_no_views)
{
	struct record got;
	struct error err = { "" };

	write_old(4);
	CHECK(record_read(test_folder(), id, &got, &err) && got.file_digests[POINT_WEIGHTS] == 0xab);
	CHECK_TEXT(err.text, "");
	CHECK_TEXT(got.views, "");
	CHECK(isnan(got.by_views.accuracy) && isnan(got.by_views.loss));
}

TEST(record_keeps_a_text_on_its_line)
{
	struct record record = sample_record(), got;
	struct error err = { "" };

	snprintf(record.message, sizeof record.message, "a\tb\nc\033d");
	CHECK(write_record(&record, &err) && record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(got.message, "a b c d");
}

TEST(record_that_is_not_there_is_no_error)
{
	struct error err = { "" };
	struct record got;

	CHECK(!record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, "");
}

/* The sample with one piece of it replaced; a piece that ends the text cuts it there. */
static void check_broken(const char *piece, const char *by, const char *message)
{
	struct error err = { "" };
	struct record got;
	char text[FILE_BYTES];
	const char *at = strstr(sample_text, piece);

	CHECK(at);
	int len = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - sample_text), sample_text, by, at + strlen(piece));
	mkdir(test_path("points"), 0777);
	test_write(path_of(id, ".tsv"), text, (size_t)len);
	CHECK(!record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, message_at(path_of(id, ".tsv"), message));
}

TEST(record_with_wrong_columns_is_refused)
{
	check_broken("width\t0.5\n", "", ":40:1: the file ends before column \"width\"");
	check_broken("width\t0.5\n", "width\t0.5\nwidth\t0.5\n", ":5:1: column \"width\" stands twice");
	check_broken("macs", "colour", ":10:1: \"colour\" is no column of format 5");
	check_broken("width\t0.5", "width", ":4:1: width: found 0 values, one belongs here");
	check_broken("width\t0.5", "width\t0.5\t7", ":4:1: width: found 2 values, one belongs here");
	check_broken("threads\t2\n", "threads\t2\nmore\t1\n", ":31:1: \"more\" is no column of format 5");
	check_broken("threads\t2\n", "threads\t2\n\n", ":31:1: : found 0 values, one belongs here");
	check_broken("threads\t2\n", "threads\t2\n\t\n", ":31:1: \"\" is no column of format 5");
	check_broken("threads\t2\n", "threads\t2\nformat\t2\n", ":31:1: \"format\" is no column of format 5");
	check_broken("format\t5", "format\t6", ":1:8: format: found 6, this program reads 1 to 5");
	check_broken("format\t5", "format\t4", ":23:1: \"views\" is no column of format 4");
	check_broken("format\t5", "format\t0", ":1:8: format: 0 is outside 1..1000000000");
	check_broken("format\t5", "format\t1", ":21:1: \"precision\" is no column of format 1");
	check_broken("format\t5\n", "", ":1:1: found \"id\" where column \"format\" belongs");
	check_broken("loss_test\t0.3\n", "", ":40:1: the file ends before column \"loss_test\"");
	check_broken("accuracy_test\t0.9\n", "", ":40:1: the file ends before column \"accuracy_test\"");
	check_broken("precision\tbf16\n", "", ":40:1: the file ends before column \"precision\"");
	check_broken("accuracy_test", "accuracy_validation", ":19:1: column \"accuracy_validation\" stands twice");
	check_broken("precision", "accuracy_test\t0\nloss_test\t0\nprecision",
	             ":21:1: column \"accuracy_test\" stands twice");
	check_broken("accuracy_test", "accuracy_", ":19:1: accuracy_ is not followed by the name of a split");
	check_broken("accuracy_test", "accuracy_0123456789012345678901234567890123456789",
	             ":19:1: a split's name is longer than 31 bytes");
}

/* Columns are found by their names: the same lines from the last to the first, but for format and digest. */
TEST(record_is_read_in_any_order)
{
	char text[sizeof sample_text] = "format\t5\n", *to = text + strlen(text);
	const char *end = strstr(sample_text, "\ndigest\t") + 1;
	struct record want = sample_record(), got;
	struct error err = { "" };

	while (end > sample_text + strlen("format\t5\n")) {
		const char *begin = end - 1;

		while (begin[-1] != '\n')
			begin--;
		memcpy(to, begin, (size_t)(end - begin));
		to += end - begin;
		end = begin;
	}
	CHECK(strncmp(text, "format\t5\nlogits_digest", 22) == 0);
	uint64_t digest = digest_bytes(DIGEST_START, text, (size_t)(to - text));
	snprintf(to, sizeof text - (size_t)(to - text), "digest\t%016" PRIx64 "\n", digest);
	CHECK(strlen(text) == strlen(sample_text));
	mkdir(test_path("points"), 0777);
	test_write(path_of(id, ".tsv"), text, strlen(text));
	CHECK(record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, "");
	CHECK(got.width == want.width && got.macs == want.macs && got.precision == PRECISION_BF16 && got.threads == 2);
	CHECK(got.file_digests[POINT_WEIGHTS] == 0xab && got.format == 5);
	CHECK_INT(got.split_count, 1);
	CHECK_TEXT(got.split_names[0], "test");
	check_score(got.splits[0], want.splits[1]);
	check_score(got.best, want.best);
}

/* Whoever changes a line by hand, or a disk that does, is found out. */
TEST(record_whose_lines_were_changed_is_refused)
{
	check_broken("trainable\t38629", "trainable\t38628", ":40:8: digest: does not match the lines above it");
	check_broken("macs\t", "macs\t1", ":40:8: digest: does not match the lines above it");
	check_broken("\ndigest\te7af8dbd1b416f8d\n", "\n", ":40:1: the file ends before column \"digest\"");
	check_broken("\ndigest\t", "\ndigest\tx", ":40:8: digest: \"xe7af8dbd1b416f8d\" is not 16 hexadecimal digits");
	check_broken("e7af8dbd1b416f8d\n", "e7af8dbd1b416f8d\nmore\t1\n",
	             ":41:1: a line behind the digest, which is the last");
}

TEST(record_with_too_many_splits_is_refused)
{
	char splits[1000], message[100];
	int len = 0;

	for (int i = 0; i < MAX_SPLITS; i++)
		len += snprintf(splits + len, sizeof splits - (size_t)len, "accuracy_s%d\t1\nloss_s%d\t0\n", i, i);
	snprintf(splits + len, sizeof splits - (size_t)len, "accuracy_test");
	snprintf(message, sizeof message, ":%d:1: more than %d splits", 19 + 2 * MAX_SPLITS, MAX_SPLITS);
	check_broken("accuracy_test", splits, message);
}

TEST(record_with_wrong_values_is_refused)
{
	check_broken("accuracy\t0.9", "accuracy\tNaN", ":12:10: accuracy: \"NaN\" is not a number");
	check_broken("accuracy\t0.9", "accuracy\t0x1p-1", ":12:10: accuracy: \"0x1p-1\" is not a number");
	check_broken("accuracy\t0.9", "accuracy\t", ":12:10: accuracy: \"\" is not a number");
	check_broken("accuracy\t0.9", "accuracy\t0.9.1", ":12:10: accuracy: \"0.9.1\" is not a number");
	check_broken("accuracy\t0.9", "accuracy\t1.5", ":12:10: accuracy: 1.5 is outside 0..1");
	check_broken("width\t0.5", "width\tnan", ":4:7: width: \"nan\" is not a number");
	check_broken("width\t0.5", "width\tinf", ":4:7: width: inf is outside 0..1000000000");
	check_broken("seed\t-3", "seed\t1.5", ":5:6: seed: \"1.5\" is not a whole number");
	check_broken("seed\t-3", "seed\t--3", ":5:6: seed: \"--3\" is not a whole number");
	check_broken("epochs\t2", "epochs\t-2", ":11:8: epochs: -2 is outside 0..2147483647");
	check_broken("total\t38847", "total\t99999999999999999999",
	             ":9:7: total: 99999999999999999999 is outside 0..9e+18");
	check_broken("status\tdone", "status\tgone",
	             ":6:8: status: found \"gone\"; accepted: done, diverged, failed; did you mean \"done\"?");
	check_broken("digest\t0123", "digest\tX123", ":22:13: data_digest: \"X123456789abcdef\" is not 16 hexadecimal "
	             "digits");
	check_broken("kernels\tavx2", "kernels\t0123456789abcdef", ":26:9: kernels: longer than 15 bytes");
	check_broken("precision\tbf16", "precision\thalf", ":21:11: precision: found \"half\"; accepted: float32, "
	             "bf16");
}

TEST(record_of_another_point_is_refused)
{
	static const char other[] = "99112233aabbccdd";
	struct error err = { "" };
	struct record got;

	mkdir(test_path("points"), 0777);
	test_write(path_of(other, ".tsv"), sample_text, strlen(sample_text));
	CHECK(!record_read(test_folder(), other, &got, &err));
	CHECK_TEXT(err.text, message_at(path_of(other, ".tsv"),
	                                ": the record of another point: id is \"00112233aabbccdd\""));
}

TEST(record_with_foreign_bytes_is_refused)
{
	char many[72 * 2] = "width";

	for (size_t i = 5; i + 2 < sizeof many; i += 2)
		memcpy(many + i, "\t1", 3);
	check_broken("plain", "pl\033n", ":3:10: a control character");
	check_broken("plain", "p\177n", ":3:9: a control character");
	check_broken("plain", "pl\rn", ":3:10: a control character");
	check_broken("width\t0.5", many, ":4:132: more than 64 fields");
}

TEST(record_cut_off_anywhere_is_refused)
{
	size_t whole = sizeof sample_text - 1;
	struct error err = { "" };
	struct record got;

	mkdir(test_path("points"), 0777);
	for (size_t len = 0; len < whole; len++) {
		err.text[0] = '\0';
		test_write(path_of(id, ".tsv"), sample_text, len);
		CHECK(!record_read(test_folder(), id, &got, &err));
		CHECK(err.text[0]);
	}
	CHECK_TEXT(err.text, message_at(path_of(id, ".tsv"), ":40:24: the file ends within a line"));
	err.text[0] = '\0';
	test_write(path_of(id, ".tsv"), sample_text, (size_t)(strstr(sample_text, "date\t") - sample_text));
	CHECK(!record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, message_at(path_of(id, ".tsv"), ":36:1: the file ends before column \"date\""));
}

TEST(record_that_is_no_small_file_is_refused)
{
	struct error err = { "" };
	struct record got;
	static char zeros[FILE_BYTES + 1];

	mkdir(test_path("points"), 0777);
	test_write(path_of(id, ".tsv"), zeros, 10);
	CHECK(!record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, message_at(path_of(id, ".tsv"), ":1:1: a control character"));
	err.text[0] = '\0';
	test_write(path_of(id, ".tsv"), zeros, sizeof zeros);
	CHECK(!record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, message_at(path_of(id, ".tsv"), ": larger than 65536 bytes"));
	err.text[0] = '\0';
	CHECK(unlink(test_path(path_of(id, ".tsv"))) == 0 && mkdir(test_path(path_of(id, ".tsv")), 0777) == 0);
	CHECK(!record_read(test_folder(), id, &got, &err));
	CHECK_TEXT(err.text, message_at(path_of(id, ".tsv"), ": not a file"));
}

TEST(record_on_a_full_disk_leaves_the_old_one)
{
	struct record record = sample_record();
	struct rlimit limit, tiny;
	struct error err = { "" };
	char left_over[PATH_BYTES];

	CHECK(write_record(&record, &err));
	record.epochs = 1;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	tiny = (struct rlimit){ 100, limit.rlim_max };
	setrlimit(RLIMIT_FSIZE, &tiny);
	bool written = write_record(&record, &err);
	setrlimit(RLIMIT_FSIZE, &limit);
	CHECK(!written);
	CHECK_TEXT(err.text, message_at(path_of(id, ".curve.tsv"), ": cannot be written: File too large"));
	CHECK_TEXT(file_text(test_path(path_of(id, ".tsv"))), sample_text);
	CHECK_TEXT(file_text(test_path(path_of(id, ".curve.tsv"))), sample_curve);
	snprintf(left_over, sizeof left_over, "points/.tmp-%ld-0-%s.curve.tsv", (long)getpid(), id);
	CHECK_TEXT(file_text(test_path(left_over)), "(none)");
}

TEST(record_needs_a_folder)
{
	struct record record = sample_record();
	struct curve curve = { 0 };
	struct error err = { "" };
	char deep[PATH_BYTES];

	snprintf(deep, sizeof deep, "%s/new/deeper", test_folder());
	CHECK(record_write(deep, &record, &curve, &err));
	CHECK(strncmp(file_text(test_path("new/deeper/points/00112233aabbccdd.tsv")), sample_text, 500) == 0);
	test_write("file", "", 0);
	CHECK(!record_write(test_path("file"), &record, &curve, &err));
	CHECK_TEXT(err.text, message_at("file/points", ": cannot make this folder: Not a directory"));
	err.text[0] = '\0';
	memset(deep, 'x', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	CHECK(!record_write(deep, &record, &curve, &err));
	deep[100] = '\0';
	CHECK(strncmp(err.text, deep, 100) == 0);
	CHECK_TEXT(err.text + 100, "...: the path is too long");
}

TEST(curve_grows)
{
	struct curve curve = { 0 };
	struct error err = { "" };

	for (int i = 1; i <= 1000; i++)
		CHECK(curve_add(&curve, &(struct epoch_row){ .epoch = i }, i, &err));
	CHECK_INT(curve.count, 1000);
	CHECK(curve.rows[64].epoch == 65 && curve.rows[999].epoch == 1000 && curve.seconds[999] == 1000);
	curve_free(&curve);
	CHECK(!curve.rows && !curve.seconds && curve.count == 0);
}
