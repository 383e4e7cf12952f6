#!/bin/sh
# Tests the checks themselves: each is given something wrong and must say so, and something right and must not.
# Covers ci/floors.sh, ci/style.sh, ci/analyze.sh, ci/sum.sh, ci/sweep.sh, ci/sets.sh, ci/deps.sh, ci/fuzz.sh,
# ci/slurm.sh where there is none, `make install` and the test harness of tests/helpers. Ends with "N passed, N failed".
set -u
unset JUNIT    # of the run that we are part of
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
passed=0
failed=0

# expect TITLE WANTED-STATUS WANTED-TEXT COMMAND...: the text is all that the command prints.
expect()
{
	title=$1 want_status=$2 want=$3
	shift 3
	got=$("$@" 2>&1)
	status=$?
	if [ "$got" = "$want" ] && [ $status = "$want_status" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		printf '%s: got status %s\n%s\n  want status %s\n%s\n' "$title" $status "$got" "$want_status" "$want"
	fi
}

# A small tree that both checks accept.
plant()
{
	rm -rf "$work/tree"
	mkdir "$work/tree"
	cd "$work/tree" || exit 1
	mkdir -p nn/base nn/layer nn/model nn/train bench/run bench/yaml tests
	echo '#include <stdio.h>' >nn/base/error.h
	cat >nn/base/error.c <<-'END'
		/* exit() and "printf(" // in a comment
		 * abort() */
		#include "nn/base/error.h"
		const char *a = "exit(1)", b = '"', *c = "\"exit(1)";
	END
	echo '#include "nn/base/error.h"' >nn/layer/layer.h
	echo '#include "nn/layer/layer.h"' >nn/layer/relu.h
	echo '#include "nn/layer/layer.h"' >nn/model/network.h
	echo '#include "nn/model/network.h"' >nn/train/train.h
	printf '#include "nn/train/train.h"\n#include <omp.h>\nvoid f(void) { printf("x"); }\n' >bench/run/point.c
	printf '#include <yaml.h>\n' >bench/yaml/yaml.c
	cd "$here/.." || exit 1
}

# tree_says TITLE CHECK FILE CONTENTS WANTED-TEXT: the tree with this one more file.
tree_says()
{
	plant
	mkdir -p "$(dirname "$work/tree/$3")"
	printf '%b\n' "$4" >"$work/tree/$3"
	expect "$1" "$([ -z "$5" ]; echo $?)" "$5" sh "ci/$2.sh" "$work/tree"
}

lines()
{
	awk -v count="$1" -v text="$2" 'BEGIN { for (i = 0; i < count; i++) printf "%s\\n", text }'
}

check_floors()
{
	tree_says 'a good tree' floors nn/layer/relu.c '#include "nn/layer/relu.h"' ''
	tree_says 'upwards' floors nn/base/a.c '\n#include "nn/layer/layer.h"' \
		'nn/base/a.c:2: floor 0 includes "nn/layer/layer.h" of floor 2'
	tree_says 'siblings' floors nn/layer/a.c '#include "nn/layer/relu.h"' \
		'nn/layer/a.c:1: floor 2 includes "nn/layer/relu.h" of floor 2'
	tree_says 'layer and optim' floors nn/optim/a.c '#include "nn/layer/layer.h"' \
		'nn/optim/a.c:1: floor 2 includes "nn/layer/layer.h" of floor 2'
	tree_says 'model and train' floors nn/model/a.c '#include "nn/train/train.h"' \
		'nn/model/a.c:1: floor 3 includes "nn/train/train.h" of floor 3'
	tree_says 'bench from nn' floors nn/train/a.c '#include "bench/text/x.h"' \
		'nn/train/a.c:1: floor 3 includes "bench/text/x.h" of floor 4a'
	tree_says 'upwards in bench' floors bench/sweep/a.c '#include "bench/record/x.h"' \
		'bench/sweep/a.c:1: floor 4c includes "bench/record/x.h" of floor 4d'
	tree_says 'two folders of a floor' floors bench/data/a.c '#include "bench/yaml/x.h"' \
		'bench/data/a.c:1: floor 4b includes "bench/yaml/x.h" of floor 4b'
	tree_says 'downwards in bench' floors bench/run/a.c \
		'#include "bench/text/x.h"\n#include "bench/measure/x.h"\n#include "bench/run/x.h"' ''
	tree_says 'a command from bench' floors bench/run/a.c '#include "bench/command/command.h"' \
		'bench/run/a.c:1: floor 4g includes "bench/command/command.h" of floor 5'
	tree_says 'what commands share' floors bench/command/cmd_a.c '#include "bench/command/options.h"' ''
	tree_says 'a command from a command' floors bench/command/cmd_a.c '#include "bench/command/cmd_b.h"' \
		'bench/command/cmd_a.c:1: floor 5 includes "bench/command/cmd_b.h" of floor 5'
	tree_says 'a short path' floors nn/base/a.c '#include "error.h"' \
		'nn/base/a.c:1: "error.h" is not the path of a header in nn/ or bench/'
	tree_says 'no floor' floors nn/other/a.c 'int a;' 'nn/other/a.c:1: lies on no floor'
	tree_says 'no folder' floors bench/a.c 'int a;' 'bench/a.c:1: lies on no floor'
	tree_says 'too deep' floors bench/run/old/a.c 'int a;' 'bench/run/old/a.c:1: lies on no floor'
	tree_says 'threads' floors nn/base/a.c '#include <omp.h>' 'nn/base/a.c:1: threads belong to bench: <omp.h>'
	tree_says 'libyaml' floors bench/run/a.c '#include <yaml.h>' \
		'bench/run/a.c:1: only bench/yaml/yaml.c sees libyaml: <yaml.h>'
	tree_says 'libzip' floors bench/run/a.c '#include <zip.h>' \
		'bench/run/a.c:1: only bench/weights/npz_* see libzip: <zip.h>'
	tree_says 'libpng' floors bench/eval/a.c '#include <png.h>' \
		'bench/eval/a.c:1: only bench/picture/png.c sees libpng: <png.h>'
	tree_says 'zlib' floors nn/base/a.c '#include <zlib.h>' 'nn/base/a.c:1: files belong to bench: <zlib.h>'
	tree_says 'printing' floors nn/base/a.c '/* a\n */ int a; /* b */ void f(void) { printf ("%d", a); }' \
		'nn/base/a.c:2: the engine never prints, opens a file or ends the program: printf'
	tree_says 'ending' floors nn/base/a.c 'void f(void)\n{\n\texit(1);\n}' \
		'nn/base/a.c:3: the engine never prints, opens a file or ends the program: exit'
	tree_says 'a circle' floors bench/run/a.h '#include "bench/run/a.h"' \
		'bench/run/a.h:1: includes itself by way of bench/run/a.h'
	mkdir "$work/empty"
	expect 'no code' 1 'no code found' sh -c "sh ci/floors.sh '$work/empty' 2>/dev/null"
}

check_style()
{
	tree_says 'a good tree' style tests/a.c 'int atoi_of; /* atoi(x) */' ''
	tree_says 'a file' style nn/base/a.c "$(lines 500 'int a;')int b;" \
		'nn/base/a.c:501: the file has more than 500 lines'
	tree_says 'a function of 60 lines' style nn/base/a.c "int f(void)\n{\n$(lines 60 ';')}" ''
	tree_says 'a function of 61 lines' style nn/base/a.c "int f(void)\n{\n$(lines 61 ';')}" \
		'nn/base/a.c:64: a function of 61 lines, more than 60'
	tree_says 'a brace at the end' style bench/a.c "int f(void) {\n$(lines 61 ';')}" \
		'bench/a.c:63: a function of 61 lines, more than 60'
	tree_says 'a kernel of 100 lines' style nn/kernel/a.c "int f(void)\n{\n$(lines 100 ';')}" ''
	tree_says 'a kernel of 101 lines' style nn/kernel/a.c "int f(void)\n{\n$(lines 101 ';')}" \
		'nn/kernel/a.c:104: a function of 101 lines, more than 100'
	tree_says 'a wide line' style nn/base/a.c "\t$(awk 'BEGIN { for (i = 8; i < 121; i++) printf "a" }')" \
		'nn/base/a.c:1: more than 120 columns: 121'
	tree_says 'a blank' style ci/a.sh 'true ' 'ci/a.sh:1: trailing blanks'
	tree_says 'atoi' style bench/a.c 'int a(void)\n{\n\treturn atoi (b);\n}' 'bench/a.c:3: forbidden call: atoi'
	tree_says 'a typedef' style tests/a.c 'typedef int (*done_t)(int);' 'tests/a.c:1: a typedef that ends in _t'
	tree_says 'a struct typedef' style tests/a.c 'typedef struct {\n\tint a;\n} a_t;' \
		'tests/a.c:3: a typedef that ends in _t'
	tree_says 'fast math' style Makefile 'CFLAGS := -O3 -ffast-math' \
		'Makefile:1: not-a-number must stay visible: no fast math'
	expect 'no files' 1 'no files found' sh ci/style.sh "$work/empty"
}

check_analyzer()
{
	tree_says 'a good tree' analyze bench/yaml/yaml.c '' ''
	plant
	: >"$work/tree/bench/yaml/yaml.c"
	printf '#include <stdlib.h>\nvoid twice(char *text)\n{\n\tfree(text);\n\tfree(text);\n}\n' \
		>"$work/tree/nn/train/a.c"
	expect 'memory that is freed twice' 1 'nn/train/a.c:5: analyzer-double-free' sh ci/analyze.sh "$work/tree"
}

check_sum()
{
	expect 'one of each' 1 '== true
== false
false: exit status 1
1 passed, 1 failed' sh ci/sum.sh true false
	expect 'numbers' 0 '== echo 3 passed, 0 failed
== echo 4 passed, 0 failed
7 passed, 0 failed' sh ci/sum.sh 'echo 3 passed, 0 failed' 'echo 4 passed, 0 failed'
	expect 'tests that were skipped' 0 '== echo 3 passed, 0 failed, 2 skipped
3 passed, 0 failed, 2 skipped' sh ci/sum.sh 'echo 3 passed, 0 failed, 2 skipped'
	expect 'a crash behind good numbers' 1 '== echo 3 passed, 0 failed; exit 9
echo 3 passed, 0 failed; exit 9: exit status 9
3 passed, 1 failed' sh ci/sum.sh 'echo 3 passed, 0 failed; exit 9'
	expect 'an unfinished line' 1 '== printf broken; exit 1
broken
printf broken; exit 1: exit status 1
0 passed, 1 failed' sh ci/sum.sh 'printf broken; exit 1'
	expect 'nothing ran' 1 '0 passed, 0 failed' sh ci/sum.sh
	cat >"$work/part" <<-'END'
		<?xml version="1.0" encoding="UTF-8"?>
		<testsuites>
		  <testsuite name="own"/>
		</testsuites>
	END
	expect 'the status of a command, with JUnit' 1 "== cp $work/part \"\$JUNIT\"
== echo '<&>'; exit 3
<&>
echo '<&>'; exit 3: exit status 3
1 passed, 1 failed" env JUNIT="$work/all.xml" sh ci/sum.sh "cp $work/part \"\$JUNIT\"" "echo '<&>'; exit 3"
	expect 'what JUnit reads' 0 '<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="own"/>
  <testsuite name="echo '"'&lt;&amp;&gt;'"'; exit 3" tests="1" failures="1">
    <testcase classname="check" name="echo '"'&lt;&amp;&gt;'"'; exit 3">
      <failure message="exit status 3">&lt;&amp;&gt;
</failure>
    </testcase>
  </testsuite>
</testsuites>' cat "$work/all.xml"
}

# A stand-in for the program says what it was asked, and fails at what $FAILS names.
check_sweep()
{
	mkdir -p "$work/reports/zoo"
	printf '#!/bin/sh\necho "$@"\n[ "$1" != "${FAILS%%:*}" ] || exit "${FAILS#*:}"\n' >"$work/program"
	chmod +x "$work/program"
	expect 'nothing trained' 1 'run zoo.yaml' env FAILS=run:1 sh ci/sweep.sh "$work/program" zoo.yaml
	touch "$work/reports/zoo/points.tsv"
	expect 'five steps' 0 "run s/zoo.yaml --set a=b c --force -o x --set=d=e -sf=g -r $work/reports --threads 3
compare --if-base s/zoo.yaml --set a=b c --set=d=e -sf=g -r $work/reports
equal --if-any s/zoo.yaml --set a=b c --set=d=e -sf=g -r $work/reports
ablation --if-any s/zoo.yaml --set a=b c --set=d=e -sf=g -r $work/reports
plot s/zoo.yaml --set a=b c --set=d=e -sf=g -r $work/reports" env FAILS= \
		sh ci/sweep.sh "$work/program" s/zoo.yaml --set 'a=b c' --force -o x --set=d=e -sf=g \
			-r "$work/reports" --threads 3
	expect 'a diverged point' 1 "run zoo.yaml --reports=$work/reports
compare --if-base zoo.yaml --reports=$work/reports
equal --if-any zoo.yaml --reports=$work/reports
ablation --if-any zoo.yaml --reports=$work/reports
plot zoo.yaml --reports=$work/reports" env FAILS=run:1 sh ci/sweep.sh "$work/program" zoo.yaml "--reports=$work/reports"
	expect 'a comparison that fails' 1 "run zoo.yaml -r$work/reports
compare --if-base zoo.yaml -r$work/reports
equal --if-any zoo.yaml -r$work/reports
ablation --if-any zoo.yaml -r$work/reports
plot zoo.yaml -r$work/reports" env FAILS=compare:1 sh ci/sweep.sh "$work/program" zoo.yaml "-r$work/reports"
	mkdir "$work/reports/best"
	touch "$work/reports/best/points.tsv"
	expect 'a folder that is named' 0 "run new.yaml --set a=b --name best -r $work/reports
compare --if-base new.yaml --set a=b --name best -r $work/reports
equal --if-any new.yaml --set a=b --name best -r $work/reports
ablation --if-any new.yaml --set a=b --name best -r $work/reports
plot new.yaml --set a=b --name best -r $work/reports" env FAILS= \
		sh ci/sweep.sh "$work/program" new.yaml --set a=b --name best -r "$work/reports"
	expect 'a name that nothing has' 1 "run zoo.yaml --name worst -r $work/reports" env FAILS=run:1 \
		sh ci/sweep.sh "$work/program" zoo.yaml --name worst -r "$work/reports"
	expect 'a wrong sweep' 2 'run zoo.yaml' env FAILS=run:2 sh ci/sweep.sh "$work/program" zoo.yaml
	expect 'a dry run' 0 "run zoo.yaml -r $work/reports --dry-run" env FAILS= \
		sh ci/sweep.sh "$work/program" zoo.yaml -r "$work/reports" --dry-run
}

# The test program $work/t, from which the tests below run some.
build_harness()
{
	cat >"$work/t.c" <<-'END'
		#include "tests/helpers/test.h"
		#include <stdio.h>
		#include <stdlib.h>
		#include <unistd.h>
		TEST_ALONE(lonely) { CHECK(access("busy", F_OK) != 0); }
		TEST(good) { CHECK(true); CHECK_INT(2, 2); CHECK_TEXT("a", "a"); CHECK_CLOSE(1, 1.1, 0.2); }
		TEST(wrong)
		{
			CHECK_INT(2, 3);
			CHECK_TEXT("a", NULL);
			CHECK_CLOSE(0.0 / 0.0, 1, 1);
			CHECK_CLOSE(1, 1 / 0.0, 1);
		}
		TEST(crash) { abort(); }
		TEST(quit) { exit(0); }
		TEST(hang) { fork(); for (;;) pause(); }
		TEST(slow) { creat("busy", 0600); usleep(300000); unlink("busy");
			CHECK_TEXT("<a & \"b\">", "\001\xff\xc3\xa9"); }
		TEST(other) { test_skip("no <moon>"); }
		/* Each waits for the other. */
		TEST(meet_one) { creat("one", 0600); while (access("two", F_OK) != 0) usleep(1000); }
		TEST(meet_two) { creat("two", 0600); while (access("one", F_OK) != 0) usleep(1000); }
	END
	helpers=$here/../tests/helpers
	(cd "$work" && ${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -I"$here/.." -include fcntl.h -o t t.c "$helpers/main.c" \
		"$helpers/check.c" "$helpers/runner.c" "$helpers/report.c" -lm)
}

check_harness()
{
	expect 'the harness' 0 '' build_harness
	cd "$work" || exit 1
	expect 'a good test' 0 '1 passed, 0 failed' ./t good
	expect 'no test' 1 '0 passed, 0 failed' ./t missing
	expect 'failed checks' 1 't.c:9: wrong: 2: got 2, want 3
t.c:10: wrong: "a"
  got  a
  want (NULL)
t.c:11: wrong: 0.0 / 0.0: got nan, want 1 within 1
t.c:12: wrong: 1: got 1, want inf within 1
0 passed, 1 failed' sh -c './t wrong | sed s/-nan/nan/; ./t wrong >/dev/null'
	expect 'a crash' 1 't.c: crash: killed by signal 6 (Aborted)
1 passed, 1 failed' ./t crash good
	expect 'an exit' 1 't.c: quit: exited with status 0
0 passed, 1 failed' ./t quit
	expect 'a hang' 1 't.c: hang: still running after 1 s, killed
1 passed, 1 failed' env TEST_SECONDS=1 ./t hang good
	expect 'two at once' 0 '2 passed, 0 failed' env TEST_SECONDS=60 ./t --jobs 2 meet
	rm -f one two
	expect 'one at once' 1 't.c: meet_one: still running after 1 s, killed
1 passed, 1 failed' env TEST_SECONDS=1 ./t -j1 meet
	expect 'their order, and one that wants to be alone' 1 "t.c: quit: exited with status 0
$slow
t.c: other: skipped: no <moon>
1 passed, 2 failed, 1 skipped" ./t -j3 lonely quit slow other
	expect 'an interrupted run' 130 '' timeout --preserve-status -s INT 0.3 sh -c 'TMPDIR=. exec ./t hang'
	expect 'and what it leaves' 1 '' sh -c 'ls -d archsweep-tests-* 2>/dev/null | grep .'
	cd "$here/.." || exit 1
}

check_reports()
{
	cd "$work" || exit 1
	expect 'a list' 0 'quit  t.c
other  t.c
lonely  t.c' ./t --list quit other lonely
	expect 'help' 0 'usage: t [OPTION...] [WORD...]' \
		sh -c './t --help >help; status=$?; head -n 1 help; exit $status'
	expect 'no number' 2 't: "0" is not a number from 1 to 1000' ./t -j 0
	expect 'an unknown option' 2 "./t: unrecognized option '--what'" \
		sh -c './t --what 2>what; status=$?; head -n 1 what; exit $status'
	expect 'the slowest' 1 't.c: slow
1 passed, 1 failed' sh -c './t -j1 --slowest 1 good slow >s; status=$?; sed -n "s/.*processors  t.c: good/t.c: slow/p
		s/.*processors  t.c: slow/t.c: slow/p; \$p" s; exit $status'
	expect 'TAP' 1 "TAP version 13
1..4
ok 1 - good
not ok 2 - quit
# t.c: quit: exited with status 0
not ok 3 - slow
$(printf '%s' "$slow" | sed 's/^/# /')
ok 4 - other # SKIP no <moon>
# 1 passed, 2 failed, 1 skipped" ./t --tap good quit slow other
	first='t.c:18: slow: &quot;&lt;a &amp; \&quot;b\&quot;&gt;&quot;'
	expect "JUnit's XML" 1 '<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="t" tests="3" failures="1" skipped="1" time="T">
    <testcase classname="t" name="good" time="T"/>
    <testcase classname="t" name="slow" time="T">
      <failure message="'"$first"'">'"$first"'
  got  &lt;a &amp; &quot;b&quot;&gt;
  want ??'"$(printf '\303\251')"'
</failure>
    </testcase>
    <testcase classname="t" name="other" time="T">
      <skipped message="t.c: other: skipped: no &lt;moon&gt;">t.c: other: skipped: no &lt;moon&gt;
</skipped>
    </testcase>
  </testsuite>
</testsuites>' sh -c './t --junit x.xml good slow other >/dev/null; status=$?
		sed "s/time=\"[0-9.]*\"/time=\"T\"/" x.xml; exit $status'
	expect 'a file that cannot be written' 1 'tests: cannot write no/x.xml: No such file or directory' \
		./t --junit no/x.xml good
	cd "$here/.." || exit 1
}

# An installed copy finds families and plots from any folder; a family beside the sweep comes first.
check_install()
{
	program=${BUILD:-build}/archsweep
	[ -x "$program" ] || return
	mkdir -p "$work/elsewhere"
	cat >"$work/elsewhere/own.yaml" <<-'END'
		input: [28, 28, 1]
		classes: 10
		recipe: {epochs: 1}
		families: [{family: plain, widths: [2]}]
	END
	expect 'installing' 0 '' env -u MAKEFLAGS -u MAKELEVEL make -s -o "$program" install "BUILD=${BUILD:-build}" \
		"DESTDIR=$work/to" PREFIX=/usr
	installed=$work/to/usr/bin/archsweep
	expect 'a stripped program' 0 '' sh -c "nm '$installed' 2>/dev/null"
	expect 'a hardened program' 0 "$(printf 'BIND_NOW\nDYN\nGNU_RELRO\n__stack_chk_fail')" sh -c \
		"readelf -hldW --dyn-syms '$installed' |
		grep -o -w -e DYN -e BIND_NOW -e GNU_RELRO -e __stack_chk_fail | LC_ALL=C sort -u"
	cd "$work/elsewhere" || exit 1
	count="'$installed' params --tsv own.yaml | tail -n 1 | cut -f"
	expect 'a family that is installed' 0 'plain	2540' sh -c "$count 2,7"
	mkdir families
	echo 'layers: [flatten, dense: {units: classes}]' >families/plain.yaml
	expect 'a family beside the sweep' 0 'plain	7850' sh -c "$count 2,7"
	cd "$here/.." || exit 1
}

stand_in()
{
	printf '#!/bin/sh\n%s\n' "$2" >"$work/bin/$1"
	chmod +x "$work/bin/$1"
}

# Logs of a target that found nothing, of one that crashed, of one that hangs on its way, and of none.
check_fuzz()
{
	logs=$work/fuzz/logs
	mkdir -p "$logs"
	printf '%s\n' '#9 NEW cov: 70 ft: 90 corp: 4/90b' '#20 DONE cov: 74 ft: 99 corp: 5/99b lim: 9' \
		'stat::number_of_executed_units: 20' 'stat::average_exec_per_sec:     10' 'exit status 0' \
		>"$logs/quiet"
	printf '%s\n' '#9 NEW cov: 70 ft: 90 corp: 4/90b' 'SUMMARY: AddressSanitizer: SEGV t.c:5 in read' \
		'Test unit written to crashes/bad/crash-1' 'stat::number_of_executed_units: 9' 'exit status 77' \
		>"$logs/bad"
	echo '#9 NEW cov: 70 ft: 90 corp: 4/90b' >"$logs/killed"
	expect 'the table of fuzzing' 1 "target               runs    runs/s  coverage  inputs findings
quiet                  20        10        74       5        0
bad                     9         0        70       4        1
killed                  0         0        70       4        0
none                    0         0         0       0        0
bad: SUMMARY: AddressSanitizer: SEGV t.c:5 in read
bad: crashes/bad/crash-1
killed: exit status unknown, see $logs/killed
none: exit status unknown, see $logs/none
1 passed, 3 failed" sh -c 'printf "quiet - -\nbad\nkilled\nnone\n" | BUILD=$1 sh ci/fuzz.sh --sum' sh "$work/fuzz"
	expect 'fuzzing without a fuzzer' 0 \
		"make fuzz: skipped: there is no clang with libFuzzer here (Debian: clang, libclang-rt-dev)
0 passed, 0 failed, 1 skipped" env CLANG=false BUILD="$work/fuzz" sh ci/fuzz.sh
}

# Stand-ins for the machine's commands: no zlib1g-dev, another gnuplot than ours, no root, no sudo.
check_deps()
{
	mkdir "$work/bin"
	for command in sh awk tr cat dirname; do ln -s "$(command -v "$command")" "$work/bin/$command"; done
	stand_in dpkg-query 'shift 3
		for p; do [ $p = zlib1g-dev ] || [ $p = gnuplot-nox ] || echo "$p ii "; done; exit 1'
	stand_in id 'echo 1000'
	expect 'neither apt nor packages' 1 "There is no apt here.
These packages are missing (Debian's names):
  zlib1g-dev               reads gzipped data sets" env PATH="$work/bin" sh ci/deps.sh
	printf '#!/bin/sh\necho apt-get "$@"\n' >"$work/bin/apt-get"
	apt='-qq -y -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 --no-install-recommends'
	chmod +x "$work/bin/apt-get"
	expect 'no right to install' 1 "It takes root: sudo apt-get install --no-install-recommends zlib1g-dev
These packages are missing (Debian's names):
  zlib1g-dev               reads gzipped data sets" env PATH="$work/bin" sh ci/deps.sh
	stand_in id 'echo 0'
	ln -s "$(command -v env)" "$work/bin/env"
	expect 'apt-get that does not install' 1 "installing:
  zlib1g-dev               reads gzipped data sets
apt-get $apt install zlib1g-dev
apt-get did not install everything.
These packages are missing (Debian's names):
  zlib1g-dev               reads gzipped data sets" env PATH="$work/bin" sh ci/deps.sh
	expect 'an unknown option' 2 'usage: sh ci/deps.sh [--build | --ci]' sh ci/deps.sh --all
}

# sets_of TITLE PROCESSOR-FLAGS WANTED-SETS
sets_of()
{
	printf 'processor\t: 0\nflags\t\t: %s\nbugs\t\t: avx512f\n' "$2" >"$work/cpuinfo"
	expect "$1" 0 "$3" env CPUINFO="$work/cpuinfo" sh ci/sets.sh avx512bf16 avx512 avx2 portable
}

check_sets()
{
	wide='avx2 fma avx512f avx512vl avx512dq avx512bw'
	sets_of 'a processor with bfloat16' "sse $wide avx512_bf16" avx512bf16
	sets_of 'a processor with AVX-512' "$wide" avx512
	sets_of 'AVX-512 without one of its parts' 'avx2 fma avx512f avx512vl avx512dq' avx2
	sets_of 'AVX2 without multiply-add' 'avx2 sse' portable
	expect 'a system without /proc' 0 portable env CPUINFO="$work/none" sh ci/sets.sh avx2 portable
}

cd "$here/.." || exit 1
check_floors
check_style
check_analyzer
check_sum
check_sweep
slow=$(printf 't.c:18: slow: "<a & \\"b\\">"\n  got  <a & "b">\n  want \001\377\303\251')
check_harness
check_reports
check_install
check_sets
check_deps
check_fuzz

expect 'no Slurm' 0 'slurm: munged is missing (sh ci/deps.sh --ci installs it); skipped
0 passed, 0 failed, 1 skipped' env SBIN= PATH="$work/bin" sh ci/slurm.sh build/archsweep
echo "$passed passed, $failed failed"
[ $failed = 0 ]
