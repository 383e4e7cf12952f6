/* See digest.h. */
#include "bench/system/digest.h"

#include "bench/system/regular_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 1 << 18 };

uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint8_t rest[8] = { 0 };

	digest = digest_word(digest, len);
	for (; len >= sizeof rest; len -= sizeof rest, at += sizeof rest)
		digest = digest_word(digest, digest_load(at));
	memcpy(rest, at, len);
	return len ? digest_word(digest, digest_load(rest)) : digest;
}

void digest_begin(struct digest *d)
{
	*d = (struct digest){ .value = DIGEST_START };
}

void digest_add(struct digest *d, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;

	d->len += len;
	for (; len > 0 && d->held > 0; len--) {
		d->rest[d->held++] = *at++;
		if (d->held == (int)sizeof d->rest) {
			d->value = digest_word(d->value, digest_load(d->rest));
			d->held = 0;
		}
	}
	for (; len >= sizeof d->rest; len -= sizeof d->rest, at += sizeof d->rest)
		d->value = digest_word(d->value, digest_load(at));
	memcpy(d->rest + d->held, at, len);
	d->held += (int)len;
}

uint64_t digest_end(struct digest *d)
{
	memset(d->rest + d->held, 0, sizeof d->rest - (size_t)d->held);
	return digest_word(digest_word(d->value, digest_load(d->rest)), d->len);
}

static bool add_all(int file, struct digest *d, const char *path, struct error *err)
{
	char *piece = malloc(PIECE);
	ssize_t got = 1;

	if (!piece)
		return fail(err, "%s: not enough memory to read it", path);
	while (got > 0) {
		got = read(file, piece, PIECE);
		if (got > 0)
			digest_add(d, piece, (size_t)got);
		else if (got < 0 && errno == EINTR)
			got = 1;
	}
	free(piece);
	return got == 0 || fail(err, "%s: cannot be read: %s", path, strerror(errno));
}

bool digest_file(const char *path, uint64_t *to, struct error *err)
{
	struct digest d;
	uint64_t size;

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return false;
	int file = regular_open(path, &size, err);
	if (file < 0)
		return false;
	digest_begin(&d);
	bool good = add_all(file, &d, path, err);
	close(file);
	*to = digest_end(&d);
	return good;
}
