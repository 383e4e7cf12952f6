#!/usr/bin/env python3
"""archsweep against PyTorch: training images per second of the same networks, batch and step, in turns.

    python3 bench/peers/torch_compare.py --program build/archsweep --out reports/bench/pytorch.tsv sweeps/bench.yaml

PyTorch runs in four ways, and its best counts: contiguous and channels-last memory, each as one process with all
threads and as one single-threaded process per core, whose speeds are added. archsweep runs in two ways: all threads on
one point, and one point per core, as in a sweep. bfloat16 has its own columns (recipe.precision=bf16, autocast), since
it computes something else. Measurements alternate between archsweep and PyTorch, so that slow moments of the machine
affect both; medians count. archsweep's times include loading and augmentation, PyTorch has its images in memory.
PyTorch gets the fastest memory there is: huge pages, and tcmalloc where it is installed (libtcmalloc-minimal4).
--python is a Python with torch; this script does not need it.
"""
import argparse
import csv
import glob
import itertools
import json
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

OUR_WAYS = ("threads", "processes")
WAYS = list(itertools.product(("contiguous", "channels_last"), ("threads", "processes")))
PRECISIONS = {"float32": "float32", "bfloat16": "bf16"}         # and the recipe's word for it
COLUMNS = ["sweep", "family", "width", "batch", "cores", "ours", "ours_way", "float32", "float32_way", "ratio", "goal",
           "reached",
           "ours_bfloat16", "ours_bfloat16_way", "bfloat16", "bfloat16_way", "bfloat16_ratio"]
COLUMNS += [f"ours_{precision}_{how}" for precision in PRECISIONS for how in OUR_WAYS]
COLUMNS += [f"{precision}_{layout}_{how}" for precision in PRECISIONS for layout, how in WAYS] + ["torch", "memory"]
SHOWN = ["family", "width", "ours", "ours_way", "float32", "ratio", "goal", "reached", "float32_way",
         "ours_bfloat16", "bfloat16", "bfloat16_ratio", "bfloat16_way"]
TRAINER = "torch_worker.py"
ALLOCATOR = "libtcmalloc_minimal.so.4"


class Trouble(Exception):
    pass


def find_allocator():
    """tcmalloc's path; "" where it is not installed."""
    folders = ["/usr/lib", "/usr/lib64", *glob.glob("/usr/lib/*-linux-gnu*")]
    paths = [os.path.join(folder, ALLOCATOR) for folder in folders]
    return next((path for path in paths if os.path.exists(path)), "")


def parse_arguments(about):
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    add = parser.add_argument
    add("sweeps", nargs="+", metavar="SWEEP.yaml")
    add("--program", default="build/archsweep")
    add("--python", default=sys.executable, help="the Python that has torch")
    add("--goals", default=os.path.join(os.path.dirname(__file__), "..", "goals.tsv"), metavar="FILE")
    add("--out", required=True, metavar="FILE.tsv")
    add("--only", action="append", default=[], metavar="GLOB")
    add("--repeats", type=int, default=5)
    add("--seconds", type=float, default=1.0, help="least length of one measurement")
    add("--threads", type=int, default=0, help="cores to use; 0: as many as this process may")
    add("--preload", default=find_allocator(), metavar="FILE.so",
        help="an allocator for PyTorch in training; tcmalloc where it is found, '' for the C library's")
    arguments = parser.parse_args()
    arguments.threads = arguments.threads or len(os.sched_getaffinity(0))
    return arguments


def run_program(arguments, *words):
    done = subprocess.run([arguments.program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode:
        raise Trouble(f"{' '.join([arguments.program, *words])}: {done.stderr.strip()}")
    return done.stdout


def rows_of(text):
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def read_goals(path):
    with open(path, encoding="utf-8") as file:
        return {(row["family"], float(row["width"])): float(row["goal"]) for row in rows_of(file.read())}


class Worker:
    """A process of another engine: a script beside this one. `greeting` is what it says first."""

    def __init__(self, arguments, script, threads, processor=None):
        words = [arguments.python, os.path.join(os.path.dirname(os.path.abspath(__file__)), script)]
        words += ["--threads", str(threads)] + ([] if processor is None else ["--processor", str(processor)])
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "THP_MEM_ALLOC_ENABLE": "1"}
        if arguments.preload and script == TRAINER:         # OpenVINO frees what tcmalloc has not given
            environment["LD_PRELOAD"] = arguments.preload
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment)
        self.greeting = self.hear()

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise Trouble(f"{self.process.args[1]} ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, **command):
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self.hear()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Team:
    """Workers that run at the same time; their speeds are added."""

    def __init__(self, workers):
        self.workers = workers
        self.pool = ThreadPoolExecutor(len(workers))

    def ask(self, **command):
        return list(self.pool.map(lambda worker: worker.ask(**command), self.workers))

    def speed(self, **command):
        return sum(answer["images_per_second"] for answer in self.ask(**command))

    def close(self):
        for worker in self.workers:
            worker.close()
        self.pool.shutdown()


def start_teams(arguments, script):
    processors = sorted(os.sched_getaffinity(0))[:arguments.threads]
    return {"threads": Team([Worker(arguments, script, arguments.threads)]),
            "processes": Team([Worker(arguments, script, 1, processor) for processor in processors])}


def our_speed(arguments, sweep, point, precision, threads):
    words = ["bench", sweep, "--only", point, "--training", "--tsv", "--peak", "1", "--repeats", "1", "--threads",
             str(threads), "--stretch", str(max(1, round(arguments.seconds * 1000))), "--set",
             f"recipe.precision={PRECISIONS[precision]}"]
    return float(rows_of(run_program(arguments, *words))[0]["images_per_second"])


def each_way(arguments, speed_on):
    """Our speed with all threads on one point, and with one point per core: they start together, and their speeds are
    added. speed_on: from a number of threads to images a second."""
    with ThreadPoolExecutor(arguments.threads) as pool:
        side_by_side = sum(pool.map(speed_on, [1] * arguments.threads))
    return {"threads": speed_on(arguments.threads), "processes": side_by_side}


def medians(speeds):
    return {key: statistics.median(values) for key, values in speeds.items()}


def best_of(speeds, precision, ways):
    """The fastest way and its speed."""
    way = max(ways, key=lambda way: speeds[precision, way])
    return speeds[precision, way], way


def compare(arguments, teams, sweep, point):
    """One network: a row without its goal."""
    summary = json.loads(run_program(arguments, "summary", "--json", sweep, point))
    for team in teams.values():
        for answer in team.ask(build=summary):
            if answer["trainable"] != summary["trainable"]:
                raise Trouble(f"{point}: {answer['trainable']} parameters in PyTorch, "
                              f"{summary['trainable']} in archsweep")
    ours = {key: [] for key in itertools.product(PRECISIONS, OUR_WAYS)}
    theirs = {key: [] for key in itertools.product(PRECISIONS, WAYS)}
    for _ in range(arguments.repeats):
        for precision in PRECISIONS:
            speeds = each_way(arguments, lambda threads, p=precision: our_speed(arguments, sweep, point, p, threads))
            for how, speed in speeds.items():
                ours[precision, how].append(speed)
        for (precision, way), speeds in theirs.items():
            speeds.append(teams[way[1]].speed(measure=arguments.seconds, layout=way[0], precision=precision))
    return make_row(arguments, summary, medians(ours), medians(theirs))


def make_row(arguments, summary, ours, theirs):
    row = {"sweep": summary["sweep"], "family": summary["family"], "width": f"{summary['width']:g}",
           "batch": summary["batch"],
           "cores": arguments.threads}
    row["ours"], row["ours_way"] = best_of(ours, "float32", OUR_WAYS)
    row["ours_bfloat16"], row["ours_bfloat16_way"] = best_of(ours, "bfloat16", OUR_WAYS)
    for precision in PRECISIONS:
        row[precision], way = best_of(theirs, precision, WAYS)
        row[f"{precision}_way"] = "/".join(way)
        row.update({f"ours_{precision}_{how}": ours[precision, how] for how in OUR_WAYS})
        row.update({f"{precision}_{'_'.join(way)}": theirs[precision, way] for way in WAYS})
    row["ratio"], row["bfloat16_ratio"] = row["ours"] / row["float32"], row["ours_bfloat16"] / row["bfloat16"]
    return row


def judge(row, goals):
    goal = goals.get((row["family"], float(row["width"])))
    row["goal"] = "" if goal is None else goal
    row["reached"] = "" if goal is None else "yes" if row["ratio"] >= goal else "no"


def show(value):
    if not isinstance(value, float):
        return str(value)
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def write_tsv(path, columns, rows):
    temporary = f"{path}.tmp-{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as file:
        for row in [dict(zip(columns, columns)), *rows]:
            print(*(f"{row[c]:.6g}" if isinstance(row[c], float) else row[c] for c in columns), sep="\t", file=file)
    os.replace(temporary, path)


def print_rows(columns, rows):
    texts = [columns] + [[show(row[c]) for c in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts)]
    for line in texts:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def points_of(arguments, sweep):
    names = dict.fromkeys(row["point"] for row in rows_of(run_program(arguments, "summary", "--tsv", sweep)))
    return [name for name in names if not arguments.only or any(fnmatch(name, glob) for glob in arguments.only)]


def compare_all(arguments, worker, columns, shown, compare, describe):
    """A row by compare(teams, sweep, point) for each point, told by describe(row); what there is is kept each time."""
    points = [(sweep, point) for sweep in arguments.sweeps for point in points_of(arguments, sweep)]
    teams, rows = start_teams(arguments, worker), []
    for sweep, point in points:
        rows.append(compare(teams, sweep, point))
        print(f"{point}: {describe(rows[-1])}", file=sys.stderr)
        write_tsv(arguments.out, columns, rows)
    for team in teams.values():
        team.close()
    print_rows(shown, rows)


def describe(row):
    return (f"{show(row['ours'])} images/s ({row['ours_way']}), "
            f"PyTorch {show(row['float32'])} ({row['float32_way']}), ratio {row['ratio']:.2f}; "
            f"in bfloat16 {show(row['ours_bfloat16'])} and {show(row['bfloat16'])}, "
            f"ratio {row['bfloat16_ratio']:.2f}")


def main():
    arguments = parse_arguments(__doc__)
    goals = read_goals(arguments.goals)

    def compare_one(teams, sweep, point):
        row = compare(arguments, teams, sweep, point)
        row["torch"] = teams["threads"].workers[0].greeting["torch"]
        row["memory"] = "huge pages" + (f", {os.path.basename(arguments.preload)}" if arguments.preload else "")
        judge(row, goals)
        return row

    compare_all(arguments, TRAINER, COLUMNS, SHOWN, compare_one, describe)


if __name__ == "__main__":
    try:
        main()
    except Trouble as trouble:
        sys.exit(f"torch_compare.py: {trouble}")
