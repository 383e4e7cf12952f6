/* archsweep plot: draws a sweep's pictures again from its tables, without data and without training. Floor 5.
 *
 * Every script plots/NAME.gp whose first line begins with "# Figure:" becomes NAME.png and NAME.svg in
 * reports/<sweep>/. One that begins with "# Figure from TABLE.tsv:" does where that folder has such a table. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/summary/figure.h"
#include "bench/summary/picture_data.h"
#include "bench/system/gnuplot.h"
#include "bench/system/interrupt.h"
#include "bench/system/regular_file.h"
#include "bench/system/share.h"
#include "bench/text/text.h"
#include "bench/text/words.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096, MAX_FIGURES = 64, SAID_SIZE = 8192 };

static const struct option_row options[] = {
	{ "set", 's', "KEY=VALUE", .help = "what was overridden in the run: recipe.epochs=3", .repeats = true },
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "the tables are in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ 0 }
};

static const char help[] =
	"Names a sweep by its file, sweeps/fashion.yaml, or by its folder in reports, fashion. Reads points.tsv and\n"
	"curves.tsv there, which `archsweep run` wrote, and prints the paths of the pictures. Give --set and --name\n"
	"as to the run, since they choose the folder: reports/fashion--recipe.epochs=3/.\n"
	"\n"
	"Figures are gnuplot scripts: those of the folder that ARCHSWEEP_PLOTS names, else those installed or built\n"
	"with the program (../share/archsweep/plots or ../plots beside it). Scripts can run any command, so those of\n"
	"the current folder are never taken unasked. Each script NAME.gp whose first line begins with \"# Figure:\"\n"
	"is drawn to NAME.png and NAME.svg. gnuplot finds the variables plots, out, data (points.tsv), curves\n"
	"(curves.tsv), networks (a row for each family and width: mean accuracy of its seeds, deviation, range,\n"
	"rank, Pareto front), means (learning curves, averaged over seeds), ensembles (ensembles.tsv, where there is\n"
	"one) and title. With \"# Figure from TABLE.tsv:\" it is drawn where the sweep has that table, whose path is\n"
	"in the variable table: compare.tsv is there where the sweep names a base, equal.tsv where `archsweep equal`\n"
	"has compared families, ablation.tsv where `archsweep ablation` has compared variants. What follows the\n"
	"colon, and the comment lines from \"# Shows:\" on, are the SVG's title and description, for screen readers.\n"
	"\n"
	"Exit status: 0 done, 1 a table is missing or gnuplot failed, 2 the command line is wrong.\n";

struct figures {
	char folder[SHARE_PATH_BYTES];  /* of the scripts */
	int count;
	struct figure at[MAX_FIGURES];  /* in order of the alphabet */
};

static bool join(char to[PATH_SIZE], const char *folder, const char *name, const char *ending, struct error *err)
{
	return snprintf(to, PATH_SIZE, "%s/%s%s", folder, name, ending) < PATH_SIZE ||
	       fail(err, "%.100s...: the path is too long", folder);
}

/* The stem of NAME.gp, or false. */
static bool find_stem(const char *file, char to[FIGURE_NAME_BYTES])
{
	size_t len = strlen(file);

	if (len < 4 || len - 3 >= FIGURE_NAME_BYTES || strcmp(file + len - 3, ".gp") != 0 || file[0] == '.')
		return false;
	snprintf(to, FIGURE_NAME_BYTES, "%.*s", (int)len - 3, file);
	return true;
}

static int compare_figures(const void *a, const void *b)
{
	const struct figure *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The scripts of ARCHSWEEP_PLOTS, of the installed program, or of the tree it was built in; never of the current
 * folder, which may be anybody's: gnuplot scripts run commands. */
static bool find_scripts(char to[SHARE_PATH_BYTES], struct error *err)
{
	const char *wanted = getenv("ARCHSWEEP_PLOTS");

	if (wanted && *wanted)
		snprintf(to, SHARE_PATH_BYTES, "%s", wanted);
	else if (!share_find("plots", to))
		return fail(err, "no gnuplot scripts beside the program; ARCHSWEEP_PLOTS names their folder");
	return true;
}

static bool find_figures(struct figures *to, struct error *err)
{
	const char *folder = to->folder;
	char path[PATH_SIZE];
	struct dirent *entry;
	DIR *scripts;

	*to = (struct figures){ .count = 0 };
	if (!find_scripts(to->folder, err))
		return false;
	scripts = opendir(folder);
	if (!scripts)
		return fail(err, "%s: %s; ARCHSWEEP_PLOTS names the folder of the gnuplot scripts", folder,
		            strerror(errno));
	bool good = true;
	while (good && (entry = readdir(scripts))) {
		good = join(path, folder, entry->d_name, "", err);
		struct figure *figure = &to->at[to->count];
		if (!good || !find_stem(entry->d_name, figure->name) || !figure_read(path, figure))
			continue;
		if (++to->count == MAX_FIGURES)
			good = fail(err, "%s: more than %d figures", folder, MAX_FIGURES - 1);
	}
	closedir(scripts);
	qsort(to->at, (size_t)to->count, sizeof to->at[0], compare_figures);
	if (good && to->count == 0)
		return fail(err, "%s: no figure; accepted: NAME.gp whose first line begins with \"# Figure:\"", folder);
	return good;
}

static bool is_yaml(const char *operand)
{
	size_t len = strlen(operand);

	return (len > 5 && strcmp(operand + len - 5, ".yaml") == 0) ||
	       (len > 4 && strcmp(operand + len - 4, ".yml") == 0);
}

/* sweeps/fashion.yaml and fashion both name the sweep fashion. */
static bool find_name(const char *operand, char to[REPORT_NAME_BYTES])
{
	const char *slash = strrchr(operand, '/'), *file = slash ? slash + 1 : operand;
	size_t len = is_yaml(file) ? (size_t)(strrchr(file, '.') - file) : strlen(file);

	if ((slash && !is_yaml(file)) || len >= REPORT_NAME_BYTES)
		return false;
	snprintf(to, REPORT_NAME_BYTES, "%.*s", (int)len, file);
	return is_yaml(file) ? words_is_name(to) : report_is_name(to);
}

/* gnuplot would wait for the writer of a pipe. */
static bool check_table(const char *path, struct error *err)
{
	uint64_t size;

	if (access(path, R_OK) != 0)
		return fail(err, "%s: %s; `archsweep run` makes it", path, strerror(errno));
	int descriptor = regular_open(path, &size, err);

	if (descriptor >= 0)
		close(descriptor);
	return descriptor >= 0;
}

/* "ABOUT: TEXT", or the text alone. */
static void show_line(const char *text, const char *about, FILE *to)
{
	print_plain_text(about ? about : "", to);
	fputs(about ? ": " : "", to);
	print_plain_text(text, to);
	fputc('\n', to);
}

/* One figure to PNG and to SVG. */
static bool draw_figure(struct drawing drawing, const char *folder, const char *name, struct error *err)
{
	static const char *const endings[] = { ".png", ".svg" };        /* the second can hold text */
	const struct svg_text *about = drawing.about;
	char script[PATH_SIZE], out[PATH_SIZE], said[GNUPLOT_SAID_BYTES];

	if (!join(script, drawing.plots, name, ".gp", err))
		return false;
	drawing.script = script;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		if (!join(out, folder, name, endings[i], err))
			return false;
		drawing.out = out;
		drawing.about = i ? about : NULL;
		if (*interrupt_flag())
			return fail(err, "interrupted before %s was drawn", out);
		if (!gnuplot_draw(&drawing, said, err))
			return false;
		if (said[0])
			show_line(said, script, stderr);
		show_line(out, NULL, stdout);
	}
	return true;
}

static bool draw_figures(const struct figures *figures, const char *folder, const struct picture_data *tables,
                         struct drawing drawing, struct error *err)
{
	char table[PATH_SIZE], title[SAID_SIZE], description[SAID_SIZE];
	const struct svg_text about = { title, description };

	drawing.about = &about;
	for (int i = 0; i < figures->count; i++) {
		const struct figure *figure = &figures->at[i];

		if (!join(table, folder, figure->table, "", err))
			return false;
		if (figure->table[0] && access(table, F_OK) != 0)
			continue;
		if (figure->table[0] && !check_table(table, err))
			return false;
		drawing.table = figure->table[0] ? table : NULL;
		figure_print_title(figure, tables->title, title, SAID_SIZE);
		figure_print_description(figure, tables->network_count, tables->family_count, description, SAID_SIZE);
		if (!draw_figure(drawing, folder, figure->name, err))
			return false;
	}
	return true;
}

static bool draw_sweep(const struct figures *figures, const char *folder, struct error *err)
{
	char data[PATH_SIZE], curves[PATH_SIZE], ensembles[PATH_SIZE];
	struct picture_data tables;

	report_folder_clean(folder);
	if (!join(data, folder, "points.tsv", "", err) || !join(curves, folder, "curves.tsv", "", err) ||
	    !join(ensembles, folder, "ensembles.tsv", "", err) || !check_table(data, err) ||
	    !check_table(curves, err) || (access(ensembles, F_OK) == 0 && !check_table(ensembles, err)) ||
	    !picture_data_create(folder, &tables, err))
		return false;
	struct drawing drawing = { .plots = figures->folder, .data = data, .curves = curves,
		.networks = tables.networks.temporary, .means = tables.means.temporary,
		.ensembles = access(ensembles, F_OK) == 0 ? ensembles : NULL, .title = tables.title };
	bool drawn = draw_figures(figures, folder, &tables, drawing, err);
	picture_data_remove(&tables);
	return drawn;
}

/* The folder of one operand; a folder that is named itself may be of any sweep. */
static bool find_folder(const struct options *given, const char *operand, struct report_folder *to, struct error *err)
{
	char name[REPORT_NAME_BYTES], shown[SHOWN_BYTES];

	if (!find_name(operand, name))
		return options_fail(given, err, "\"%s\" names no sweep; accepted: SWEEP.yaml or the name of a "
		                    "folder in reports", words_show(operand, shown)), false;
	return sweep_folder(given, operand, name, to, err) && (!is_yaml(operand) || report_folder_check(to, err));
}

static int run(const struct options *given, struct error *err)
{
	struct report_folder folder;
	struct figures figures;

	interrupt_listen();
	if (options_has(given, "name") && given->operand_count > 1)
		return options_fail(given, err, "--name: the folder of one sweep, but %d are given",
		                    given->operand_count);
	for (int i = 0; i < given->operand_count; i++)
		if (!find_folder(given, given->operands[i], &folder, err))
			return EXIT_USAGE;
	if (!find_figures(&figures, err))
		return EXIT_FAILED;
	for (int i = 0; i < given->operand_count; i++)
		if (!find_folder(given, given->operands[i], &folder, err) || !draw_sweep(&figures, folder.path, err))
			return EXIT_FAILED;
	return EXIT_DONE;
}

const struct command command_plot = {
	.name = "plot", .summary = "draw the pictures of a sweep from its records", .operands = "SWEEP.yaml|NAME...",
	.min_operands = 1, .options = options, .help = help, .run = run,
};
