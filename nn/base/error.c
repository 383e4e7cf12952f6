/* See error.h. */
#include "nn/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool fill(struct error *err, struct mark at, const char *format, va_list arguments)
{
	if (!err || err->text[0])
		return false;
	int used = 0;
	if (at.file)
		used = snprintf(err->text, sizeof err->text, "%s:%d:%d: ", at.file, at.line, at.column);
	if (used < 0 || (size_t)used >= sizeof err->text)
		return false;
	vsnprintf(err->text + used, sizeof err->text - (size_t)used, format, arguments);
	return false;
}

bool fail(struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fill(err, (struct mark){ 0 }, format, arguments);
	va_end(arguments);
	return false;
}

bool fail_at(struct error *err, struct mark at, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fill(err, at, format, arguments);
	va_end(arguments);
	return false;
}
