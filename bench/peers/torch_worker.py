#!/usr/bin/env python3
"""A PyTorch process that trains networks for torch_compare.py: reads a JSON object per line, and answers each with one.

    {"build": SUMMARY}                                                  -> {"trainable": N}
        builds the network of an `archsweep summary --json`, in both memory layouts, in place of the one before
    {"measure": SECONDS, "layout": L, "precision": P}                   -> {"images_per_second": X}
        whole updates on made-up images for at least SECONDS: forward, loss, backward, the optimizer's step

Layouts are contiguous and channels_last, precisions float32 and bfloat16 (autocast). Needs torch and numpy.
"""
import argparse
import contextlib
import json
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional

sys.dont_write_bytecode = True
from torch_summary import SummaryNetwork  # noqa: E402

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
WARM_UP_STEPS = 3


def work_in_place(network):
    """Makes activations work in place if nothing else reads their input. A dense layer's output is a view in
    SummaryNetwork and stays unchanged."""
    readers = [used for row in network.rows for used in network.sources(row)]
    for row, module in zip(network.rows, network.built):
        source = row["from"]
        if isinstance(module, (nn.ReLU, nn.ReLU6, nn.LeakyReLU)) and source > 0 and readers.count(source) == 1:
            module.inplace = network.rows[source - 1]["type"] not in ("dense", "flatten")


def make_optimizer(parameters):
    """The fastest Adam of this PyTorch version."""
    try:
        return torch.optim.Adam(parameters, lr=1e-6, fused=True)
    except (RuntimeError, TypeError):
        return torch.optim.Adam(parameters, lr=1e-6)


class Bench:
    """A network in one memory layout."""

    def __init__(self, summary, layout):
        height, width, channels = summary["input"]
        torch.manual_seed(1)
        self.x = torch.rand(summary["batch"], channels, height, width).contiguous(memory_format=LAYOUTS[layout])
        self.y = torch.randint(0, summary["classes"], (summary["batch"],))
        self.network = SummaryNetwork(summary).to(memory_format=LAYOUTS[layout]).train()
        work_in_place(self.network)
        self.optimizer = make_optimizer(self.network.parameters())
        self.warm = set()

    def trainable(self):
        return sum(p.numel() for p in self.network.parameters())

    def step(self, precision):
        autocast = torch.autocast("cpu", torch.bfloat16) if precision == "bfloat16" else contextlib.nullcontext()
        self.optimizer.zero_grad()
        with autocast:
            loss = functional.cross_entropy(self.network(self.x), self.y)
        loss.backward()
        self.optimizer.step()

    def measure(self, precision, seconds):
        if precision not in self.warm:
            self.warm.add(precision)
            for _ in range(WARM_UP_STEPS):
                self.step(precision)
        self.step(precision)
        steps, start = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - start) < seconds or steps == 0:
            self.step(precision)
            steps += 1
        return steps * len(self.y) / elapsed


def serve():
    benches = {}
    for line in sys.stdin:
        command = json.loads(line)
        if "build" in command:
            benches.clear()
            benches = {layout: Bench(command["build"], layout) for layout in LAYOUTS}
            answer = {"trainable": benches["contiguous"].trainable()}
        else:
            answer = {"images_per_second": benches[command["layout"]].measure(command["precision"], command["measure"])}
        print(json.dumps(answer), flush=True)


def start(about):
    """Reads the arguments that every worker has, and keeps to its processor and threads. Returns how many threads."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processor", type=int, help="run on this one alone")
    arguments = parser.parse_args()
    if arguments.processor is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {arguments.processor})
    torch.set_num_threads(arguments.threads)
    return arguments.threads


def main():
    start(__doc__)
    print(json.dumps({"torch": torch.__version__}), flush=True)
    serve()


if __name__ == "__main__":
    main()
