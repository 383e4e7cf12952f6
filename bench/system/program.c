/* See program.h. */
#include "bench/system/program.h"

const char program_version[] = "0.1.0";

#ifdef __clang__
const char program_compiler[] = __VERSION__;
#else
const char program_compiler[] = "gcc " __VERSION__;
#endif
