#!/bin/sh
# Checks the floors of the house from the include lines, and what the engine must not do. Prints "path:line: reason";
# exit 1 if any.
#
#   sh ci/floors.sh [FOLDER]        of the project whose nn/ and bench/ are checked; default: this one
#
#   5   bench/command
#   4g  bench/run
#   4f  bench/measure, bench/stats
#   4e  bench/summary
#   4d  bench/record, bench/eval
#   4c  bench/sweep
#   4b  bench/yaml, bench/data, bench/weights, bench/picture
#   4a  bench/system, bench/text
#   3   nn/train, which may include nn/model; nn/model
#   2b  nn/fused: a fusion sees no other fusion
#   2   nn/layer, nn/optim, nn/loss, nn/augment: siblings never see each other, only their folder's interface
#   1   nn/kernel
#   0   nn/base
#
# A file includes its own header and headers of lower floors; on floors 0, 1, 3 and 4 also headers of its own folder,
# without circles. Folders that share a floor do not see each other. Commands see command.h, options.h,
# with_sweep.h and with_pairs.h, and never each other.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${1-$here/..}"

sh "$here/code.sh" nn bench | awk '
	# The place of its folder in the list below, from 0, or -1: a number to compare. label[] has what people call
	# it.
	function floor_of(path) {
		if (folder_of(path) in place) return place[folder_of(path)]
		return path ~ /^nn\/kernel\// ? place["nn/kernel"] : -1
	}
	function build(name, folders,    list, count, i) {
		label[floors] = name
		count = split(folders, list, " ")
		for (i = 1; i <= count; i++) place[list[i]] = floors
		floors++
	}
	function folder_of(path) { sub(/\/[^\/]*$/, "", path); return path }
	function house_of(path) { return path ~ /^nn\/kernel\// ? "nn/kernel" : folder_of(path) }
	function stem_of(path) { sub(/\.[ch]$/, "", path); return path }
	function complain(reason) { print path ":" line ": " reason; bad = 1 }

	# Whether a file may include that header although it is not on a lower floor.
	function is_neighbour(from, to) {
		if (floor_of(from) != floor_of(to)) return 0
		if (from ~ /^nn\/train\// && to ~ /^nn\/model\//) return 1
		if (house_of(from) != house_of(to)) return 0
		if (house_of(from) ~ /^nn\/(layer|optim|loss|augment|fused)$/)
			return to ~ /^nn\/(layer\/(layer|operation)|optim\/optimizer|loss\/loss|fused\/fused)\.h$/ ||
				to == "nn/augment/augment.h"
		if (house_of(from) == "bench/command")
			return to ~ /^bench\/command\/(command|options|with_sweep|with_pairs)\.h$/
		return 1
	}

	function check_own_include(to) {
		graph[path] = graph[path] " " to
		if (floor_of(to) < 0)
			complain("\"" to "\" is not the path of a header in nn/ or bench/")
		else if (stem_of(to) != stem_of(path) && floor_of(to) >= floor_of(path) && !is_neighbour(path, to))
			complain("floor " label[floor_of(path)] " includes \"" to "\" of floor " label[floor_of(to)])
	}

	function check_system_include(to) {
		if (to == "omp.h" && path !~ /^bench\//) complain("threads belong to bench: <omp.h>")
		if (to == "yaml.h" && path != "bench/yaml/yaml.c")
			complain("only bench/yaml/yaml.c sees libyaml: <yaml.h>")
		if (to == "zip.h" && path !~ /^bench\/weights\/npz_[a-z]*\.[ch]$/)
			complain("only bench/weights/npz_* see libzip: <zip.h>")
		if (to == "png.h" && path != "bench/picture/png.c")
			complain("only bench/picture/png.c sees libpng: <png.h>")
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
		floors = 0
		build("0", "nn/base")
		build("1", "nn/kernel")
		build("2", "nn/layer nn/optim nn/loss nn/augment")
		build("2b", "nn/fused")
		build("3", "nn/model nn/train")
		build("4a", "bench/system bench/text")
		build("4b", "bench/yaml bench/data bench/weights bench/picture")
		build("4c", "bench/sweep")
		build("4d", "bench/record bench/eval")
		build("4e", "bench/summary")
		build("4f", "bench/measure bench/stats")
		build("4g", "bench/run")
		build("5", "bench/command")
		call = "(^|[^A-Za-z0-9_])(printf|fprintf|vprintf|vfprintf|puts|fputs|putchar|putc|fputc|fwrite|" \
			"perror|fopen|freopen|open|exit|_exit|quick_exit|abort)[ \t]*\\("
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
