/* The folder of a sweep's records, tables and pictures: what it is called, and which sweep it belongs to. Floor 4d.
 *
 *	reports/own                             own.yaml
 *	reports/own--recipe.epochs=1            own.yaml --set recipe.epochs=1
 *	reports/best                            own.yaml --set recipe.epochs=1 --name best
 *
 * A folder belongs to one sweep file and one set of overrides, which its file .sweep names. Records in it are found by
 * ids that are hashes of contents; but points.tsv, curves.tsv and the pictures are of one sweep. */
#ifndef BENCH_RECORD_REPORT_FOLDER_H
#define BENCH_RECORD_REPORT_FOLDER_H

#include "nn/base/error.h"

enum { REPORT_NAME_BYTES = 160, REPORT_PATH_BYTES = 4096, REPORT_MAX_SETS = 128 };

struct report_folder {
	char path[REPORT_PATH_BYTES];
	const char *sweep_path;         /* borrowed, as are the overrides */
	int set_count;
	const char *sets[REPORT_MAX_SETS];      /* without those that change nothing that is trained */
};

/* Whether a --set changes what is trained: all but title, base, checkpoint, views, ensembles, and paths of data. */
bool report_set_counts(const char *assignment);

/* The folder's name without --name: that of the sweep, and of each override that counts. Characters that do not belong
 * into file names become _, and a long name is cut; a hash of the overrides tells such names apart. */
void report_name(const struct report_folder *folder, const char *sweep_name, char to[REPORT_NAME_BYTES]);

/* Whether a folder in reports could have that name, by report_name or --name. */
bool report_is_name(const char *name);

/* False, and an error that says how to name another folder, if this one belongs to another sweep. A folder that does
 * not exist, or does not say whose it is, or whose sweep file is gone, is free. */
bool report_folder_check(const struct report_folder *folder, struct error *err);

/* What a folder says of its owner. */
struct report_owner {
	char sweep_path[REPORT_PATH_BYTES];     /* of the sweep file, to open it from here */
	int set_count;
	char *sets[REPORT_MAX_SETS];    /* they lie in `text` */
	char *text;                     /* owned */
};

/* Reads it, from a file that may be anybody's. A folder that does not say whose it is is an error. */
bool report_owner_read(const char *folder, struct report_owner *to, struct error *err);
void report_owner_free(struct report_owner *owner);

/* Removes what killed processes left half written, also in points/. */
void report_folder_clean(const char *path);

/* Checks, also that points/ is no symbolic link, cleans, and writes whose it is. The folder must exist. */
bool report_folder_claim(const struct report_folder *folder, struct error *err);

#endif
