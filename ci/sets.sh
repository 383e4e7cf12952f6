#!/bin/sh
# Of the kernels' instruction sets, given best first, prints the best one that this processor runs.
#
#   sh ci/sets.sh SET...            CPUINFO=FILE instead of /proc/cpuinfo
set -eu

# The flags that nn/kernel/isa/set.c asks the processor for, as Linux calls them.
needs_of()
{
	case $1 in
	avx512bf16) echo avx512f avx512vl avx512dq avx512bw fma avx512_bf16 ;;
	avx512) echo avx512f avx512vl avx512dq avx512bw fma ;;
	avx2) echo avx2 fma ;;
	esac
}

flags=" $(grep -m 1 '^flags' "${CPUINFO-/proc/cpuinfo}" 2>/dev/null || :) "
for set in "$@"; do
	missing=
	for flag in $(needs_of "$set"); do
		case $flags in *" $flag "*) ;; *) missing=$flag ;; esac
	done
	[ -z "$missing" ] || continue
	echo "$set"
	break
done
