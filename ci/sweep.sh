#!/bin/sh
# What `make sweep` does: trains a sweep, compares its networks where it names a base, and its families where they are
# equally large, and its variants, draws its pictures.
#
#   sh ci/sweep.sh PROGRAM SWEEP.yaml [ARGUMENT...]
#
# The arguments are those of `archsweep run`; of them --set, --name and --reports go on to the other steps, which must
# know them too. A diverged point makes the run fail, but belongs in the table and the pictures. Exits with the last
# status that is not 0.
set -u
trap 'exit 130' INT TERM HUP
program=$1
sweep=$2
shift 2
status=0
"$program" run "$sweep" "$@" || status=$?
[ $status -le 1 ] || exit $status

# The words that follow the first $left ones are those that go on.
left=$#
reports=reports
name=${sweep##*/}
name=${name%.*}
varied= chosen=
while [ "$left" -gt 0 ]; do
	word=$1
	shift
	left=$((left - 1))
	case "$word" in
	--set|-s|--name|--reports|-r)
		set -- "$@" "$word" "$1"
		case "$word" in
		--set|-s) varied=yes ;;
		--name) chosen=$1 varied= ;;
		--reports|-r) reports=$1 ;;
		esac
		shift
		left=$((left - 1)) ;;
	--set=*|-s*) set -- "$@" "$word"; varied=yes ;;
	--name=*) chosen=${word#*=}; set -- "$@" "$word" ;;
	--reports=*) reports=${word#*=}; set -- "$@" "$word" ;;
	-r*) reports=${word#-r}; set -- "$@" "$word" ;;
	--dry-run|-n|--help|-h) exit $status ;;
	esac
done

# Nothing was ever trained: the run has said why. Overrides that change no point keep the sweep's folder.
found=
for table in "$reports/${chosen:-$name}/points.tsv" ${varied:+"$reports/$name"--*/points.tsv}; do
	[ ! -e "$table" ] || found=yes
done
[ -n "$found" ] || exit $status
"$program" compare --if-base "$sweep" "$@" || status=$?
"$program" equal --if-any "$sweep" "$@" || status=$?
"$program" ablation --if-any "$sweep" "$@" || status=$?
"$program" plot "$sweep" "$@" || status=$?
exit $status
