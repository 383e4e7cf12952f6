"""Which networks are compared with PyTorch: those of the sweeps here, and random ones.

Not a program: parity.py imports it.
"""
import collections
import json
import math
import pathlib
import sys

from random_networks import RandomNetwork

ROOT = pathlib.Path(__file__).resolve().parents[2]

Case = collections.namedtuple("Case", "group name sweep point batch")


def write_random(folder, seed):
    network = RandomNetwork(seed)
    (folder / "families").mkdir(exist_ok=True)
    (folder / "families" / f"{network.name}.yaml").write_text(network.family_text)
    sweep = folder / f"{network.name}.yaml"
    sweep.write_text(network.sweep_text)
    return Case("random", network.name, sweep, f"{network.name}/{network.width}", network.batch)


def points_of(program, sweep, all_widths):
    """Of each family the width nearest to 1, or all of them."""
    widths = {}
    for row in json.loads(program("summary", sweep, "--json")):
        family, width = row["point"].rsplit("/", 1)
        if float(width) not in widths.setdefault(family, []):
            widths[family].append(float(width))
    return [f"{family}/{width:g}" for family, some in widths.items()
            for width in (some if all_widths else [min(some, key=lambda w: abs(math.log(w)))])]


def reference_cases(program, all_widths):
    """Every family file must be among them."""
    cases = [Case("reference", f"{sweep.stem} {point}", sweep, point, None)
             for sweep in sorted((ROOT / "sweeps").glob("*.yaml")) for point in points_of(program, sweep, all_widths)]
    families = {path.stem for path in (ROOT / "sweeps" / "families").glob("*.yaml")}
    missing = families - {c.point.split("/")[0] for c in cases}
    if missing:
        sys.exit(f"families that no sweep uses: {', '.join(sorted(missing))}")
    return cases
