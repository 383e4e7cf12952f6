"""Which networks are compared with PyTorch: those of the sweeps here, those of families that no sweep uses, and random ones.

Not a program: parity.py imports it.
"""
import collections
import json
import math
import pathlib
import sys

from random_networks import RandomNetwork

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Families that no sweep here uses: input, classes and width of what their authors trained.
ELSEWHERE = {"resnet-20": ((32, 32, 3), 10, 1), "mobilenet-v1-imagenet": ((224, 224, 3), 1000, 1)}

Case = collections.namedtuple("Case", "group name sweep point batch")


def write_random(folder, seed):
    network = RandomNetwork(seed)
    (folder / "families").mkdir(exist_ok=True)
    (folder / "families" / f"{network.name}.yaml").write_text(network.family_text)
    sweep = folder / f"{network.name}.yaml"
    sweep.write_text(network.sweep_text)
    return Case("random", network.name, sweep, f"{network.name}/{network.width}", network.batch)


def write_elsewhere(folder, family):
    (height, width, channels), classes, scale = ELSEWHERE[family]
    (folder / "families").mkdir(exist_ok=True)
    text = (ROOT / "sweeps" / "families" / f"{family}.yaml").read_text()
    (folder / "families" / f"{family}.yaml").write_text(text)
    sweep = folder / f"{family}.yaml"
    sweep.write_text(f"data: {{idx: {{folder: nowhere}}}}\ninput: [{height}, {width}, {channels}]\nclasses: {classes}\n"
                     f"recipe: {{epochs: 1, label_smoothing: 0.1}}\nfamilies: [{{family: {family}, widths: [{scale}]}}]\n")
    return sweep


def points_of(program, sweep, all_widths):
    """Of each family the width nearest to 1, or all of them."""
    widths = {}
    for row in json.loads(program("summary", sweep, "--json")):
        family, width = row["point"].rsplit("/", 1)
        if float(width) not in widths.setdefault(family, []):
            widths[family].append(float(width))
    return [f"{family}/{width:g}" for family, some in widths.items()
            for width in (some if all_widths else [min(some, key=lambda w: abs(math.log(w)))])]


def reference_cases(program, folder, all_widths):
    """Every family file must be among them."""
    sweeps = sorted((ROOT / "sweeps").glob("*.yaml")) + [write_elsewhere(folder, family) for family in ELSEWHERE]
    cases = [Case("reference", f"{sweep.stem} {point}", sweep, point, None)
             for sweep in sweeps for point in points_of(program, sweep, all_widths)]
    missing = {path.stem for path in (ROOT / "sweeps" / "families").glob("*.yaml")} - {c.point.split("/")[0] for c in cases}
    if missing:
        sys.exit(f"families that no sweep uses: {', '.join(sorted(missing))}; add them to ELSEWHERE")
    return cases
