#!/bin/sh
# Has gcc's analyzer walk every path of each function of bench/ and nn/, kernels apart. Prints "path:line: finding";
# exit 1 if any. It takes about 20 seconds of one processor.
#
#   sh ci/analyze.sh [FOLDER]       of the project that is analyzed; default: this one
#
# It reads one file at a time. What depends on others is left to the sanitizers and to valgrind: whether a function that
# filled nothing in has said so (null pointers), and who frees what was handed on (leaks).
set -eu
cd "${1-$(dirname "$0")/..}"

flags="-std=gnu11 -D_GNU_SOURCE -I. -fopenmp -O1 -fanalyzer -Wno-analyzer-malloc-leak
	-Wno-analyzer-null-dereference -Wno-analyzer-null-argument -DANALYZED -DBLAS_LIBRARY=\"\"
	$(pkg-config --cflags yaml-0.1 zlib libzip libpng 2>/dev/null)"
export flags LC_ALL=C

# shellcheck disable=SC2016  # the inner shell's variables
found=$(find bench nn -name '*.c' ! -path 'nn/kernel/*' ! -path nn/base/error.c | sort |
	xargs -P "$(nproc 2>/dev/null || echo 2)" -n 4 sh -c '
		for source; do ${GCC-gcc} $flags -c "$source" -o /dev/null 2>&1; done' sh |
	sed -n -e 's|^\(\./\)*\([^ :]*:[0-9]*\):[0-9]*: warning: .*\[-W\(analyzer-[a-z-]*\)\]$|\2: \3|p' \
		-e 's|^\([^ :]*:[0-9]*\):[0-9]*: \(fatal \)*error: \(.*\)|\1: \3|p' | sort -u)
[ -z "$found" ] || { echo "$found"; exit 1; }
