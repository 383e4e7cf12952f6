#!/usr/bin/env python3
"""archsweep against PyTorch, ONNX Runtime and OpenVINO: images per second of the same networks in inference, in turns.

    python3 bench/peers/infer_compare.py --program build/archsweep --out reports/bench/inference.tsv sweeps/bench.yaml

Each engine runs in two ways, and its better one counts: one process with all threads, and one single-threaded process
per core, whose speeds are added. All compute in float32, in the batch of the recipe. archsweep's times include loading
and loss, as in an evaluation; the others have their images in memory. Engines that --python does not have are left out.
"""
import json
import statistics
import sys

sys.dont_write_bytecode = True
from torch_compare import (OUR_WAYS, Trouble, compare_all, each_way, parse_arguments, rows_of,  # noqa: E402
                           run_program, show)

ENGINES = ("pytorch", "onnxruntime", "openvino")
COLUMNS = ["sweep", "family", "width", "batch", "cores", "ours", "ours_way", "best", "best_engine", "ratio"]
COLUMNS += [column for engine in ENGINES for column in (engine, f"{engine}_way", f"{engine}_version")]
SHOWN = ["family", "width", "ours", "ours_way", "best", "best_engine", "ratio", *ENGINES]


def our_speed(arguments, sweep, point, threads):
    words = ["bench", sweep, "--only", point, "--tsv", "--peak", "1", "--repeats", "1", "--threads", str(threads),
             "--stretch", str(max(1, round(arguments.seconds * 1000)))]
    return float(rows_of(run_program(arguments, *words))[0]["inference_images_per_second"])


def measure(arguments, teams, sweep, point, engines):
    """{"ours" or an engine: {way: median speed}}"""
    speeds = {}
    for _ in range(arguments.repeats):
        for way, speed in each_way(arguments, lambda threads: our_speed(arguments, sweep, point, threads)).items():
            speeds.setdefault(("ours", way), []).append(speed)
        for engine in engines:
            for way in OUR_WAYS:
                speeds.setdefault((engine, way), []).append(teams[way].speed(measure=arguments.seconds, engine=engine))
    return {who: {way: statistics.median(speeds[who, way]) for way in OUR_WAYS} for who in ("ours", *engines)}


def compare(arguments, teams, sweep, point, engines):
    summary = json.loads(run_program(arguments, "summary", "--json", sweep, point))
    for team in teams.values():
        for answer in team.ask(build=summary):
            if answer["trainable"] != summary["trainable"]:
                raise Trouble(f"{point}: {answer['trainable']} parameters in PyTorch, "
                              f"{summary['trainable']} in archsweep")
    row = {**dict.fromkeys(COLUMNS, ""), **{key: summary[key] for key in ("sweep", "family", "batch")},
           "width": f"{summary['width']:g}", "cores": arguments.threads}
    for who, ways in measure(arguments, teams, sweep, point, engines).items():
        row[f"{who}_way"] = max(ways, key=ways.get)
        row[who] = ways[row[f"{who}_way"]]
    row.update({f"{engine}_version": version for engine, version in engines.items()})
    row["best_engine"] = max(engines, key=row.get)
    row["best"] = row[row["best_engine"]]
    row["ratio"] = row["ours"] / row["best"]
    return row


def describe(row):
    engines = [engine for engine in ENGINES if row[f"{engine}_version"]]
    return (f"{show(row['ours'])} images/s ({row['ours_way']}), " +
            ", ".join(f"{engine} {show(row[engine])} ({row[f'{engine}_way']})" for engine in engines) +
            f", ratio to the best {row['ratio']:.2f}")


def main():
    arguments = parse_arguments(__doc__)

    def compare_one(teams, sweep, point):
        return compare(arguments, teams, sweep, point, teams["threads"].workers[0].greeting["engines"])

    compare_all(arguments, "infer_worker.py", COLUMNS, SHOWN, compare_one, describe)


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        sys.exit(f"infer_compare.py: {trouble}")
