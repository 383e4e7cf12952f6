"""Weights for which rounding decides nothing: no rectifier or max pooling is so close to its kink that rounding chooses
the path of the gradient. At such a kink float32 gradients of two programs may differ although both are right.

A value is close if its distance is below MARGIN times the difference between float64 and ROUNDINGS differently rounded
runs in float32. The MARGIN is needed because Winograd's algorithm with 4x4 tiles rounds several times as coarsely as
PyTorch. The kernels of channels with close values are changed by a thousandth, then by twice that and so on, and later
layers are computed again.

Not a program: parity.py imports it. Needs torch and numpy.
"""
import collections
import math

import numpy
import torch
from torch.nn import functional

MARGIN, CHANGE, ROUNDINGS = 12.0, 1e-3, 4
ROUNDING = 2.0 ** -23
WITH_KERNEL = ("conv", "depthwise", "dense")
KINKS = {"relu": (0.0,), "relu6": (0.0, 6.0), "leaky_relu": (0.0,)}


def scatter(values, generator):
    """The exported initial weights in float32; arrays of zeros or ones get noise, since they would hide mistakes."""
    result = {}
    for name, value in values.items():
        array, noise = name.split("/")[1], generator.standard_normal(value.shape)
        if array == "moving_variance":
            value = generator.uniform(0.5, 1.5, value.shape)
        elif array != "kernel":
            value = value + 0.3 * noise
        result[name] = value.astype(numpy.float32)
    return result


def unfolded(x, row):
    """[n, channels, taps, windows], minus infinity outside the image."""
    fields = row["fields"]
    top, bottom, left, right = fields["padding"]
    padded = functional.pad(x, (left, right, top, bottom), value=-math.inf)
    columns = functional.unfold(padded, fields["window"], stride=fields["stride"])
    return columns.reshape(x.shape[0], x.shape[1], -1, columns.shape[-1])


def close_windows(row, x, noise):
    """Windows whose two largest numbers are too close. Ties are fine: both programs take the first."""
    taps = unfolded(x, row)
    if taps.shape[2] == 1:
        return torch.zeros(1, x.shape[1], 1, dtype=torch.bool)
    best = taps.topk(2, dim=2)
    gap = best.values[:, :, 0] - best.values[:, :, 1]
    return (gap > 0) & (gap < MARGIN * unfolded(noise, row).gather(2, best.indices).amax(2))


def close_values(row, x, noise):
    distances = torch.stack([(x - kink).abs() for kink in KINKS[row["type"]]])
    return ((distances > 0) & (distances < MARGIN * noise)).any(0)


class Search:
    """One network's forward pass, in float64 and several times in float32."""

    def __init__(self, networks, values, images, generator):
        self.judge, self.single = networks
        self.values, self.generator = values, generator
        images = images.permute(0, 3, 1, 2)
        self.outputs = [images.double()]
        self.roundings = [[images] for _ in range(ROUNDINGS)]
        self.changes, self.tries = 0, collections.Counter()

    def compute(self, number):
        del self.outputs[number:]
        self.outputs.append(self.judge.run_layer(number, self.outputs))
        for outputs in self.roundings:
            del outputs[number:]
            exact = self.single.run_layer(number, outputs)
            outputs.append(exact * (1 + ROUNDING * torch.empty_like(exact).uniform_(-1, 1)))

    def close_channels(self, number):
        row = self.judge.rows[number - 1]
        if row["type"] != "max_pool" and row["type"] not in KINKS:
            return []
        x = self.outputs[row["from"]]
        noise = torch.stack([(x - outputs[row["from"]].double()).abs() for outputs in self.roundings]).amax(0)
        close = (close_windows if row["type"] == "max_pool" else close_values)(row, x, noise)
        return close.transpose(0, 1).flatten(1).any(1).nonzero().flatten().tolist()

    def upstream(self, number, channels):
        """The nearest layer before that has a kernel, and its output channels; 0 where the input comes first."""
        number = self.judge.rows[number - 1]["from"]
        while number and self.judge.rows[number - 1]["type"] not in WITH_KERNEL:
            row = self.judge.rows[number - 1]
            if row["type"] == "flatten":
                channels = sorted({channel % row["input_channels"] for channel in channels})
            number = row["from"]
        return number, channels

    def change(self, number, channels):
        arrays = [next(a for a in network.arrays if a.number == number) for network in (self.judge, self.single)]
        value = self.values[arrays[0].name]
        flat = value.reshape(*value.shape[:2], -1) if arrays[0].kind == "depthwise" else value
        size = min(1, CHANGE * 2 ** self.tries[number])
        part = flat[..., channels]
        flat[..., channels] = part * (1 + size * self.generator.standard_normal(part.shape)).astype(numpy.float32)
        for array in arrays:
            array.set(value)
        self.changes += 1
        self.tries[number] += 1


@torch.no_grad()
def make_generic(networks, values, images, generator):
    """Changes `values` until no decision is close; networks: the judge and its float32 copy, in training mode. Returns
    how many times a layer was changed, or None if that did not end, or if what is close is the input itself."""
    for network in networks:
        network.load(values)
    torch.manual_seed(len(values))              # for the roundings
    search = Search(networks, values, images, generator)
    number, last = 1, len(networks[0].rows)
    while number <= last:
        search.compute(number)
        channels = search.close_channels(number)
        if not channels:
            number += 1
            continue
        number, channels = search.upstream(number, channels)
        if number == 0 or search.changes > 40 + 10 * last:
            return None
        search.change(number, channels)
    return search.changes
