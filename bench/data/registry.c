/* The table of data formats. A new one takes one file and one row here. Floor 4b. */
#include "bench/data/dataset.h"

#include <string.h>

extern const struct data_format data_idx, data_fer2013;

const struct data_format *const data_formats[] = {
	&data_idx,
	&data_fer2013,
	NULL
};

const struct data_format *data_format_find(const char *name)
{
	for (const struct data_format *const *format = data_formats; *format; format++)
		if (strcmp((*format)->kind.name, name) == 0)
			return *format;
	return NULL;
}
