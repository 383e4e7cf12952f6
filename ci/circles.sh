#!/bin/sh
# Checks that no object of nn/kernel calls another one that calls it back, at whatever distance, as the linker sees them. Prints each circle
# with the symbols that close it; exit 1 if any.
#
#   sh ci/circles.sh [BUILD]        folder of a build; default: build
set -eu
build=${1-build}
bad=0

# Reads what `nm -A -P` says of one program's objects: "FILE: SYMBOL TYPE ...".
find_circles()
{
	LC_ALL=C awk '
		function name_of(path) { sub(/:$/, "", path); sub(/.*\/float\//, "", path); return path }

		# Depth first: an object that is met again on its own way closes a circle. what: 1 on the way, 2 done.
		function visit(object, way,    list, count, i, next_one) {
			what[object] = 1
			count = split(needs[object], list, " ")
			for (i = 1; i <= count; i++) {
				next_one = home[list[i]]
				if (next_one == "" || next_one == object) continue
				if (what[next_one] == 1) {
					print substr(way, index(way " ", next_one " ")) " -" list[i] "-> " next_one
					bad = 1
				} else if (!what[next_one]) visit(next_one, way " -" list[i] "-> " next_one)
			}
			what[object] = 2
		}
		$3 == "U" { needs[name_of($1)] = needs[name_of($1)] " " $2 }
		$3 ~ /^[A-TV-Z]$/ { home[$2] = name_of($1); objects[name_of($1)] = 1 }
		END {
			for (object in objects) if (!what[object]) visit(object, object)
			exit bad
		}'
}

set -- "$build"/float/isa/*/
[ -d "$1" ] || { echo "$build: no kernels were built there"; exit 1; }
for folder; do
	${NM-nm} -A -P -g "$build"/float/nn/kernel/*.o "$folder"*.o | find_circles || bad=1
done
exit $bad
