#!/usr/bin/env python3
"""Training images per second of our families in PyTorch: forward, loss, backward and an Adam step on synthetic images.

    python3 bench/peers/torch_speed.py --points plain/12 conv1x1/12 mobilenet-v1/1 --batch 128 --threads 2

Prints tab-separated rows, one for each point and memory layout: the median over --repeats stretches of at least --seconds each.
The layouts take turns, stretch by stretch, so that a slow moment of the machine meets both. Needs torch.
"""
import argparse
import statistics
import sys
import time

import torch
from torch.nn import functional

sys.dont_write_bytecode = True
from torch_network import network  # noqa: E402

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
POINTS = [f"{family}/{width}" for family in ("plain", "conv1x1") for width in (3, 6, 12, 24, 48)] + ["mobilenet-v1/1"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--points", nargs="+", default=POINTS, metavar="FAMILY/WIDTH")
    add("--batch", type=int, default=128)
    add("--shape", type=int, nargs=3, default=(48, 48, 1), metavar=("HEIGHT", "WIDTH", "CHANNELS"))
    add("--classes", type=int, default=7)
    add("--threads", type=int, default=0, help="0: PyTorch's choice")
    add("--repeats", type=int, default=7)
    add("--seconds", type=float, default=1.0, help="least length of one measured stretch")
    return parser.parse_args()


class Bench:
    """One point in one memory layout, warmed up."""

    def __init__(self, point, layout, arguments):
        height, width, channels = arguments.shape
        family, setting = point.split("/")
        torch.manual_seed(1)
        self.batch, self.seconds = arguments.batch, arguments.seconds
        self.x = torch.rand(self.batch, channels, height, width).contiguous(memory_format=LAYOUTS[layout])
        self.y = torch.randint(0, arguments.classes, (self.batch,))
        self.model = network(family, setting, (channels, height, width), arguments.classes)
        self.model.initialise(1)
        self.model = self.model.to(memory_format=LAYOUTS[layout]).train()
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=True)
        self.rates = []
        for _ in range(3):
            self.step()

    def step(self):
        self.optimizer.zero_grad()
        functional.cross_entropy(self.model(self.x), self.y).backward()
        self.optimizer.step()

    def measure(self):
        """One stretch: as many steps as fit."""
        steps, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < self.seconds:
            self.step()
            steps += 1
        self.rates.append(steps * self.batch / elapsed)


def print_row(*cells):
    print(*cells, sep="\t", flush=True)


def main():
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    print_row("point", "trainable", "layout", "threads", "batch", "images_per_second", "slowest", "fastest", "torch")
    for point in arguments.points:
        benches = {layout: Bench(point, layout, arguments) for layout in LAYOUTS}
        for _ in range(arguments.repeats):
            for bench in benches.values():
                bench.measure()
        for layout, bench in benches.items():
            rates = [f"{rate:.1f}" for rate in (statistics.median(bench.rates), min(bench.rates), max(bench.rates))]
            print_row(point, bench.model.trainable(), layout, torch.get_num_threads(), arguments.batch, *rates, torch.__version__)


if __name__ == "__main__":
    main()
