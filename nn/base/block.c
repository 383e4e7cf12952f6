/* See block.h.
 *
 * Large blocks request huge pages, which some systems give only on request: with 4 KiB pages a walk over a large array
 * looks up a page every 64 vectors, and on a virtual machine each look-up is two. The end of a block that fills no huge
 * page has ordinary pages, so a block takes no more memory than its size. */
#include "nn/base/block.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 1 << 21 };

void *block_allocate(size_t bytes)
{
	size_t whole = bytes / HUGE_PAGE * HUGE_PAGE;
	void *block;

	if (posix_memalign(&block, whole ? HUGE_PAGE : ALIGNMENT, bytes) != 0)
		return NULL;
	if (whole)
		(void)madvise(block, whole, MADV_HUGEPAGE);     /* advice: failure is fine */
	return memset(block, 0, bytes);
}
