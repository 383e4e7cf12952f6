#!/bin/sh
# Checks that no object of nn/kernel calls another one that calls it back, at whatever distance, as the linker sees
# them. Prints each circle with the symbols that close it; exit 1 if any.
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

# The build's own list, since a folder may hold objects whose sources are gone.
[ -f "$build/objects.list" ] || { echo "$build: nothing was built there"; exit 1; }
objects=$(tr ' ' '\n' < "$build/objects.list")
sets=$(echo "$objects" | sed -n 's|.*/float/isa/\([^/]*\)/.*|\1|p' | sort -u)
[ -n "$sets" ] || { echo "$build: no kernels were built there"; exit 1; }
for set in $sets; do
	symbols=$(echo "$objects" | grep -E "/float/(nn/kernel|isa/$set)/" | xargs "${NM-nm}" -A -P -g) || bad=1
	echo "$symbols" | find_circles || bad=1
done
exit $bad
