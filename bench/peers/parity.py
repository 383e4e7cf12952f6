#!/usr/bin/env python3
"""One training step of archsweep and of PyTorch from the same weights on the same batch: loss, logits, gradients,
statistics.

    python3 bench/peers/parity.py                       # every reference network, and 200 random ones
    python3 bench/peers/parity.py --random 0 --only resnet --only plain
    python3 bench/peers/parity.py --reference 0 --random 1 --first 17 --keep FOLDER     # one again, keeps its files

PyTorch's network is built from `archsweep summary --json` and is the reference: it computes in double precision. An
error is the largest difference in an array divided by the array's largest number; the column torch32 is PyTorch's own
error in single precision, for scale. Exits 1 if any error is not below 1e-4. Needs torch and numpy.

Errors of a gradient whose terms cancel (zero on paper for a bias before batch norm) are relative to those terms, see
gradient_terms.py; the last line counts the gradients below a hundredth of their terms.
"""
import argparse
import math
import pathlib
import subprocess
import sys
import tempfile

import torch

sys.dont_write_bytecode = True
from parity_cases import ROOT, reference_cases, write_random  # noqa: E402
from parity_step import KINDS, Comparison, Result  # noqa: E402

LIMIT = 1e-4


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--archsweep", default=str(ROOT / "build" / "archsweep"), help="the program")
    add("--reference", type=int, choices=(0, 1), default=1, help="0: no reference networks")
    add("--all-widths", action="store_true",
        help="every width of the reference networks, not only the one nearest to 1")
    add("--random", type=int, default=200, metavar="N", help="random networks; 200 if not given")
    add("--first", type=int, default=1, metavar="SEED", help="seed of the first random network")
    add("--only", action="append", default=[], metavar="PART", help="reference networks whose name has this in it")
    add("--threads", type=int, default=0, help="of both programs; 0: their own choice")
    add("--keep", type=pathlib.Path, metavar="FOLDER", help="write the networks' files there and leave them")
    return parser.parse_args()


class Program:
    def __init__(self, path, threads):
        self.path, self.threads = path, threads

    def __call__(self, command, *arguments):
        line = [self.path, command, *map(str, arguments)]
        if command == "step" and self.threads:
            line += ["--threads", str(self.threads)]
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ValueError(f"{' '.join(line)}: exit {done.returncode}\n{done.stderr}")
        return done.stdout


def compare(case, program, folder, keep):
    try:
        result = Comparison(case, program, folder).run()
    except ValueError as reason:
        print(reason, file=sys.stderr)
        result = Result(case, case.batch or 0, {kind: (math.inf, "failed") for kind in KINDS}, math.nan, None, 0, 0)
    if not keep:
        for path in folder.glob("*.npz"):
            path.unlink()
    return result


COLUMNS = "{:36} {:>6} {:>9} {:>9} {:>9} {:>10} {:>9} {:>8}  {}"


def print_result(result):
    error, name = result.largest()
    errors = [f"{result.worst[kind][0]:.1e}" for kind in KINDS]
    changes = "close" if result.changes is None else result.changes
    print(COLUMNS.format(result.case.name, result.images, *errors, f"{result.single:.1e}", changes,
                         name if error < LIMIT else f"{name}  TOO LARGE"), flush=True)


def print_worst(results):
    """Whether all is well."""
    groups = {result.case.group: [r for r in results if r.case.group == result.case.group] for result in results}
    print(f"\n{'group':10} {'networks':>8} {'worst':>9} {'torch32':>9} {'gradients':>9} {'cancel':>6}  network, array")
    for group, members in [*groups.items(), *([("all", results)] if len(groups) > 1 else [])]:
        worst = max(members, key=lambda r: r.largest()[0])
        error, name = worst.largest()
        print(f"{group:10} {len(members):8} {error:9.1e} {max(r.single for r in members):9.1e} "
              f"{sum(r.gradients for r in members):9} {sum(r.cancelled for r in members):6}  {worst.case.name}, {name}")
    failed = [r for r in results if not r.largest()[0] < LIMIT]
    print(f"\n{len(results) - len(failed)} below {LIMIT:g}, {len(failed)} not")
    return not failed


def main():
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    program = Program(arguments.archsweep, arguments.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        cases = reference_cases(program, arguments.all_widths) if arguments.reference else []
        cases = [c for c in cases if not arguments.only or any(part in c.name for part in arguments.only)]
        cases += [write_random(folder, arguments.first + i) for i in range(arguments.random)]
        print(COLUMNS.format("network", "images", *KINDS, "torch32", "changes", "largest error in"), flush=True)
        results = []
        for case in cases:
            if case.group == "random":
                # With several threads PyTorch 2.13 writes past its memory in the backward pass of some small networks
                # (random-142).
                torch.set_num_threads(1)
            results.append(compare(case, program, folder, arguments.keep))
            print_result(results[-1])
    if not results:
        sys.exit("no network was compared")
    sys.exit(0 if print_worst(results) else 1)


if __name__ == "__main__":
    main()
