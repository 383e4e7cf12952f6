/* See source_file.h. */
#include "bench/sweep/source_file.h"

#include "bench/system/share.h"
#include "bench/yaml/bind.h"

#include <string.h>
#include <unistd.h>

/* families/plain.yaml beside the sweep, else installed; where neither is there, the one beside the sweep. */
static const char *find_named(const struct source_place *place, const char *name, struct error *err)
{
	const char *beside = arena_print(place->arena, err, "%s/%s/%s.yaml", place->folder, place->kinds, name);
	const char *shared = arena_print(place->arena, err, "sweeps/%s/%s.yaml", place->kinds, name);
	char installed[SHARE_PATH_BYTES];

	if (!beside || !shared)
		return NULL;
	if (access(beside, R_OK) == 0 || !share_find(shared, installed))
		return beside;
	return arena_copy(place->arena, installed, strlen(installed), err);
}

static const char *find_path(const struct source_place *place, const char *file, struct error *err)
{
	size_t len = strlen(file);

	if (len < 6 || strcmp(file + len - 5, ".yaml"))
		return find_named(place, file, err);
	if (file[0] == '/')
		return file;
	return arena_print(place->arena, err, "%s/%s", place->folder, file);
}

bool source_keep(struct source_files *files, struct document *document, struct error *err)
{
	if (files->count == MAX_SOURCE_FILES) {
		document_destroy(document);
		return fail(err, "a sweep of more than %d files", MAX_SOURCE_FILES);
	}
	files->documents[files->count++] = document;
	return true;
}

const struct node *source_read(const struct source_place *place, const struct node *name, struct error *err)
{
	const char *path = find_path(place, name->text, err);
	char shown[SHOWN_BYTES];

	if (!path)
		return NULL;
	if (access(path, R_OK)) {
		fail_at(err, name->at, "%s: \"%s\" has no file %s", place->kind, words_show(name->text, shown), path);
		return NULL;
	}
	struct document *document = document_read(path, err);
	if (!document || !source_keep(place->files, document, err))
		return NULL;
	const struct node *root = document_root(document);
	const char *what = arena_print(place->arena, err, "the %s", place->kind);
	return what && bind_type(root, NODE_MAP, what, err) ? root : NULL;
}
