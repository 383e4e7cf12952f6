/* See measure.h. */
#include "bench/measure/measure.h"

#include "bench/system/child.h"
#include "bench/system/crew.h"

struct assignment {
	const struct speed_request *request;
	struct measured *to;            /* shared */
};

struct measured *measured_create(struct error *err)
{
	return child_share(sizeof(struct measured), err);
}

void measured_destroy(struct measured *measured)
{
	child_unshare(measured, sizeof *measured);
}

static void do_nothing(void *about)
{
	(void)about;
}

static void find_training(void *about)
{
	const struct assignment *a = about;
	struct speed_request request = *a->request;

	/* The threads that any training has do not count as this network's memory. */
	if (!crew_run(request.threads, do_nothing, NULL, &a->to->trouble))
		return;
	int64_t before = child_resident_bytes(), program = child_mapped_bytes();
	request.profile = NULL;
	request.inference = false;
	speed_measure(&request, &a->to->training, &a->to->trouble);
	int64_t after = child_peak_bytes();
	int64_t grown = after - before - (child_mapped_bytes() - program);      /* without program pages */
	a->to->memory_bytes = before < 0 || after < 0 ? -1 : grown < 0 ? 0 : grown;
}

static void find_speeds(void *about)
{
	const struct assignment *a = about;
	struct speed_request request = *a->request;

	find_training(about);
	request.profile = NULL;
	request.inference = true;
	request.peak_seconds = 0;
	if (!a->to->trouble.text[0])
		speed_measure(&request, &a->to->inference, &a->to->trouble);
}

static void find_profile(void *about)
{
	const struct assignment *a = about;
	struct speed_request request = *a->request;

	request.profile = &a->to->profile;
	request.inference = false;
	speed_measure(&request, &a->to->training, &a->to->trouble);
}

static bool measure(const struct assignment *a, void (*work)(void *), struct error *err)
{
	struct assignment copy = *a;

	*a->to = (struct measured){ .memory_bytes = -1 };
	if (!child_run(work, &copy, err))
		return false;
	return a->to->trouble.text[0] ? fail(err, "%s", a->to->trouble.text) : true;
}

bool measure_training(const struct speed_request *request, struct measured *to, struct error *err)
{
	return measure(&(struct assignment){ request, to }, find_training, err);
}

bool measure_speeds(const struct speed_request *request, struct measured *to, struct error *err)
{
	return measure(&(struct assignment){ request, to }, find_speeds, err);
}

bool measure_profile(const struct speed_request *request, struct measured *to, struct error *err)
{
	return measure(&(struct assignment){ request, to }, find_profile, err);
}
