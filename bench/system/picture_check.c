/* See picture_check.h. A PNG is a signature and chunks: length, type, content, and a sum (CRC-32) over type and
 * content; IEND is the last one (RFC 2083). */
#include "bench/system/picture_check.h"

#include "bench/system/regular_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE_LEN = 1 << 14, CHUNK_REST = 12 };  /* CHUNK_REST: bytes of a chunk beside its content */

static bool cut_short(const char *path, uint64_t size, struct error *err)
{
	return fail(err, "%s: gnuplot's picture is cut short: it has not ended after %" PRIu64 " bytes; "
	            "is the disk full?", path, size);
}

static bool broken(const char *path, uint64_t place, const char *what, struct error *err)
{
	return fail(err, "%s: gnuplot's picture is broken: byte %" PRIu64 ": %s; is the disk full?", path, place, what);
}

static uint32_t load_number(const unsigned char at[4])
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* The sum of the next `len` bytes of the file; false where it ends before. */
static bool add_up(FILE *file, uint64_t len, uint32_t *sum)
{
	unsigned char piece[PIECE_LEN];

	while (len > 0) {
		size_t want = len < sizeof piece ? (size_t)len : sizeof piece;

		if (fread(piece, 1, want, file) != want)
			return false;
		*sum = (uint32_t)crc32(*sum, piece, (unsigned)want);
		len -= want;
	}
	return true;
}

/* One chunk at *place, which moves behind it. */
static bool check_chunk(FILE *file, uint64_t size, uint64_t *place, bool *last, const char *path, struct error *err)
{
	unsigned char head[8], end[4];

	if (fread(head, 1, sizeof head, file) != sizeof head)
		return cut_short(path, size, err);
	uint32_t len = load_number(head), sum = (uint32_t)crc32(0, head + 4, 4);

	if (!add_up(file, len, &sum) || fread(end, 1, sizeof end, file) != sizeof end)
		return cut_short(path, size, err);
	if (load_number(end) != sum)
		return broken(path, *place, "a chunk's sum is wrong", err);
	*place += CHUNK_REST + (uint64_t)len;
	*last = memcmp(head + 4, "IEND", 4) == 0;
	return true;
}

static bool check_png(FILE *file, uint64_t size, const char *path, struct error *err)
{
	static const char signature[] = "\211PNG\r\n\032\n";
	char head[sizeof signature - 1];
	uint64_t place = sizeof head;

	if (fread(head, 1, sizeof head, file) != sizeof head)
		return cut_short(path, size, err);
	if (memcmp(head, signature, sizeof head) != 0)
		return broken(path, 0, "no PNG begins so", err);
	for (bool last = false; !last;)
		if (!check_chunk(file, size, &place, &last, path, err))
			return false;
	return place == size || broken(path, place, "more bytes behind its end", err);
}

/* Only newlines follow the tag that closes the root element. */
static bool check_svg(FILE *file, uint64_t size, const char *path, struct error *err)
{
	static const char end[] = "</svg>";
	char tail[64];
	long at = size < sizeof tail ? 0 : (long)(size - sizeof tail);

	if (fseek(file, at, SEEK_SET) != 0)
		return fail(err, "%s: cannot be read: %s", path, strerror(errno));
	size_t len = fread(tail, 1, sizeof tail, file);

	while (len > 0 && tail[len - 1] == '\n')
		len--;
	return (len >= sizeof end - 1 && memcmp(tail + len - (sizeof end - 1), end, sizeof end - 1) == 0) ||
	       cut_short(path, size, err);
}

bool picture_check(const char *file, const char *path, struct error *err)
{
	uint64_t size;
	size_t len = strlen(path);
	int descriptor = regular_open(file, &size, err);

	if (descriptor < 0)
		return false;
	FILE *stream = fdopen(descriptor, "rb");

	if (!stream) {
		close(descriptor);
		return fail(err, "%s: cannot be read: %s", path, strerror(errno));
	}
	bool svg = len > 4 && strcmp(path + len - 4, ".svg") == 0;
	bool whole = size == 0 ? fail(err, "%s: gnuplot has drawn nothing", path) :
	             svg ? check_svg(stream, size, path, err) : check_png(stream, size, path, err);
	fclose(stream);
	return whole;
}
