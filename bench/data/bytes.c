/* See bytes.h. Calls zlib's inflate directly, because gzread silently ignores garbage after the end of a stream. */
#include "bench/data/bytes.h"

#include "bench/system/regular_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
	PACKED_LEN = 1 << 18,           /* gzipped bytes read at a time */
	PIECE_LEN = 1 << 30,            /* most bytes of one read() or inflate() call */
	DEFLATE_GAIN = 1032,            /* 258 bytes from 2 bits */
};

struct bytes {
	const char *path;
	int descriptor;
	uint64_t size;                  /* of the file */
	bool gzipped;
	bool ended;                     /* gzipped: the last stream's end was seen */
	uint64_t packed_read;           /* gzipped bytes read so far, including those in `packed` */
	z_stream stream;
	unsigned char packed[PACKED_LEN];
};

/* Reads up to len raw bytes of the file. */
static bool read_file(struct bytes *in, void *to, size_t len, size_t *got, struct error *err)
{
	unsigned char *at = to;

	*got = 0;
	while (*got < len) {
		size_t piece = len - *got < PIECE_LEN ? len - *got : PIECE_LEN;
		ssize_t count = read(in->descriptor, at + *got, piece);
		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return fail(err, "%s: cannot be read: %s", in->path, strerror(errno));
		if (count == 0)
			return true;
		*got += (size_t)count;
	}
	return true;
}

/* Appends more gzipped bytes to `packed`, if the file has more. */
static bool refill(struct bytes *in, struct error *err)
{
	size_t got, waiting = in->stream.avail_in;

	memmove(in->packed, in->stream.next_in, waiting);
	in->stream.next_in = in->packed;
	if (!read_file(in, in->packed + waiting, PACKED_LEN - waiting, &got, err))
		return false;
	in->stream.avail_in += (unsigned)got;
	in->packed_read += got;
	return true;
}

/* Position in the file of the next gzipped byte. */
static unsigned long long packed_at(const struct bytes *in)
{
	return in->packed_read - in->stream.avail_in;
}

/* Called at the end of a stream: the file may end too, or another stream may follow, as after `cat a.gz b.gz`. */
static bool next_stream(struct bytes *in, struct error *err)
{
	if (in->stream.avail_in < 2 && !refill(in, err))
		return false;
	in->ended = in->stream.avail_in == 0;
	if (in->ended)
		return true;
	if (in->stream.avail_in < 2 || in->stream.next_in[0] != 0x1f || in->stream.next_in[1] != 0x8b)
		return fail(err, "%s: byte %llu: the gzip stream has ended, but the file goes on", in->path,
		            packed_at(in));
	int status = inflateReset(&in->stream);
	assert(status == Z_OK);
	(void)status;
	return true;
}

/* One call of inflate: refills its input before, handles its status after. */
static bool inflate_some(struct bytes *in, struct error *err)
{
	if (in->stream.avail_in == 0 && !refill(in, err))
		return false;
	if (in->stream.avail_in == 0)
		return fail(err, "%s: the gzip stream is cut short: it has not ended at byte %llu, where the file ends",
		            in->path, packed_at(in));
	switch (inflate(&in->stream, Z_NO_FLUSH)) {
	case Z_OK:
	case Z_BUF_ERROR:       /* needs more input; the next call refills */
		return true;
	case Z_STREAM_END:
		return next_stream(in, err);
	case Z_MEM_ERROR:
		return fail(err, "%s: not enough memory to inflate it", in->path);
	default:
		return fail(err, "%s: the gzip stream is corrupt before byte %llu", in->path, packed_at(in));
	}
}

static bool read_gzip(struct bytes *in, void *to, size_t len, size_t *got, struct error *err)
{
	unsigned char *at = to;

	*got = 0;
	while (*got < len && !in->ended) {
		unsigned piece = (unsigned)(len - *got < PIECE_LEN ? len - *got : PIECE_LEN);
		in->stream.next_out = at + *got;
		in->stream.avail_out = piece;
		if (!inflate_some(in, err))
			return false;
		*got += piece - in->stream.avail_out;
	}
	return true;
}

bool bytes_read(struct bytes *in, void *to, size_t len, size_t *got, struct error *err)
{
	return (in->gzipped ? read_gzip : read_file)(in, to, len, got, err);
}

uint64_t bytes_most(const struct bytes *in)
{
	return in->gzipped ? in->size * DEFLATE_GAIN : in->size;
}

bool bytes_missing(const char *path)
{
	struct stat at;

	return stat(path, &at) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static int open_filled(const char *path, uint64_t *size, struct error *err)
{
	int descriptor = regular_open(path, size, err);

	if (descriptor < 0 || *size > 0)
		return descriptor;
	fail(err, "%s: is empty", path);
	close(descriptor);
	return -1;
}

/* "16 +" makes inflate expect a gzip header and trailer, and check them. */
static bool begin(struct bytes *in, struct error *err)
{
	unsigned char magic[2] = { 0 };

	if (pread(in->descriptor, magic, 2, 0) < 0)
		return fail(err, "%s: cannot be read: %s", in->path, strerror(errno));
	if (magic[0] != 0x1f || magic[1] != 0x8b)
		return true;
	in->stream.next_in = in->packed;
	in->gzipped = inflateInit2(&in->stream, 16 + MAX_WBITS) == Z_OK;
	return in->gzipped || fail(err, "%s: not enough memory to inflate it", in->path);
}

struct bytes *bytes_open(const char *path, struct error *err)
{
	uint64_t size;
	int descriptor = open_filled(path, &size, err);

	if (descriptor < 0)
		return NULL;
	struct bytes *in = calloc(1, sizeof *in);
	if (!in) {
		fail(err, "%s: not enough memory to read it", path);
		close(descriptor);
		return NULL;
	}
	in->path = path;
	in->descriptor = descriptor;
	in->size = size;
	if (begin(in, err))
		return in;
	bytes_close(in);
	return NULL;
}

void bytes_close(struct bytes *in)
{
	if (!in)
		return;
	if (in->gzipped)
		inflateEnd(&in->stream);
	close(in->descriptor);
	free(in);
}

const char *bytes_show(char to[SHOWN_LEN], const char *text, size_t len)
{
	enum { MOST = 32 };
	size_t used = 0;

	to[used++] = '"';
	for (size_t i = 0; i < len && i < MOST; i++)
		to[used++] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	for (int i = 0; len > MOST && i < 3; i++)
		to[used++] = '.';
	to[used++] = '"';
	to[used] = '\0';
	return to;
}
