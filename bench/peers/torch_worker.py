#!/usr/bin/env python3
"""A PyTorch process that trains networks on command, for torch_compare.py: one JSON object a line on stdin, one on stdout for each.

    {"build": SUMMARY}                                                  -> {"trainable": N}
        the network of an `archsweep summary --json`, in both memory layouts; the one before is forgotten
    {"measure": SECONDS, "layout": L, "precision": P}                   -> {"images_per_second": X}
        whole updates on made-up images for at least so long: forward, loss, backward, the optimizer's step

Layouts are contiguous and channels_last, precisions float32 and bfloat16 (autocast). Needs torch.
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
from torch_network import build  # noqa: E402

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
WARM_UP_STEPS = 3


class SummaryNetwork(nn.Module):
    """Layers by the summary's rows: `from` and `with` are rows, 0 is the input."""

    def __init__(self, summary):
        super().__init__()
        rows = summary["layers"][1:]
        shapes = [(row["channels"], row["height"], row["width"]) for row in summary["layers"]]
        self.kinds = [(row["type"], row["from"], row["with"]) for row in rows]
        self.modules_in_order = nn.ModuleList()
        for row in rows:
            module, out = (nn.Identity(), shapes[row["from"]])
            if row["type"] != "add":
                module, out = build(row["type"], shapes[row["from"]], row["fields"])
            if out != shapes[row["index"]]:
                raise ValueError(f"layer {row['index']}, {row['type']}: the summary says {shapes[row['index']]}, PyTorch {out}")
            self.modules_in_order.append(module)
        self.last_use = self.find_last_uses()
        self.work_in_place()

    def find_last_uses(self):
        """For each row, the last one that reads it: nothing is kept longer than that."""
        last = {}
        for index, (_, source, other) in enumerate(self.kinds, 1):
            last[source] = index
            if other is not None:
                last[other] = index
        return last

    def work_in_place(self):
        """Activations overwrite what nobody else reads."""
        readers = [source for _, *sources in self.kinds for source in sources if source is not None]
        for (kind, source, _), module in zip(self.kinds, self.modules_in_order):
            if source > 0 and readers.count(source) == 1 and isinstance(module, (nn.ReLU, nn.ReLU6, nn.LeakyReLU)):
                module.inplace = True

    def forward(self, x):
        outputs = {0: x}
        for index, ((kind, source, other), module) in enumerate(zip(self.kinds, self.modules_in_order), 1):
            outputs[index] = outputs[source] + outputs[other] if kind == "add" else module(outputs[source])
            for used in {source, other} - {None}:
                if self.last_use[used] == index:
                    del outputs[used]
        return outputs[len(self.kinds)].flatten(1)


def make_optimizer(parameters):
    """Adam in its fastest form that this version has."""
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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--processor", type=int, help="run on this one alone")
    arguments = parser.parse_args()
    if arguments.processor is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {arguments.processor})
    torch.set_num_threads(arguments.threads)
    print(json.dumps({"torch": torch.__version__}), flush=True)
    serve()


if __name__ == "__main__":
    main()
