/* `archsweep plot`, from made-up tables to pictures: that they are whole, hold what the tables say, and that gnuplot
 * has no complaint. */
#include "bench/summary/picture_data.h"
#include "bench/system/gnuplot.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, TABLE_BYTES = 1 << 16 };

#define POINTS_HEADER "id\tfamily\twidth\tseed\tstatus\tmessage\ttotal\taccuracy\ttitle\n"
#define CURVES_HEADER "family\twidth\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\tloss_validation\t" \
	"accuracy_validation\telapsed_seconds\n"

#define COMPARE_HEADER "family\twidth\tbase\tstatus\tseeds\taccuracy\taccuracy_lowest\taccuracy_highest\t" \
	"accuracy_difference\ttrainable\ttotal\ttotal_ratio\tmacs\tmacs_ratio\ttraining_microseconds\t" \
	"training_ratio\tinference_microseconds\tinference_ratio\tbatch\trounds\tkernels\tprocessor\n"
#define TIMES "\t64\t5\tportable\tSlow CPU\n"

/* Two families, two widths, two seeds, one point that diverged. */
static const char points[] = POINTS_HEADER
	"1\tplain\t3\t1\tdone\t\t5472\t0.85\tFashion\n"
	"2\tplain\t3\t2\tdone\t\t5472\t0.87\tFashion\n"
	"3\tplain\t12\t1\tdone\t\t33363\t0.91\tFashion\n"
	"4\tplain\t12\t2\tdiverged\tthe loss was not finite in epoch 2\t33363\tnan\tFashion\n"
	"5\tmobilenet_v1\t0.25\t1\tdone\t\t8001\t0.88\tFashion\n"
	"6\tmobilenet_v1\t1\t1\tdone\t\t112999\t0.925\tFashion\n";

static const char curves[] = CURVES_HEADER
	"plain\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n"
	"plain\t3\t1\t2\t0.001\t1\t0.8\t1\t0.82\t2\nplain\t3\t1\t3\t0.001\t1\t0.85\t1\t0.84\t3\n"
	"plain\t3\t2\t1\t0.001\t1\t0.7\t1\t0.72\t1\n"
	"plain\t3\t2\t2\t0.001\t1\t0.8\t1\t0.83\t2\nplain\t3\t2\t3\t0.001\t1\t0.86\t1\t0.85\t3\n"
	"plain\t12\t2\t1\t0.001\t1\t0.75\t1\t0.74\t1\nplain\t12\t2\t2\t0.001\tinf\tnan\tnan\tnan\t1\n"
	"mobilenet_v1\t1\t1\t1\t0.001\t1\t0.75\t1\t0.74\t1\n";

static void write_tables(const char *sweep, const char *points_text, const char *curves_text)
{
	char name[64];

	mkdir(test_path(sweep), 0777);
	snprintf(name, sizeof name, "%s/points.tsv", sweep);
	test_write(name, points_text, strlen(points_text));
	snprintf(name, sizeof name, "%s/curves.tsv", sweep);
	test_write(name, curves_text, strlen(curves_text));
}

static void write_compare(const char *sweep, const char *text)
{
	char name[64];

	snprintf(name, sizeof name, "%s/compare.tsv", sweep);
	test_write(name, text, strlen(text));
}

/* A file of the test's folder, malloc'd, with a 0 byte at the end; NULL where there is none. */
static char *read_file(const char *name, size_t *len)
{
	FILE *file = fopen(test_path(name), "rb");
	char *bytes = NULL;

	*len = 0;
	if (!file)
		return NULL;
	CHECK(fseek(file, 0, SEEK_END) == 0);
	long size = ftell(file);
	rewind(file);
	if (size >= 0 && (bytes = calloc(1, (size_t)size + 1)))
		*len = fread(bytes, 1, (size_t)size, file);
	fclose(file);
	return bytes;
}

static unsigned big_endian(const char *at)
{
	const unsigned char *byte = (const unsigned char *)at;

	return (unsigned)byte[0] << 24 | (unsigned)byte[1] << 16 | (unsigned)byte[2] << 8 | byte[3];
}

static void check_png(const char *name, unsigned width, unsigned least_height)
{
	size_t len;
	char *bytes = read_file(name, &len);

	CHECK(bytes && len > 5000);
	if (bytes && len > 5000) {
		CHECK(memcmp(bytes, "\211PNG\r\n\032\n", 8) == 0);
		CHECK(memcmp(bytes + len - 8, "IEND", 4) == 0);
		CHECK_INT(big_endian(bytes + 16), width);
		CHECK(big_endian(bytes + 20) >= least_height);
	}
	free(bytes);
}

/* Whole, and with these texts in it, NULL at the end. */
static void check_svg(const char *name, const char *const *texts)
{
	static const char end[] = "</svg>\n\n";
	size_t len;
	char *bytes = read_file(name, &len);

	CHECK(bytes && len > 5000 && strncmp(bytes, "<?xml", 5) == 0 && strcmp(bytes + len - strlen(end), end) == 0);
	for (; bytes && *texts; texts++)
		if (!strstr(bytes, *texts))
			test_fail(__FILE__, __LINE__, "%s: no \"%s\"", name, *texts);
	free(bytes);
}

static bool same_text(const char *left, const char *right)
{
	size_t left_len, right_len;
	char *a = read_file(left, &left_len), *b = read_file(right, &right_len);
	bool same = a && b && left_len > 5000 && strcmp(a, b) == 0;

	free(a);
	free(b);
	return same;
}

/* Runs `plot` in the test's folder with one more setting, or NULL. */
static struct program_result run_plot(const char *reports, const char *sweep, const char *setting)
{
	const char *argv[] = { archsweep_path(), "plot", "--reports", reports, sweep, NULL };
	char here[PATH_BYTES], scripts[PATH_BYTES + 32];

	CHECK(getcwd(here, sizeof here));
	snprintf(scripts, sizeof scripts, "ARCHSWEEP_PLOTS=%s/plots", here);
	return run_program((struct program){
		.argv = argv, .folder = test_folder(), .environment = (const char *[]){ scripts, setting, NULL },
	});
}

static void check_plot(const char *sweep, const char *setting, int status, const char *out, const char *err)
{
	struct program_result got = run_plot(".", sweep, setting);

	CHECK_INT(got.status, status);
	CHECK_TEXT(got.out, out);
	CHECK_TEXT(got.err, err);
	program_result_free(&got);
}

/* Files of a folder of the test but for the two tables. */
static int count_pictures(const char *sweep)
{
	DIR *folder = opendir(test_path(sweep));
	struct dirent *entry;
	int count = 0;

	CHECK(folder);
	while (folder && (entry = readdir(folder)))
		count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") && !strstr(entry->d_name, ".tsv");
	if (folder)
		closedir(folder);
	return count;
}

TEST(plot_draws_every_figure_twice)
{
	write_tables("zoo", points, curves);
	check_plot("zoo", NULL, 0,
	           "./zoo/accuracy.png\n./zoo/accuracy.svg\n./zoo/accuracy-linear.png\n./zoo/accuracy-linear.svg\n"
	           "./zoo/curves.png\n./zoo/curves.svg\n", "");
	check_png("zoo/accuracy.png", 1600, 1000);
	check_png("zoo/accuracy-linear.png", 1600, 1000);
	check_png("zoo/curves.png", 1600, 500);
	check_svg("zoo/accuracy.svg", (const char *[]){
		"Fashion<", "plain<", "mobilenet_v1<", ">5k<", ">100k<", ">0.25<", "Pareto front", "diverged or failed",
		"mean, standard deviation", "n = 1 to 2 seeds<", "no bar: n = 1<", NULL });
	check_svg("zoo/accuracy-linear.svg", (const char *[]){ "Fashion<", ">0<", ">20k<", NULL });
	check_svg("zoo/curves.svg", (const char *[]){
		"Fashion<", "plain<", "mobilenet_v1<", "mean of the seeds, n = 1 to 2<", "validation images",
		"× diverged<", ">12 ×<", NULL });
	CHECK_INT(count_pictures("zoo"), 6);
}

/* One script in-process, as SVG, which takes a fifth of a PNG's time. */
static void draw(const char *sweep, const char *figure)
{
	char said[GNUPLOT_SAID_BYTES] = "", script[64], out[64];
	char data[PATH_BYTES], lines[PATH_BYTES], table[PATH_BYTES], picture[PATH_BYTES], folder[PATH_BYTES];
	struct picture_data tables;
	struct error err = { "" };

	snprintf(script, sizeof script, "plots/%s.gp", figure);
	snprintf(out, sizeof out, "%s/%s.svg", sweep, figure);
	snprintf(picture, sizeof picture, "%s", test_path(out));
	snprintf(data, sizeof data, "%s/%s/points.tsv", test_folder(), sweep);
	snprintf(lines, sizeof lines, "%s/%s/curves.tsv", test_folder(), sweep);
	snprintf(table, sizeof table, "%s/%s/compare.tsv", test_folder(), sweep);
	snprintf(folder, sizeof folder, "%s", test_path(sweep));
	CHECK(picture_data_create(folder, &tables, &err));
	CHECK_TEXT(err.text, "");
	struct drawing drawing = { .plots = "plots", .script = script, .data = data, .curves = lines, .table = table,
		.out = picture, .networks = tables.networks.temporary, .means = tables.means.temporary,
		.title = tables.title };
	CHECK(gnuplot_draw(&drawing, said, &err));
	picture_data_remove(&tables);
	CHECK_TEXT(err.text, "");
	CHECK_TEXT(said, "");
}

/* All figures of such tables, each with this text in it. */
static void check_figures(const char *points_text, const char *curves_text, const char *text)
{
	static const char *const figures[] = { "accuracy", "accuracy-linear", "curves" };
	char out[64];

	write_tables("odd", points_text, curves_text);
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		draw("odd", figures[i]);
		snprintf(out, sizeof out, "odd/%s.svg", figures[i]);
		check_svg(out, (const char *[]){ text, NULL });
	}
}

TEST(plot_of_tables_without_rows)
{
	check_figures(POINTS_HEADER, CURVES_HEADER, " yet<");
}

TEST(plot_of_one_point_and_one_epoch)
{
	check_figures(POINTS_HEADER "1\tplain\t3\t1\tdone\t\t5472\t0.85\tAlone\n",
	              CURVES_HEADER "plain\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n", "Alone<");
	check_figures(POINTS_HEADER "1\tplain\t3\t1\tdone\t\t1\t1\tPerfect\n",
	              CURVES_HEADER "plain\t3\t1\t1\t0.001\t1\t1\t1\t1\t1\n", "Perfect<");
	check_figures(POINTS_HEADER "1\tplain\t3\t1\tdone\t\t0\t0\tNothing\n",
	              CURVES_HEADER "plain\t3\t1\t1\t0.001\t1\t0\t1\t0\t1\n", "Nothing<");
}

TEST(plot_of_points_that_all_failed)
{
	check_figures(POINTS_HEADER "1\tplain\t3\t1\tfailed\tno memory\t5472\tnan\tLost\n"
	              "2\tvgg\t3\t1\tdiverged\t\t5500\tnan\tLost\n",
	              CURVES_HEADER "vgg\t3\t1\t1\t0.001\tinf\tnan\tnan\tnan\t1\n", "Lost<");
}

/* Names and titles are text, not markup, formats, macros or commands. */
TEST(plot_shows_names_as_they_are)
{
	check_figures(POINTS_HEADER "1\ta_b^c{d}\t3\t1\tdone\t\t100\t0.5\t50% {/*9 it's} @a `date` %s\n"
	              "2\tit's %d\t3\t1\tdone\t\t100\t0.5\t50% {/*9 it's} @a `date` %s\n",
	              CURVES_HEADER "a_b^c{d}\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n"
	              "it's %d\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n",
	              "50% {/*9 it's} @a `date` %s<");
	check_svg("odd/accuracy.svg", (const char *[]){ "a_b^c{d}<", "it's %d<", NULL });
	check_svg("odd/curves.svg", (const char *[]){ "a_b^c{d}<", "it's %d<", NULL });
}

/* More families than colours, and more points than can have labels. */
TEST(plot_of_many_points)
{
	static char points_text[TABLE_BYTES], curves_text[TABLE_BYTES];
	int at = snprintf(points_text, TABLE_BYTES, POINTS_HEADER),
		to = snprintf(curves_text, TABLE_BYTES, CURVES_HEADER);

	for (int family = 0; family < 13; family++)
		for (int width = 1; width <= 12; width++) {
			at += snprintf(points_text + at, TABLE_BYTES - (size_t)at,
			               "1\tnet%d\t%d\t1\tdone\t\t%d\t%g\tMany\n", family, width,
			               1000 * width * width * (family + 1), 0.9 - 0.3 / (width + family));
			to += snprintf(curves_text + to, TABLE_BYTES - (size_t)to,
			               "net%d\t%d\t1\t1\t1\t1\t0.5\t1\t0.5\t1\n", family, width);
		}
	check_figures(points_text, curves_text, ">net12<");
}

/* Columns are found by name: their order, and others beside them, change nothing. */
TEST(plot_reads_columns_by_name)
{
	write_tables("one",
	             POINTS_HEADER "1\tplain\t3\t1\tdone\t\t5472\t0.85\tT\n2\tplain\t6\t1\tdone\t\t9000\t0.9\tT\n",
	             CURVES_HEADER);
	write_tables("two", "new\ttitle\taccuracy\tstatus\ttotal\tfamily\twidth\n"
	             "\tT\t0.85\tdone\t5472\tplain\t3\n7\tT\t0.9\tdone\t9000\tplain\t6\n", CURVES_HEADER);
	draw("one", "accuracy");
	draw("two", "accuracy");
	CHECK(same_text("one/accuracy.svg", "two/accuracy.svg"));
}

TEST(plot_takes_odd_paths)
{
	static const char folder[] = "<it's a `path` $x @y";

	write_tables(folder, points, curves);
	mkdir(test_path("<it's a `path` $x @y/zoo"), 0777);
	CHECK(rename(test_path("<it's a `path` $x @y/points.tsv"),
	             test_path("<it's a `path` $x @y/zoo/points.tsv")) == 0);
	CHECK(rename(test_path("<it's a `path` $x @y/curves.tsv"),
	             test_path("<it's a `path` $x @y/zoo/curves.tsv")) == 0);
	struct program_result got = run_plot(folder, "sweeps/zoo.yaml", NULL);
	CHECK_INT(got.status, 0);
	CHECK(strstr(got.out, "<it's a `path` $x @y/zoo/accuracy.svg\n"));
	CHECK_TEXT(got.err, "");
	program_result_free(&got);
}

TEST(plot_says_what_is_missing)
{
	mkdir(test_path("zoo"), 0777);
	check_plot("zoo", NULL, 1, "", "./zoo/points.tsv: No such file or directory; `archsweep run` makes it\n");
	write_tables("zoo", points, curves);
	check_plot("zoo", "PATH=/nowhere", 1, "", "gnuplot: not found; install the package gnuplot-nox\n");
	check_plot("zoo", "ARCHSWEEP_PLOTS=nowhere", 1, "",
	           "nowhere: No such file or directory; ARCHSWEEP_PLOTS names the folder of the gnuplot scripts\n");
	check_plot("zoo", "ARCHSWEEP_PLOTS=zoo", 1, "", "zoo: no figure; accepted: NAME.gp whose first line begins "
	           "with \"# Figure:\"\n");
	CHECK(remove(test_path("zoo/curves.tsv")) == 0);
	check_plot("zoo", NULL, 1, "", "./zoo/curves.tsv: No such file or directory; `archsweep run` makes it\n");
	check_plot("a/b", NULL, 2, "", "archsweep plot: \"a/b\" names no sweep; accepted: SWEEP.yaml or the name of a "
	           "folder in reports; "
	           "see archsweep plot --help\n");
	check_plot("..", NULL, 2, "", "archsweep plot: \"..\" names no sweep; accepted: SWEEP.yaml or the name of a "
	           "folder in reports; "
	           "see archsweep plot --help\n");
	CHECK_INT(count_pictures("zoo"), 0);
}

static void check_script(const char *text, int status, const char *out, const char *err)
{
	mkdir(test_path("scripts"), 0777);
	test_write("scripts/mine.gp", text, strlen(text));
	check_plot("zoo", "ARCHSWEEP_PLOTS=scripts", status, out, err);
}

/* A script that fails leaves neither half a picture nor a temporary file, and the picture of before stays. */
TEST(plot_with_a_broken_script)
{
	write_tables("zoo", points, curves);
	test_write("zoo/mine.png", "old", 3);
	check_script("# Figure: mine\nset output out\nprint no_such_thing\n", 1, "",
	             "scripts/mine.gp: gnuplot exited with status 1: \"scripts/mine.gp\" line 3: undefined variable: "
	             "no_such_thing\n");
	check_script("# Figure: mine\n", 1, "", "./zoo/mine.png: gnuplot has drawn nothing\n");
	check_script("# Figure: mine\neval 'set terminal '.(out[strlen(out)-1:*] eq 'ng' ? 'pngcairo' : 'svg')\n"
	             "set output out\nplot x\nset output\nprint 'well'\n", 0,
	             "./zoo/mine.png\n./zoo/mine.svg\n",
	             "scripts/mine.gp: well\nscripts/mine.gp: well\n");
	check_script("# Figure from no such table: mine\nset print out\nprint 'x'\n", 1, "",
	             "scripts: no figure; accepted: NAME.gp whose first line begins with \"# Figure:\"\n");
	check_script("# Figure from absent.tsv: mine\nset print out\nprint 'x'\n", 0, "", "");
	CHECK_INT(count_pictures("zoo"), 2);
}

/* --- figures of a comparison -------------------------------------------------------------------------------------- */

/* Of the tables above: the base, a network that diverged in one of two seeds, one that is not trained, one that is not
 * measured. */
static const char compared[] = COMPARE_HEADER
	"plain\t3\ttrue\tdone\t2\t0.86\t0.85\t0.87\t0\t5000\t5472\t1\t100000\t1\t20.5\t1\t7\t1" TIMES
	"plain\t12\tfalse\tdiverged\t2\t0.91\t0.91\t0.91\t0.05\t33000\t33363\t6.09704\t1600000\t16\t"
	"123.4\t6.01951\t44\t6.28571" TIMES
	"mobilenet_v1\t0.25\tfalse\tnot "
		"trained\t1\t\t\t\t\t7000\t8001\t1.46217\t90000\t0.9\t31\t1.5122\t9\t1.28571" TIMES
	"mobilenet_v1\t1\tfalse\tdone\t1\t0.925\t0.925\t0.925\t0.065\t110000\t112999\t20.6504\t700000\t"
	"7\t\t\t\t\t\t\t\t\n";

/* In the order of the scripts' names, beside the figures of any sweep. */
TEST(plot_draws_a_comparison_where_there_is_one)
{
	write_tables("zoo", points, curves);
	write_compare("zoo", compared);
	check_plot("zoo", NULL, 0,
	           "./zoo/accuracy.png\n./zoo/accuracy.svg\n./zoo/accuracy-linear.png\n./zoo/accuracy-linear.svg\n"
	           "./zoo/compare.png\n./zoo/compare.svg\n./zoo/compare-curves.png\n./zoo/compare-curves.svg\n"
	           "./zoo/compare-times.png\n./zoo/compare-times.svg\n"
	           "./zoo/curves.png\n./zoo/curves.svg\n", "");
	check_png("zoo/compare.png", 1600, 400);
	check_png("zoo/compare-curves.png", 1600, 800);
	check_svg("zoo/compare-times.svg", (const char *[]){
		"Fashion<", ">plain 3<", ">mobilenet_v1 0.25<", ">base<", ">86.00 %<", ">+5.00<", ">91.00 %<",
			">not trained<", ">33.4k<",
		">×6.10<", ">1.6M<", ">123 µs<", ">×6.02<", ">×1.29<", ">not measured<", "mean of the seeds",
		"batches of 64, median of 5 rounds, Slow CPU<", NULL });
	check_svg("zoo/compare-curves.svg", (const char *[]){
		"Fashion<", ">plain 3 (base)<", ">plain 12 ×<", ">mobilenet_v1 1<", "loss (cross-entropy",
		"accuracy (%)",
		"mean of the seeds", "training images", "validation images", NULL });
	CHECK_INT(count_pictures("zoo"), 12);
}

/* Pictures that are kept as results must be the same after another measurement, on another processor. */
TEST(plot_of_a_comparison_without_times_is_of_results_alone)
{
	static const char *const pictures[] = { "compare", "compare-curves" };
	const char *const row = "plain\t3\ttrue\tdone\t1\t0.86\t0.86\t0.86\t0\t1\t5472\t1\t100\t1\t";
	char text[1024], names[2][64];

	for (int i = 0; i < 2; i++) {
		const char *sweep = i ? "two" : "one";

		write_tables(sweep, points, curves);
		snprintf(text, sizeof text, COMPARE_HEADER "%s%s", row,
		         i ? "20.5\t1\t7\t1" TIMES : "99\t1\t44\t1\t128\t9\tavx2\tFast CPU\n");
		write_compare(sweep, text);
		for (int k = 0; k < 2; k++)
			draw(sweep, pictures[k]);
	}
	for (int k = 0; k < 2; k++) {
		for (int i = 0; i < 2; i++)
			snprintf(names[i], sizeof names[i], "%s/%s.svg", i ? "two" : "one", pictures[k]);
		CHECK(same_text(names[0], names[1]));
	}
}

/* All figures of such a comparison of the tables in "odd", each with this text in it. */
static void check_compared(const char *text, const char *want)
{
	write_compare("odd", text);
	draw("odd", "compare");
	draw("odd", "compare-times");
	draw("odd", "compare-curves");
	check_svg("odd/compare.svg", (const char *[]){ want, NULL });
	check_svg("odd/compare-times.svg", (const char *[]){ want, NULL });
	check_svg("odd/compare-curves.svg", (const char *[]){ want, NULL });
}

#define ALONE(accuracy) \
	"plain\t3\ttrue\tdone\t1\t" accuracy "\t" accuracy "\t" accuracy "\t0\t1\t5472\t1\t0\t\t0.02\t1\t0.001\t1" TIMES

#define BARE "\t1\t\t\t\t\t1\t1\t1\t1\t1\t\t\t\t\t\t\t\t\n"

TEST(plot_of_odd_comparisons)
{
	write_tables("odd", POINTS_HEADER, CURVES_HEADER);
	check_compared(COMPARE_HEADER, " yet<");
	write_tables("odd", POINTS_HEADER "1\tplain\t3\t1\tdone\t\t5472\t1\tAlone\n",
	             CURVES_HEADER "plain\t3\t1\t1\t0.001\t0\t1\t0\t1\t1\n");
	check_compared(COMPARE_HEADER ALONE("1"), "Alone<");
	check_compared(COMPARE_HEADER ALONE("0"), "Alone<");
	/* Nothing trained, nothing measured, names that are markup elsewhere, and learning curves of networks that are
	 * not compared. */
	check_compared(COMPARE_HEADER "a_b^c{d}\t3\ttrue\tfailed" BARE, "a_b^c{d}");
	write_tables("odd", POINTS_HEADER "1\tplain\t3\t1\tdiverged\t\t5472\tnan\tLost\n",
	             CURVES_HEADER "plain\t3\t1\t1\t0.001\tinf\tnan\tnan\tnan\t1\n");
	check_compared(COMPARE_HEADER "plain\t3\ttrue\tdiverged" BARE, "Lost<");
}

/* More networks than a picture holds: it says how many are left out. */
TEST(plot_of_a_comparison_of_many)
{
	static char text[TABLE_BYTES], curves_text[TABLE_BYTES];
	int at = snprintf(text, TABLE_BYTES, COMPARE_HEADER), to = snprintf(curves_text, TABLE_BYTES, CURVES_HEADER);

	for (int width = 1; width <= 200; width++) {
		at += snprintf(text + at, TABLE_BYTES - (size_t)at,
		               "net\t%d\t%s\tdone\t1\t0.5\t0.5\t0.5\t0\t1\t%d\t%d\t1\t1\t1\t1\t1\t1" TIMES,
		               width, width == 1 ? "true" : "false", width, width);
		to += snprintf(curves_text + to, TABLE_BYTES - (size_t)to, "net\t%d\t1\t1\t1\t1\t0.5\t1\t0.5\t1\n",
		               width);
	}
	write_tables("odd", POINTS_HEADER, curves_text);
	check_compared(text, " more networks are not shown<");
	check_svg("odd/compare.svg", (const char *[]){ ">net 150<", "; 50 more", NULL });
	check_svg("odd/compare-curves.svg", (const char *[]){ ">net 24<", "176 more", NULL });
}

/* The second family of the sweep has the same colour in all pictures, though it comes first in the comparison, and
 * though the first has no curve. */
TEST(plot_has_one_colour_for_a_family)
{
	write_tables("odd", POINTS_HEADER "1\tape\t1\t1\tfailed\t\t10\tnan\tZoo\n2\tcat\t1\t1\tdone\t\t20\t0.5\tZoo\n",
	             CURVES_HEADER "cat\t1\t1\t1\t0.1\t1\t0.4\t1\t0.5\t1\ncat\t1\t1\t2\t0.1\t1\t0.5\t1\t0.6\t1\n");
	write_compare("odd", COMPARE_HEADER
	              "cat\t1\ttrue\tdone\t1\t0.5\t0.5\t0.5\t0\t1\t20\t1\t1\t1\t1\t1\t1\t1" TIMES);
	draw("odd", "accuracy");
	draw("odd", "compare");
	check_svg("odd/accuracy.svg", (const char *[]){ "rgb(213,  94,   0)", NULL });
	draw("odd", "curves");
	draw("odd", "compare-curves");
	check_svg("odd/curves.svg", (const char *[]){ "rgb(223, 133,  61)", NULL });
	check_svg("odd/compare-curves.svg", (const char *[]){ "rgb(223, 133,  61)", NULL });
}

/* Four bars to 20 and one to 4000: that one is cut, or no other could be seen. */
TEST(plot_cuts_a_bar_that_hides_all_others)
{
	static const char *const rows[] = { "1\t1", "2\t2", "15\t15", "20\t20", "4000\t4000" };
	char text[4096];
	int at = snprintf(text, sizeof text, COMPARE_HEADER);

	for (int i = 0; i < 5; i++)
		at += snprintf(text + at, sizeof text - (size_t)at,
		               "net\t%d\t%s\tdone\t1\t0.5\t0.5\t0.5\t0\t1\t%s\t1\t1\t1\t1\t1\t1" TIMES, i + 1,
		               i ? "false" : "true", rows[i]);
	write_tables("odd", POINTS_HEADER, CURVES_HEADER);
	write_compare("odd", text);
	draw("odd", "compare");
	check_svg("odd/compare.svg", (const char *[]){ "cut off", "×4000<", NULL });
}
