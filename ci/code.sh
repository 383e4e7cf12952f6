#!/bin/sh
# The C code of some folders, one line each as "path:line:code": comments are gone, strings and characters empty but for
# an include's. What ci/floors.sh and ci/style.sh read.
set -eu

find "$@" \( -name '*.c' -o -name '*.h' \) -type f | LC_ALL=C sort | while read -r path; do
	LC_ALL=C awk -v path="$path" '
		# The code of a line; in_comment carries a comment over lines.
		function code_of(line,    code, at, what) {
			code = ""
			while (line != "") {
				if (in_comment) {
					at = index(line, "*/")
					if (!at) return code
					line = substr(line, at + 2)
					in_comment = 0
					continue
				}
				if (!match(line, /\/\*|\/\/|"(\\.|[^"\\])*"|\047(\\.|[^\047\\])*\047/))
					return code line
				what = substr(line, RSTART, RLENGTH)
				code = code substr(line, 1, RSTART - 1)
				line = substr(line, RSTART + RLENGTH)
				if (what == "//") return code
				if (what == "/*") { in_comment = 1; code = code " " }
				else if (code ~ /^[ \t]*#[ \t]*include[ \t]*$/) code = code what
				else code = code "\"\""
			}
			return code
		}
		{ code = code_of($0); if (code !~ /^[ \t]*$/) print path ":" FNR ":" code }' "$path"
done
