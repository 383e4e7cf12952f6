#!/bin/sh
# Checks the floors of the house from the include lines, and what the engine must not do. Prints "path:line: reason"; exit 1 if any.
#
#   sh ci/floors.sh [FOLDER]        of the project whose nn/ and bench/ are checked; default: this one
#
#   5  bench/main.c, bench/cmd_*.c, bench/command.h, bench/options.*
#   4  bench/
#   3  nn/train may include nn/model
#   2  nn/layer, nn/optim: siblings never see each other, only their folder's interface
#   1  nn/kernel
#   0  nn/base
#
# A file includes its own header and headers of lower floors; on floors 0, 1, 3 and 4 also headers of its own folder, without circles.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${1-$here/..}"

sh "$here/code.sh" nn bench | awk '
	function floor_of(path) {
		if (path ~ /^nn\/base\/[^\/]*$/) return 0
		if (path ~ /^nn\/kernel\//) return 1
		if (path ~ /^nn\/(layer|optim)\/[^\/]*$/) return 2
		if (path ~ /^nn\/(model|train)\/[^\/]*$/) return 3
		if (path ~ /^bench\/(main\.c|cmd_[^\/]*|command\.h|options\.[ch])$/) return 5
		if (path ~ /^bench\/(data\/)?[^\/]*$/) return 4
		return -1
	}
	function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
	function house_of(path) { return path ~ /^bench\// ? "bench" : path ~ /^nn\/kernel\// ? "nn/kernel" : folder_of(path) }
	function stem_of(path) { sub(/\.[ch]$/, "", path); return path }
	function complain(reason) { print path ":" line ": " reason; bad = 1 }

	# Whether a file may include that header although it is not on a lower floor.
	function is_neighbour(from, to) {
		if (floor_of(from) != floor_of(to)) return 0
		if (from ~ /^nn\/train\// && to ~ /^nn\/model\//) return 1
		if (house_of(from) != house_of(to)) return 0
		if (floor_of(from) == 2) return to == "nn/layer/layer.h" || to == "nn/optim/optimizer.h"
		if (floor_of(from) == 5) return to == "bench/command.h" || to == "bench/options.h"
		return 1
	}

	function check_own_include(to) {
		graph[path] = graph[path] " " to
		if (floor_of(to) < 0)
			complain("\"" to "\" is not the path of a header in nn/ or bench/")
		else if (stem_of(to) != stem_of(path) && floor_of(to) >= floor_of(path) && !is_neighbour(path, to))
			complain("floor " floor_of(path) " includes \"" to "\" of floor " floor_of(to))
	}

	function check_system_include(to) {
		if (to == "omp.h" && path !~ /^bench\//) complain("threads belong to bench: <omp.h>")
		if (to == "yaml.h" && path != "bench/yaml.c") complain("only bench/yaml.c sees libyaml: <yaml.h>")
		if (to == "zip.h" && path !~ /^bench\/npz_[a-z]*\.[ch]$/) complain("only bench/npz_* see libzip: <zip.h>")
		if (to == "zlib.h" && path !~ /^bench\//) complain("files belong to bench: <zlib.h>")
	}

	# Depth first: a header that is met again on its own way closes a circle. what: 1 on the way, 2 done.
	function find_circle(from, way,    list, count, i) {
		if (what[from] == 2 || !(from in graph)) return
		if (what[from] == 1) { print from ":1: includes itself by way of" way; bad = 1; return }
		what[from] = 1
		count = split(graph[from], list, " ")
		for (i = 1; i <= count; i++) find_circle(list[i], way " " list[i])
		what[from] = 2
	}

	BEGIN {
		call = "(^|[^A-Za-z0-9_])(printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|putc|fputc|fwrite|perror|fopen|freopen|open|" \
			"exit|_exit|quick_exit|abort)[ \t]*\\("
	}
	{
		match($0, /:[0-9]+:/)
		path = substr($0, 1, RSTART - 1)
		line = substr($0, RSTART + 1, RLENGTH - 2)
		code = substr($0, RSTART + RLENGTH)
		if (!(path in seen) && floor_of(path) < 0) complain("lies on no floor")
		seen[path] = 1
	}
	code ~ /^[ \t]*#[ \t]*include[ \t]*"/ { split(code, part, "\""); check_own_include(part[2]) }
	code ~ /^[ \t]*#[ \t]*include[ \t]*</ { split(code, part, /[<>]/); check_system_include(part[2]) }
	path ~ /^nn\// && code !~ /^[ \t]*#/ && match(code, call) {
		found = substr(code, RSTART, RLENGTH)
		gsub(/[^A-Za-z_]/, "", found)
		complain("the engine never prints, opens a file or ends the program: " found)
	}
	END {
		for (file in graph) find_circle(file, "")
		if (NR == 0) { print "no code found"; bad = 1 }
		exit bad
	}'
