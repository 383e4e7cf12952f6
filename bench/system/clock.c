/* See clock.h. */
#include "bench/system/clock.h"

#include <stdio.h>
#include <time.h>

int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

double clock_seconds(void)
{
	return 1e-9 * (double)clock_ns();
}

const char *clock_text(double seconds, char to[24])
{
	enum { SIZE = 24 };
	double shown = seconds < 0 ? 0 : seconds > 1e9 ? 1e9 : seconds;
	long whole = (long)(shown + 0.5);

	if (shown < 59.95)
		snprintf(to, SIZE, "%.1f s", shown);
	else if (whole < 3600)
		snprintf(to, SIZE, "%ld:%02ld", whole / 60, whole % 60);
	else
		snprintf(to, SIZE, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
	return to;
}
