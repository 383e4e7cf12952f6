/* What `archsweep plot` says in words: titles as they are, and SVG pictures with a title and a description. */
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

#define POINTS_HEADER "id\tfamily\twidth\tseed\tstatus\tmessage\ttotal\taccuracy\ttitle\n"
#define CURVES "family\twidth\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\tloss_validation\t" \
	"accuracy_validation\telapsed_seconds\nplain\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n"

static void write_tables(const char *points)
{
	mkdir(test_path("zoo"), 0777);
	test_write("zoo/points.tsv", points, strlen(points));
	test_write("zoo/curves.tsv", CURVES, sizeof CURVES - 1);
}

/* A file of the test's folder, malloc'd, with a 0 byte at the end; NULL where there is none. */
static char *read_svg(const char *name)
{
	enum { MOST = 1 << 20 };
	FILE *file = fopen(test_path(name), "rb");
	char *bytes = file ? calloc(1, MOST) : NULL;

	CHECK(bytes && fread(bytes, 1, MOST - 1, file) > 0);
	if (file)
		fclose(file);
	return bytes;
}

static void check_has(const char *name, const char *const *texts)
{
	char *svg = read_svg(name);

	for (; svg && *texts; texts++)
		if (!strstr(svg, *texts))
			test_fail(__FILE__, __LINE__, "%s: no \"%s\"", name, *texts);
	free(svg);
}

/* With the scripts of that folder. */
static void plot(const char *scripts)
{
	char setting[PATH_BYTES + 32];

	snprintf(setting, sizeof setting, "ARCHSWEEP_PLOTS=%s", scripts);
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "plot", "--reports", ".", "zoo", NULL },
		.folder = test_folder(), .environment = (const char *[]){ setting, NULL },
	});
	CHECK_INT(got.status, 0);
	CHECK_TEXT(got.err, "");
	program_result_free(&got);
}

static void plot_with_our_scripts(void)
{
	char here[PATH_BYTES], scripts[PATH_BYTES + 8];

	CHECK(getcwd(here, sizeof here));
	snprintf(scripts, sizeof scripts, "%s/plots", here);
	plot(scripts);
}

TEST(plot_keeps_double_quotes_of_a_title)
{
	static const char *const pictures[] = { "zoo/accuracy.svg", "zoo/accuracy-linear.svg", "zoo/curves.svg" };

	write_tables(POINTS_HEADER "1\tplain\t3\t1\tdone\t\t100\t0.5\t\"say \"two\"\n"
	             "2\tplain\t4\t1\tdone\t\t100\t0.5\t\"say \"two\"\n");
	plot_with_our_scripts();
	for (int i = 0; i < 3; i++)
		check_has(pictures[i], (const char *[]){ ">\"say \"two\"<", ">\"say \"two\": ", NULL });
}

/* gnuplot's own title and description say nothing of the picture. */
TEST(plot_describes_svg_pictures_in_words)
{
	write_tables(POINTS_HEADER "1\tplain\t3\t1\tdone\t\t100\t0.5\tFashion\n"
	             "2\tplain\t4\t1\tdone\t\t200\t0.6\tFashion\n3\tvgg\t3\t1\tdone\t\t300\t0.5\tFashion\n");
	plot_with_our_scripts();
	check_has("zoo/accuracy.svg", (const char *[]){
		"<svg role=\"img\" aria-labelledby=\"picture-title picture-description\" \n",
		"\n<title id=\"picture-title\">Fashion: accuracy against parameters, on a logarithmic axis of "
		"parameters</title>\n<desc id=\"picture-description\">"
		"Accuracy on test images after the final epoch, in percent, against the total number of "
		"parameters on a logarithmic axis. A point is a network, the mean of its seeds; its error bar is one "
		"sample standard deviation up and down; lines join the widths of a family; a dashed line is the "
		"Pareto front; a star is an ensemble of points, at the sum of their parameters. 3 networks of 2 "
		"families.</desc>\n", NULL });
	check_has("zoo/curves.svg", (const char *[]){
		">Fashion: learning curves, a panel for each family: accuracy by epoch on validation images and on "
		"training images</title>\n", ">Accuracy in percent against epochs, a panel for each family, ", NULL });
}

/* What an SVG picture says in words, where the script draws next to nothing. */
static void check_words(const char *title, const char *script, const char *want)
{
	char table[1024];

	snprintf(table, sizeof table, POINTS_HEADER "1\tplain\t3\t1\tdone\t\t100\t0.5\t%s\n", title);
	write_tables(table);
	mkdir(test_path("scripts"), 0777);
	test_write("scripts/mine.gp", script, strlen(script));
	plot(test_path("scripts"));
	char *svg = read_svg("zoo/mine.svg"), *from = svg ? strstr(svg, "<title") : NULL;
	char *end = from ? strstr(from, "</desc>") : NULL;
	if (end)
		*end = '\0';
	CHECK_TEXT(from ? from : "", want);
	free(svg);
}

#define DRAW "eval 'set terminal '.(out[strlen(out)-1:*] eq 'ng' ? 'pngcairo' : 'svg')\nset output out\nplot x\n"
#define WORDS(title, description) \
	"<title id=\"picture-title\">" title "</title>\n<desc id=\"picture-description\">" description

TEST(plot_escapes_the_words_of_svg_pictures)
{
	check_words("</title><script> & \"it's\" ]]>",
	            "# Figure: a < b & c.\n#\n# Shows: More </desc>\n# & less.\n#\n# No.\n" DRAW,
	            WORDS("&lt;/title&gt;&lt;script&gt; &amp; \"it's\" ]]&gt;: a &lt; b &amp; c",
	                  "More &lt;/desc&gt; &amp; less. 1 network of 1 family."));
	check_words("Bare", "# Figure:\n" DRAW, WORDS("Bare", "1 network of 1 family."));
}

/* Within a character, what is left would be no XML. */
TEST(plot_cuts_a_long_title_between_characters)
{
	char title[1100] = "x", want[1100];

	for (size_t len = 1; len + 2 < sizeof title; len += 2)
		memcpy(title + len, "\303\251", 3);
	snprintf(want, sizeof want, "%.999s", title);
	char words[1400], points[1400];
	snprintf(points, sizeof points, POINTS_HEADER "1\tplain\t3\t1\tdone\t\t100\t0.5\t%s\n", title);
	snprintf(words, sizeof words, ">%s: mine</title>", want);
	write_tables(points);
	mkdir(test_path("scripts"), 0777);
	test_write("scripts/mine.gp", "# Figure: mine\n" DRAW, sizeof "# Figure: mine\n" DRAW - 1);
	plot(test_path("scripts"));
	check_has("zoo/mine.svg", (const char *[]){ words, NULL });
}

/* A star with its name, at its parameters, where the sweep has ensembles; none for one whose points are missing. */
TEST(plot_draws_ensembles)
{
	static const char ensembles[] =
		"ensemble\tstatus\tpoints\tmissing\ttrainable\ttotal\tmacs\taccuracy\tloss\n"
		"three\tdone\t3\t0\t600\t600\t1\t0.9\t0.3\nlater\tpoints are missing\t2\t1\t\t\t\t\t\n"
		"two\tdone\t2\t0\t300\t300\t1\t0.7\t0.4\n";

	write_tables(POINTS_HEADER "1\tplain\t3\t1\tdone\t\t100\t0.5\tFashion\n"
	             "2\tplain\t4\t1\tdone\t\t200\t0.6\tFashion\n");
	test_write("zoo/ensembles.tsv", ensembles, sizeof ensembles - 1);
	plot_with_our_scripts();
	check_has("zoo/accuracy.svg", (const char *[]){ ">three<", ">two<", ">ensemble of points<", NULL });
	check_has("zoo/accuracy-linear.svg", (const char *[]){ ">three<", ">two<", ">ensemble of points<", NULL });
	char *svg = read_svg("zoo/accuracy.svg");
	CHECK(svg && !strstr(svg, ">later<"));
	free(svg);
	CHECK_INT(unlink(test_path("zoo/ensembles.tsv")), 0);
	plot_with_our_scripts();
	svg = read_svg("zoo/accuracy.svg");
	CHECK(svg && !strstr(svg, ">three<") && !strstr(svg, ">two<"));
	free(svg);
}
