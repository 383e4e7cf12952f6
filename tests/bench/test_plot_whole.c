/* A picture takes the old one's place only where it is whole: gnuplot exits with 0 on a full disk, too. */
#include "bench/system/picture_check.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PATH_BYTES = 4096, PNG_BYTES = 8 + 12 + 13 + 12 + 200 + 12 };

static size_t put_number(uint8_t *to, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(number >> (24 - 8 * i));
	return 4;
}

static size_t put_chunk(uint8_t *to, const char *type, uint32_t len)
{
	size_t used = put_number(to, len);

	memcpy(to + used, type, 4);
	memset(to + used + 4, 'x', len);
	used += 4 + len;
	return used + put_number(to + used, (uint32_t)crc32(0, to + 4, 4 + len));
}

/* The chunks of a PNG, whose content nobody looks at. */
static void make_png(uint8_t to[PNG_BYTES])
{
	size_t used = 8;

	memcpy(to, "\211PNG\r\n\032\n", 8);
	used += put_chunk(to + used, "IHDR", 13);
	used += put_chunk(to + used, "IDAT", 200);
	used += put_chunk(to + used, "IEND", 0);
	CHECK_INT(used, PNG_BYTES);
}

static void check_picture(const char *name, const void *bytes, size_t len, const char *want)
{
	struct error err = { "" };
	bool whole = picture_check(test_write(name, bytes, len), name, &err);

	CHECK_TEXT(err.text, want);
	CHECK(whole == !*want);
}

TEST(picture_cut_short_anywhere_is_seen)
{
	static const char svg[] = "<?xml version=\"1.0\"?>\n<svg><g><path d='M0,0'/></g>\n</svg>\n\n";
	uint8_t png[PNG_BYTES];
	char want[256];

	make_png(png);
	check_picture("a.png", png, sizeof png, "");
	check_picture("a.png", png, 0, "a.png: gnuplot has drawn nothing");
	for (int len = 1; len < PNG_BYTES; len++) {
		snprintf(want, sizeof want, "a.png: gnuplot's picture is cut short: it has not ended after %d bytes; "
		         "is the disk full?", len);
		check_picture("a.png", png, (size_t)len, want);
	}
	check_picture("a.svg", svg, sizeof svg - 1, "");
	check_picture("a.svg", svg, sizeof svg - 3, "");
	for (int len = 1; len < (int)sizeof svg - 3; len++) {
		snprintf(want, sizeof want, "a.svg: gnuplot's picture is cut short: it has not ended after %d bytes; "
		         "is the disk full?", len);
		check_picture("a.svg", svg, (size_t)len, want);
	}
}

TEST(picture_with_a_hole_is_seen)
{
	uint8_t png[PNG_BYTES + 1];

	make_png(png);
	memset(png + 60, 0, 50);
	check_picture("a.png", png, PNG_BYTES,
	              "a.png: gnuplot's picture is broken: byte 33: a chunk's sum is wrong; is the disk full?");
	make_png(png);
	png[0] = 0;
	check_picture("a.png", png, PNG_BYTES,
	              "a.png: gnuplot's picture is broken: byte 0: no PNG begins so; is the disk full?");
	make_png(png);
	png[PNG_BYTES] = 0;
	check_picture("a.png", png, PNG_BYTES + 1,
	              "a.png: gnuplot's picture is broken: byte 257: more bytes behind its end; is the disk full?");
}

static void write_tables(void)
{
	static const char points[] = "id\tfamily\twidth\tseed\tstatus\tmessage\ttotal\taccuracy\ttitle\n"
		"1\tplain\t3\t1\tdone\t\t100\t0.5\tZoo\n2\tplain\t4\t1\tdone\t\t200\t0.6\tZoo\n";
	static const char curves[] = "family\twidth\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\t"
		"loss_validation\taccuracy_validation\telapsed_seconds\nplain\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n";

	mkdir(test_path("zoo"), 0777);
	test_write("zoo/points.tsv", points, sizeof points - 1);
	test_write("zoo/curves.tsv", curves, sizeof curves - 1);
}

TEST(plot_keeps_the_old_picture_where_the_new_one_is_cut_short)
{
	static const char script[] = "# Figure: mine\nset terminal pngcairo\nset output out\nplot x\nset output\n"
		"system(\"truncate -s 1000 '\".out.\"'\")\n";
	char setting[PATH_BYTES];

	write_tables();
	test_write("zoo/mine.png", "old", 3);
	mkdir(test_path("scripts"), 0777);
	test_write("scripts/mine.gp", script, sizeof script - 1);
	snprintf(setting, sizeof setting, "ARCHSWEEP_PLOTS=%s", test_path("scripts"));
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "plot", "--reports", ".", "zoo", NULL },
		.folder = test_folder(), .environment = (const char *[]){ setting, NULL },
	});
	CHECK_INT(got.status, 1);
	CHECK_TEXT(got.out, "");
	CHECK_TEXT(got.err, "./zoo/mine.png: gnuplot's picture is cut short: it has not ended after 1000 bytes; "
	           "is the disk full?\n");
	CHECK_TEXT(file_text(test_path("zoo/mine.png")), "old");
	program_result_free(&got);
}

/* A file system of so many KiB, in a mount namespace of its own, holds the tables and one old picture. Prints what is
 * in the folder afterwards. */
static const char small_disk[] =
	"mount -t tmpfs -o size=${2}k none disk\n"
	"cp -r zoo disk/zoo\n"
	"\"$1\" plot --reports disk zoo\n"
	"status=$?\n"
	"cat disk/zoo/accuracy.png; ls -A disk/zoo\n"
	"exit $status\n";

/* Whether a name space of one's own may be had, and a file system be mounted there. */
static bool may_mount(void)
{
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ "unshare", "-rm", "mount", "-t", "tmpfs", "none", "disk", NULL },
		.folder = test_folder(),
	});
	bool mounted = got.status == 0;

	program_result_free(&got);
	return mounted;
}

TEST(plot_on_a_full_disk_keeps_the_old_picture)
{
	static const char *const kib[] = { "24", "28", "32", "36", "40" };
	char here[PATH_BYTES], setting[PATH_BYTES + 32];

	CHECK(getcwd(here, sizeof here));
	snprintf(setting, sizeof setting, "ARCHSWEEP_PLOTS=%s/plots", here);
	write_tables();
	test_write("zoo/accuracy.png", "old\n", 4);
	mkdir(test_path("disk"), 0777);
	if (!may_mount())
		test_skip("nobody may mount a file system here");
	for (size_t i = 0; i < sizeof kib / sizeof *kib; i++) {
		struct program_result got = run_program((struct program){
			.argv = (const char *[]){ "unshare", "-rm", "sh", "-c", small_disk, "sh", archsweep_path(),
				kib[i], NULL },
			.folder = test_folder(), .environment = (const char *[]){ setting, NULL },
		});
		CHECK_INT(got.status, 1);
		CHECK_TEXT(got.out, "old\naccuracy.png\ncurves.tsv\npoints.tsv\n");
		CHECK_CONTAINS(got.err, "disk/zoo/accuracy.png: gnuplot's picture is cut short: it has not ended "
		               "after ");
		program_result_free(&got);
	}
}
