#!/bin/sh
# Checks what a script can see of the house style. Prints "path:line: reason"; exit 1 if any.
#
#   sh ci/style.sh [FOLDER]         of the project that is checked; default: this one
#
# Files end at 500 lines, functions at 60 (kernels at 100), lines at 120 columns; no trailing blanks; no typedefs that
# end in _t; none of the calls that overflow or swallow errors, and none of the flags under which not-a-number goes
# unseen.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
cd "${1-$here/..}"

texts=$(find . \( -path ./build -o -path ./.git -o -path ./reports -o -path ./tests/fixtures \) -prune -o -type f \( \
	-name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.gp' -o -name '*.y*ml' -o -name Makefile -o \
	-path ./.ci/run \) -print |
	sed 's|^\./||' | LC_ALL=C sort)
[ -n "$texts" ] || { echo "no files found"; exit 1; }

# Reads whole files: lengths and blanks. A tab is as wide as 8 columns; a byte that goes on a letter of UTF-8 has no
# width.
check_texts()
{
	echo "$texts" | tr '\n' '\0' | LC_ALL=C xargs -0 awk '
		function complain(reason) { print FILENAME ":" FNR ": " reason; bad = 1 }
		function columns_of(line,    at, part, count, i) {
			gsub(/[\200-\277]/, "", line)
			count = split(line, part, "\t")
			for (i = 1; i <= count; i++) { at += length(part[i]); if (i < count) at += 8 - at % 8 }
			return at
		}
		FNR == 501 && FILENAME ~ /\.[ch]$/ { complain("the file has more than 500 lines") }
		/[ \t\r]$/ { complain("trailing blanks") }
		length($0) > 60 && columns_of($0) > 120 { complain("more than 120 columns: " columns_of($0)) }
		FILENAME ~ /(Makefile|\.yml)$/ && /^[^#]*-(Ofast|ffast-math)/ {
			complain("not-a-number must stay visible: no fast math")
		}
		END { exit bad }'
}

# Reads code without comments and strings.
check_code()
{
	sh "$here/code.sh" nn bench tests | LC_ALL=C awk '
		function complain(reason) { print path ":" line ": " reason; bad = 1 }
		BEGIN {
			call = "(^|[^A-Za-z0-9_])(atoi|atol|atoll|atof|strcpy|strcat|sprintf|vsprintf|gets|system)" \
				"[ \t]*\\("
		}
		{
			match($0, /:[0-9]+:/)
			path = substr($0, 1, RSTART - 1)
			line = substr($0, RSTART + 1, RLENGTH - 2)
			code = substr($0, RSTART + RLENGTH)
			most = path ~ /^nn\/kernel\// ? 100 : 60
		}
		code ~ /^\{/ || code ~ /^[A-Za-z].*\)[ \t]*\{$/ { start = line }
		code ~ /^\}/ {
			if (start && line - start - 1 > most)
				complain("a function of " line - start - 1 " lines, more than " most)
			start = 0
		}
		code ~ /typedef[^;]*_t[ \t]*[;)]/ || code ~ /^\}[ \t]*[A-Za-z0-9_]+_t[ \t]*;/ {
			complain("a typedef that ends in _t")
		}
		code ~ /fast-math|Ofast/ { complain("not-a-number must stay visible: no fast math") }
		match(code, call) {
			found = substr(code, RSTART, RLENGTH)
			gsub(/[^A-Za-z]/, "", found)
			complain("forbidden call: " found)
		}
		END { exit bad }'
}

bad=0
check_texts || bad=1
check_code || bad=1
exit $bad
