/* See profile.h. */
#include "bench/measure/profile.h"

#include "bench/system/clock.h"

/* When this thread began its current piece of work. */
static _Thread_local double began;

static void begin(void *about)
{
	(void)about;
	began = clock_seconds();
}

static void end(void *about, enum stage stage, int layer)
{
	struct profile *p = about;
	int64_t ns = (int64_t)((clock_seconds() - began) * 1e9);

	atomic_fetch_add_explicit(&p->ns[layer + 1][stage], ns, memory_order_relaxed);
}

struct observer profile_observer(struct profile *profile)
{
	return (struct observer){ begin, end, profile };
}

void profile_reset(struct profile *p)
{
	for (int i = 0; i <= MAX_LAYERS; i++)
		for (int stage = 0; stage < STAGES; stage++)
			atomic_store_explicit(&p->ns[i][stage], 0, memory_order_relaxed);
	p->wall_seconds = 0;
	p->images = 0;
}

double profile_seconds(const struct profile *p, enum stage stage, int layer, int threads)
{
	int64_t ns = atomic_load_explicit(&p->ns[layer + 1][stage], memory_order_relaxed);

	return p->images > 0 ? (double)ns / 1e9 / (double)p->images / threads : 0;
}
