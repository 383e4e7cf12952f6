"""One training step of one network in both programs, and the differences.

Not a program: parity.py and tests/fixtures/make_step_fixtures.py import it. Needs torch and numpy.
"""
import collections
import copy
import json
import math

import numpy
import torch
from torch.nn import functional

from generic_weights import make_generic, scatter
from gradient_terms import GradientTerms
from random_networks import LEAST_PER_CHANNEL
from torch_summary import StepNetwork

CANCELS = 1e-2
BATCHES = ((37, 3e5), (19, 1.2e6), (5, 4e6), (2, math.inf))     # images, and the largest size that they are for
KINDS = ("loss", "logits", "gradients", "statistics")


def batch_of(summary):
    """Images for one full and one partial lane group, unless the network is too large for double precision; and enough
    for batch norm over the smallest map."""
    size = sum(row["height"] * row["width"] * row["channels"] for row in summary["layers"]) + summary["trainable"] / 10
    norms = [row["height"] * row["width"] for row in summary["layers"] if row["type"] == "batch_norm"]
    fitting = next(images for images, most in BATCHES if size <= most)
    return max(fitting, min(images for images, _ in BATCHES if images * min(norms, default=1e9) >= LEAST_PER_CHANNEL))


def judge_step(network, *step):
    """What torch_step returns, and {"grad/01_conv/kernel": size of its terms}."""
    with GradientTerms(network) as terms:
        results = torch_step(network, *step)
    return results, {f"grad/{name}": size for name, size in terms.sizes.items()}


def torch_step(network, values, images, labels, smoothing):
    """What archsweep step writes: {"loss": ..., "losses": ..., "grad/01_conv/kernel": ..., "02_batch_norm/moving_mean":
    ...}"""
    network.load(values)
    network.train().zero_grad()
    logits = network(images.to(next(network.parameters()).dtype))
    losses = functional.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    losses.mean().backward()
    results = {"loss": losses.mean(), "losses": losses, "logits": logits}
    gradients = {f"grad/{name}": value for name, value in network.gradients().items()}
    return {**{name: value.detach().numpy() for name, value in results.items()}, **gradients, **network.statistics()}


def kind_of(name):
    known = {"loss": "loss", "losses": "loss", "logits": "logits"}
    return known.get(name, "gradients" if name.startswith("grad/") else "statistics")


def largest(value):
    return float(numpy.abs(value).max())


def errors_of(got, want, terms):
    """{name: error}; infinite where an array is missing, has another shape, or holds what is not a number."""
    errors = {name: math.inf for name in set(got) ^ set(want)}
    for name in set(got) & set(want):
        if got[name].shape != want[name].shape or not numpy.isfinite(got[name]).all():
            errors[name] = math.inf
            continue
        difference = largest(got[name].astype(numpy.float64) - want[name])
        scale = max(largest(want[name]), terms.get(name, 0))
        errors[name] = difference / scale if scale > 0 else math.inf if difference > 0 else 0.0
    return errors


def worst_by_kind(errors):
    """{kind: (error, name)}"""
    worst = {kind: (0.0, "-") for kind in KINDS}
    for name, error in errors.items():
        worst[kind_of(name)] = max(worst[kind_of(name)], (error, name))
    return worst


class Result(collections.namedtuple("Result", "case images worst single changes gradients cancelled")):
    """worst: {kind: (error, name)}; single: PyTorch's largest error in single precision; changes: by make_generic, None
    if in vain; gradients: arrays of them; cancelled: those that are small against their terms."""

    def largest(self):
        return max(self.worst.values())


class Comparison:
    """A network in both programs: the weights, the batch, the results."""

    def __init__(self, case, program, folder):
        self.case, self.program, self.folder = case, program, folder
        self.summary = json.loads(program("summary", case.sweep, case.point, "--json"))
        self.judge = StepNetwork(self.summary).double().train()
        self.single = copy.deepcopy(self.judge).float()
        self.images = case.batch or batch_of(self.summary)
        self.generator = numpy.random.default_rng([self.images, *case.name.encode()])

    def path(self, name):
        return self.folder / f"{self.case.name.replace(' ', '-').replace('/', '-')}-{name}.npz"

    def exported(self):
        """The initial weights, after checking their names, shapes and number."""
        self.program("export", self.case.sweep, self.case.point, "--npz", self.path("first"), "--initial")
        with numpy.load(self.path("first")) as file:
            values = dict(file)
        found, expected = {n: v.shape for n, v in values.items()}, {a.name: a.shape for a in self.judge.arrays}
        if found != expected:
            raise ValueError(f"{self.case.name}: exported {sorted(found.items() ^ expected.items())}")
        if self.judge.counts() != (self.summary["trainable"], self.summary["total"]):
            raise ValueError(f"{self.case.name}: PyTorch counts {self.judge.counts()} parameters")
        return values

    def draw(self, values):
        """A batch and weights for which rounding decides nothing; how many kernels were changed."""
        rows, columns, channels = self.summary["input"]
        first = scatter(values, self.generator)
        for _ in range(5):
            images = self.generator.standard_normal((self.images, rows, columns, channels)).astype(numpy.float32)
            labels = self.generator.integers(0, self.summary["classes"], self.images)
            drawn = {name: value.copy() for name, value in first.items()}
            changes = make_generic((self.judge, self.single), drawn, torch.from_numpy(images), self.generator)
            if changes is not None:
                break
        return drawn, images, labels, changes

    def run(self):
        """Fills in the result."""
        values, images, labels, changes = self.draw(self.exported())
        numpy.savez(self.path("weights"), **values)
        numpy.savez(self.path("batch"), x=images, y=labels)
        self.program("step", self.case.sweep, self.case.point, "--weights", self.path("weights"), "--batch",
                     self.path("batch"),
                     "--out", self.path("out"))
        step = values, torch.from_numpy(images), torch.from_numpy(labels), self.summary["label_smoothing"]
        (want, terms), single = judge_step(self.judge, *step), torch_step(self.single, *step)
        with numpy.load(self.path("out")) as file:
            got = dict(file)
        cancelled = sum(largest(want[name]) < CANCELS * size for name, size in terms.items())
        return Result(self.case, self.images, worst_by_kind(errors_of(got, want, terms)),
                      max(errors_of(single, want, terms).values()), changes, len(terms), cancelled)
