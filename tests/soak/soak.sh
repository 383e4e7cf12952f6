#!/bin/sh
# What `make soak` does: runs a sweep whose runs are killed and stopped at random moments, alone and two in one folder,
# on a disk that fills up, and under a clock that jumps. What is left must be, byte for byte and apart from times, what
# a run left that nobody disturbed. Prints its counts; exit status 1 where anything differs.
#
#   PROGRAM=build/archsweep         the program
#   KILLS=300                       how many runs are ended, half by SIGKILL, half by SIGTERM
#   FOLDER=build/soak               where it works; emptied first
#   SEED=1                          of the random moments
set -eu

PROGRAM=$(realpath "${PROGRAM:-build/archsweep}")
KILLS=${KILLS:-300}
FOLDER=${FOLDER:-build/soak}
SEED=${SEED:-1}

rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cd "$FOLDER"

from_hex()
{
	perl -ne 'print pack "H*", $_'
}

# Two IDX files: images of 12x12 random bytes, labels 0..9.
write_images()
{
	awk -v seed="$SEED" -v count="$2" 'BEGIN { srand(seed); printf "0000080300000%03x0000000c0000000c", count
		for (i = 0; i < count * 144; i++) printf "%02x", int(rand() * 256) }' | from_hex >"$1-images-idx3-ubyte"
	awk -v count="$2" 'BEGIN { printf "0000080100000%03x", count
		for (i = 0; i < count; i++) printf "%02x", i % 10 }' | from_hex >"$1-labels-idx1-ubyte"
}

write_images train 512
write_images t10k 128
cat >soak.yaml <<'END'
title: soak
data: {idx: {folder: ., validation: 96}}
input: [12, 12, 1]
classes: 10
seeds: [1, 2]
checkpoint: 0.05
recipe: {epochs: 300, batch: 64, learning_rate: 0.01, optimizer: adam, average_weights: 0.99, flip: true}
families:
  - name: small
    widths: [2, 4, 8]
    layers:
      - conv: {channels: w, kernel: 3}
      - batch_norm
      - relu
      - dropout: {rate: 0.1}
      - global_average_pool
      - dense: {units: classes}
  - name: flat
    widths: [8, 16]
    layers: [flatten, {dense: {units: 4w}}, relu, {dense: {units: classes}}]
END

varying='train_seconds|wall_seconds|images_per_second|threads|date|curve_digest|digest'

# Everything that must be the same: tables, weights, logits; records and curves without times and their digests.
fingerprint()
{
	(cd "$1" && for file in points.tsv curves.tsv points/*.npz; do sha256sum "$file"; done
	for record in points/????????????????.tsv; do
		grep -v -E "^($varying)	" "$record" | sha256sum
	done)
}

run()
{
	"$PROGRAM" run soak.yaml --quiet --reports "$@" >out.txt 2>err.txt
}

# A whole number from $1 to $2, the next of the seed's row.
draws=0
draw()
{
	draws=$((draws + 1))
	awk -v seed="$SEED" -v n="$draws" -v low="$1" -v high="$2" 'BEGIN { srand(seed * 100003 + n); rand()
		print low + int(rand() * (high - low + 1)) }'
}

check()
{
	fingerprint "$1/soak" >now.txt
	if ! cmp -s whole.txt now.txt; then
		echo "  DIFFERS from undisturbed: $FOLDER/$1"
		failed=1
	fi
	if ls "$1"/soak/points/.tmp-* "$1"/soak/.tmp-* "$1"/soak/points/*.checkpoint >left.txt 2>/dev/null; then
		echo "  LEFT OVER: $(wc -l <left.txt) files in $FOLDER/$1"
		failed=1
	fi
}

# disturb REPORTS KILLS SIGNAL RUNS: RUNS at once, of which one is ended each time, until KILLS are ended. Another one
# takes over what the dead one had, and finishes.
disturb()
{
	ended=0 finished=0
	while [ "$ended" -lt "$2" ]; do
		pids=
		for i in $(seq "$4"); do
			"$PROGRAM" run soak.yaml --quiet --threads 1 --reports "$1" >/dev/null 2>&1 &
			pids="$pids $!"
		done
		sleep "0.$(printf %03d "$(draw 20 900)")"
		victim=$(echo $pids | cut -d ' ' -f "$(draw 1 "$4")")
		if kill -"$3" "$victim" 2>/dev/null; then
			ended=$((ended + 1))
		fi
		for pid in $pids; do
			wait "$pid" 2>/dev/null || :
		done
		# Whole folders are checked and emptied, so that there is something to end.
		if [ "$(ls "$1"/soak/points/????????????????.tsv 2>/dev/null | wc -l)" -eq 10 ]; then
			run "$1" || { cat err.txt; failed=1; }
			check "$1"
			finished=$((finished + 1))
			rm -rf "$1"
		fi
	done
	if [ -d "$1" ] || [ "$finished" -eq 0 ]; then
		run "$1" || { cat err.txt; failed=1; }
		check "$1"
		finished=$((finished + 1))
	fi
	echo "SIG$3, $4 at once: $ended runs ended, the sweep finished $finished times"
}

failed=0
run whole
fingerprint whole/soak >whole.txt
disturb killed $((KILLS / 2)) KILL 1
disturb stopped $((KILLS / 4)) TERM 1
disturb pair $((KILLS / 4)) KILL 2

# A disk that fills up: a small one where that may be mounted, and limits of file size everywhere.
for blocks in 8 16 40; do
	(ulimit -f "$blocks"; "$PROGRAM" run soak.yaml --quiet --reports full >/dev/null 2>err.txt) &&
		{ echo "a limit of $blocks blocks went unnoticed"; failed=1; }
	grep -q . err.txt || { echo "nothing was said of a limit of $blocks blocks"; failed=1; }
done
run full || { cat err.txt; failed=1; }
check full
echo "file size limits: 3 runs, each with an error"
if mkdir -p disk && mount -t tmpfs -o size=120k tmpfs disk 2>/dev/null; then
	"$PROGRAM" run soak.yaml --quiet --reports disk >/dev/null 2>err.txt &&
		{ echo "a full disk went unnoticed"; failed=1; }
	sed 's/^/  /' err.txt | head -n 2
	mount -o remount,size=64m disk
	run disk || { cat err.txt; failed=1; }
	check disk
	umount disk
	echo "full disk: 1 run, with an error; then finished"
else
	echo "full disk: skipped, nothing can be mounted here"
fi

# A clock that jumps: times of files and records only.
if command -v faketime >/dev/null; then
	faketime -f '-400d x50' "$PROGRAM" run soak.yaml --quiet --reports clock >/dev/null 2>err.txt || failed=1
	check clock
	echo "clock: 1 run a year ago and fifty times too fast"
else
	echo "clock: skipped, faketime is not installed"
fi
[ "$failed" -eq 0 ] && echo "soak: all as undisturbed" || echo "soak: FAILED"
exit "$failed"
