/* A digest of bytes that shows whether a file is still what was written; no defence against forgery. Floor 4a.
 *
 * 64-bit FNV-1a's step, h = (h ^ word) * prime, over words of 8 bytes instead of bytes: eight times as fast. */
#ifndef BENCH_SYSTEM_DIGEST_H
#define BENCH_SYSTEM_DIGEST_H

#include "nn/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_START UINT64_C(0xcbf29ce484222325)

/* A multiplication carries upwards only, so each step folds the high half into the low half; otherwise two changed top
 * bits would cancel. */
static inline uint64_t digest_word(uint64_t digest, uint64_t word)
{
	digest = (digest ^ word) * UINT64_C(0x100000001b3);
	return digest ^ digest >> 32;
}

/* Eight bytes as a little-endian number, on any machine; compilers turn it into one load. */
static inline uint64_t digest_load(const uint8_t *at)
{
	return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
	       (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 | (uint64_t)at[7] << 56;
}

/* The length, then the bytes; the last word is padded with zeros. */
uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t len);

/* Bytes that come in pieces: the digest does not depend on where they are cut. */
struct digest {
	uint64_t value;
	uint64_t len;
	int held;               /* bytes in `rest`, below 8 */
	uint8_t rest[8];
};

void digest_begin(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t len);
uint64_t digest_end(struct digest *d);

/* digest_end of all bytes of a file. False, without an error where there is no such file. */
bool digest_file(const char *path, uint64_t *to, struct error *err);

#endif
