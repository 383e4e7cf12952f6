#!/bin/sh
# What `make bench` does: measures this machine's limits, the reference networks, PyTorch if a Python has it, and some
# whole commands. Prints tables, writes them as TSV to reports/bench/ (or $OUT), and draws two pictures.
#
#   PROGRAM=build/archsweep         the program
#   BENCH='sweeps/bench.yaml ...'   the sweeps whose networks are measured
#   PYTHON=/path/to/python          one that has torch and numpy: the same networks in PyTorch, in turns with ours; in
#                                   inference also in onnxruntime (with onnx) and openvino, if it has them
#   FER2013=data/fer2013.csv.gz     also time the reading of this file
#   SWEEP=sweeps/fashion.yaml       the sweep that is trained and whose schedule is simulated; SWEEP_TIME=0: no training
#   TURNS=5                         turns of a second with PyTorch, each way to run it
#   QUICK=1                         everything briefly, to see that it works; no whole sweep, and no number to quote
#   ARGS='--only plain/3'           further arguments of commands that measure networks: --only, --threads
set -eu

PROGRAM=${PROGRAM:-build/archsweep}
BENCH=${BENCH:-sweeps/bench.yaml sweeps/bench-mnist.yaml}
SWEEP=${SWEEP:-sweeps/fashion.yaml}
OUT=${OUT:-reports/bench}
PLOTS=${PLOTS:-plots}
ARGS=${ARGS-}
QUICK=${QUICK-}
if [ -n "$QUICK" ]; then
	limit_repeats=1 repeats=1 stretch=20 turns=1 turn_seconds=0.02 sweep_time=${SWEEP_TIME:-0}
else
	limit_repeats=20 repeats=5 stretch=500 turns=${TURNS:-5} turn_seconds=1 sweep_time=${SWEEP_TIME:-1}
fi
mkdir -p "$OUT"

title()
{
	printf '\n%s\n\n' "$1"
}

# Prints COLUMN of the first row whose column WHERE is IS: value_of FILE COLUMN WHERE IS
value_of()
{
	awk -F '\t' -v column="$2" -v where="$3" -v is="$4" '
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
		$at[where] == is { print $at[column]; exit }' "$1"
}

# seconds_of COMMAND...: runs it without its output; it must succeed.
seconds_of()
{
	begin=$(date +%s.%N)
	"$@" >/dev/null
	end=$(date +%s.%N)
	awk -v begin="$begin" -v end="$end" 'BEGIN { printf "%.3f", end - begin }'
}

# add_time WHAT SECONDS
add_time()
{
	printf '%s\t%s\n' "$1" "$2" >>"$OUT/times.tsv"
	printf '%-60s %s s\n' "$1" "$2"
}

# Also where the run is cut off: of what has been measured until then.
draw_all()
{
	trap - EXIT
	if [ -s "$OUT/networks.tsv" ] && [ -s "$OUT/limits.tsv" ]; then
		draw roofline "data='$OUT/networks.tsv'; limits='$OUT/limits.tsv'" 'Networks under the roofline' \
			'Multiply-adds a second of each network against its multiply-adds per byte, below the roof.'
	fi
	if [ -s "$OUT/pytorch.tsv" ]; then
		draw bars "data='$OUT/pytorch.tsv'" 'Training speed beside PyTorch' \
			'Images a second of each network in training: this program and PyTorch at its best, in turns.'
	fi
}

# draw NAME VARIABLES TITLE DESCRIPTION: the last two are for those who cannot see the .svg.
draw()
{
	for ending in png svg; do
		gnuplot -d -e "plots='$PLOTS'; out='$OUT/$1.$ending'; $2" "$PLOTS/$1.gp"
		echo "$OUT/$1.$ending"
	done
	sed -i "s|^<title>.*|<title>$3</title>|; s|^<desc>.*|<desc>$4</desc>|" "$OUT/$1.svg"
}

rm -f "$OUT/networks.tsv" "$OUT/pytorch.tsv"
trap draw_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

title "What this machine can do"
"$PROGRAM" limits --repeats $limit_repeats --save "$OUT/limits.tsv"

# shellcheck disable=SC2086  # several sweeps, several arguments
{
	title "The networks, in training and in inference"
	"$PROGRAM" bench --repeats $repeats --stretch $stretch --save "$OUT/networks.tsv" $ARGS $BENCH
	"$PROGRAM" bench --profile --repeats $repeats --stretch $stretch --save "$OUT/layers.tsv" $ARGS $BENCH \
		>"$OUT/layers.txt"
	title "Where the time goes, layer by layer and pass by pass: $OUT/layers.txt"
	rm -f "$OUT/pytorch.tsv"
	if [ -n "${PYTHON-}" ]; then
		title "PyTorch, images per second in training"
		"$PYTHON" bench/peers/torch_compare.py --program "$PROGRAM" --out "$OUT/pytorch.tsv" \
			--repeats $turns --seconds $turn_seconds $ARGS $BENCH
		title "PyTorch, ONNX Runtime and OpenVINO, images per second in inference"
		"$PYTHON" bench/peers/infer_compare.py --program "$PROGRAM" --out "$OUT/inference.tsv" \
			--repeats $turns --seconds $turn_seconds $ARGS $BENCH
	fi
}

title "Cores that the sweep would keep busy"
# shellcheck disable=SC2086
"$PROGRAM" bench --cores --repeats $repeats --stretch $stretch --save "$OUT/cores.tsv" $SWEEP

title "Whole commands"
printf 'what\tseconds\n' >"$OUT/times.tsv"
# shellcheck disable=SC2046
add_time "params on all sweeps" "$(seconds_of "$PROGRAM" params $(ls sweeps/*.yaml))"
if [ -n "${FER2013-}" ]; then
	case $FER2013 in /*) ;; *) FER2013=$PWD/$FER2013 ;; esac
	"$PROGRAM" bench --reading --set "data.fer2013.file=$FER2013" --repeats $repeats --tsv \
		sweeps/fer2013.yaml >"$OUT/reading.tsv"
	add_time "reading FER2013, $(value_of "$OUT/reading.tsv" images sweep fer2013) images" \
		"$(value_of "$OUT/reading.tsv" seconds sweep fer2013)"
fi
if [ "$sweep_time" != 0 ]; then
	add_time "training $SWEEP" "$(seconds_of "$PROGRAM" run --force --quiet --reports "$OUT/sweep" "$SWEEP")"
fi

title "Pictures"
draw_all
