#!/usr/bin/env python3
"""Trains one of our families in PyTorch on FER2013, by a recipe with our words, so that final accuracies can be
compared.

    archsweep export sweeps/fer2013.yaml plain/12 --initial --npz first.npz
    python3 bench/peers/torch_accuracy.py --data fer2013.csv.gz --family plain --width 12 --weights first.npz \
        --epochs 30

With --weights both start from the same weights; image order, augmentation and dropout still differ. Prints
tab-separated rows: one per epoch, then the accuracy of the final weights on the public test images, the private ones,
and both together. The epoch rows use the public images as validation images. Needs torch and numpy.
"""
import argparse
import csv
import gzip
import json
import math
import sys
import time

import numpy
import torch
from torch.nn import functional

sys.dont_write_bytecode = True
from torch_network import FAMILIES, load_weights, network  # noqa: E402

SHAPE, CLASSES = (1, 48, 48), 7
USAGES = ("Training", "PublicTest", "PrivateTest")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--data", required=True, help="fer2013.csv, plain or gzipped")
    add("--family", choices=FAMILIES, default="plain")
    add("--width", default="12")
    add("--seed", type=int, default=1)
    add("--epochs", type=int, default=30)
    add("--batch", type=int, default=128)
    add("--optimizer", choices=("adam", "sgd"), default="adam")
    add("--learning-rate", type=float, default=0.0, help="0: the optimizer's usual one, 0.001 for adam, 0.01 for sgd")
    add("--schedule", choices=SCHEDULES, default="constant")
    add("--label-smoothing", type=float, default=0.0)
    add("--scaling", choices=("unit", "standard", "raw"), default="unit")
    add("--flip", action="store_true", help="mirror half of the training images")
    add("--shift", type=float, default=0.0, help="move training images by up to this share of their height and width")
    add("--weights", help="first weights, as `archsweep export --initial` writes them; without: drawn by the same rule")
    add("--channels-last", action="store_true",
        help="images with their channels last in memory, which is faster here and there")
    add("--threads", type=int, default=0, help="0: PyTorch's choice")
    add("--limit", type=int, default=0, help="use only so many images of each split; 0: all")
    add("--json", help="write the result here as well")
    return parser.parse_args()


def read_splits(path, limit):
    """{usage: (pixels uint8 [n, 1, 48, 48], labels [n])}"""
    pixels, labels = {usage: [] for usage in USAGES}, {usage: [] for usage in USAGES}
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", newline="") as file:
        for row in csv.DictReader(file):
            usage = row["Usage"]
            if limit and len(labels[usage]) >= limit:
                continue
            pixels[usage].append(numpy.array(row["pixels"].split(), dtype=numpy.uint8))
            labels[usage].append(int(row["emotion"]))
    return {usage: (torch.from_numpy(numpy.stack(pixels[usage])).view(-1, *SHAPE), torch.tensor(labels[usage]))
            for usage in USAGES}


class Scaling:
    """Bytes to network inputs: value * gain + offset."""

    def __init__(self, rule, training):
        self.gain, self.offset = {"unit": (1 / 255, 0.0), "raw": (1.0, 0.0)}.get(rule, (None, None))
        if rule == "standard":
            values = training.double()
            mean, deviation = values.mean().item(), values.std(correction=0).item()
            self.gain, self.offset = 1 / deviation, -mean / deviation

    def __call__(self, pixels):
        return pixels.float() * self.gain + self.offset


def augment(pixels, arguments, generator):
    """Flips and shifts each image independently; uncovered pixels are black."""
    n, _, h, w = pixels.shape
    rows, columns = torch.arange(h).repeat(n, 1), torch.arange(w).repeat(n, 1)
    if arguments.flip:
        mirrored = torch.rand(n, 1, generator=generator) < 0.5
        columns = torch.where(mirrored, w - 1 - columns, columns)
    reach_h, reach_w = int(arguments.shift * h), int(arguments.shift * w)
    rows = rows + torch.randint(-reach_h, reach_h + 1, (n, 1), generator=generator)
    columns = columns + torch.randint(-reach_w, reach_w + 1, (n, 1), generator=generator)
    inside = ((rows >= 0) & (rows < h))[:, :, None] & ((columns >= 0) & (columns < w))[:, None, :]
    moved = pixels[torch.arange(n)[:, None, None], 0, rows.clamp(0, h - 1)[:, :, None],
                   columns.clamp(0, w - 1)[:, None, :]]
    return (moved * inside)[:, None]


def ease(start, end, share):
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def one_cycle(progress, warm_up=0.3, start=0.04, end=4e-6):
    if progress < warm_up:
        return ease(start, 1, progress / warm_up)
    return ease(1, end, (progress - warm_up) / (1 - warm_up))


SCHEDULES = {"constant": lambda progress: 1.0, "cosine": lambda progress: ease(1, 0, progress), "one_cycle": one_cycle}


def make_optimizer(model, arguments):
    if arguments.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=arguments.learning_rate or 0.001)
    return torch.optim.SGD(model.parameters(), lr=arguments.learning_rate or 0.01, momentum=0.9)


@torch.no_grad()
def evaluate(model, scaling, split):
    """Mean loss and accuracy."""
    model.eval()
    loss, right, (pixels, labels) = 0.0, 0, split
    for x, y in zip(pixels.split(512), labels.split(512)):
        logits = model(scaling(x))
        loss += functional.cross_entropy(logits, y, reduction="sum").item()
        right += (logits.argmax(1) == y).sum().item()
    return loss / len(labels), right / len(labels)


class Trainer:
    def __init__(self, arguments, training):
        self.arguments, (self.pixels, self.labels) = arguments, training
        self.scaling = Scaling(arguments.scaling, self.pixels)
        torch.manual_seed(arguments.seed)       # for dropout
        self.generator = torch.Generator().manual_seed(arguments.seed)
        self.model = network(arguments.family, arguments.width, SHAPE, CLASSES)
        self.model.initialise(arguments.seed)
        if arguments.weights:
            load_weights(self.model, numpy.load(arguments.weights))
        if arguments.channels_last:
            self.model.to(memory_format=torch.channels_last)
        self.optimizer = make_optimizer(self.model, arguments)
        self.rate = self.optimizer.param_groups[0]["lr"]
        self.batches = math.ceil(len(self.labels) / arguments.batch)
        self.done = 0

    def step(self, pixels, labels):
        """Summed loss and number of correct predictions of one batch, before its update."""
        a = self.arguments
        self.optimizer.param_groups[0]["lr"] = self.rate * SCHEDULES[a.schedule](self.done / (self.batches * a.epochs))
        logits = self.model(self.scaling(augment(pixels, a, self.generator)))
        loss = functional.cross_entropy(logits, labels, label_smoothing=a.label_smoothing)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.done += 1
        return loss.item() * len(labels), (logits.argmax(1) == labels).sum().item()

    def epoch(self):
        self.model.train()
        order = torch.randperm(len(self.labels), generator=self.generator)
        sums = [self.step(self.pixels[chosen], self.labels[chosen]) for chosen in order.split(self.arguments.batch)]
        return tuple(sum(column) / len(self.labels) for column in zip(*sums))


def print_row(*cells):
    print("\t".join(f"{cell:.6g}" if isinstance(cell, float) else str(cell) for cell in cells), flush=True)


def train(trainer, validation):
    """Prints a row per epoch, and returns them all."""
    columns = ("epoch", "learning_rate", "training_loss", "training_accuracy",
               "validation_loss", "validation_accuracy", "seconds")
    start, rows = time.perf_counter(), []
    print_row(*columns)
    for epoch in range(1, trainer.arguments.epochs + 1):
        training = trainer.epoch()
        scores = evaluate(trainer.model, trainer.scaling, validation)
        row = (epoch, trainer.optimizer.param_groups[0]["lr"], *training, *scores, time.perf_counter() - start)
        print_row(*row)
        rows.append(dict(zip(columns, row)))
        if not math.isfinite(training[0]):
            sys.exit("diverged: the loss is not finite")
    return rows


def test(trainer, splits):
    """Prints a row per test split, and returns them all."""
    both = tuple(torch.cat(parts) for parts in zip(splits["PublicTest"], splits["PrivateTest"]))
    result = {}
    print_row("split", "images", "loss", "accuracy")
    for name, split in (("public", splits["PublicTest"]), ("private", splits["PrivateTest"]), ("both", both)):
        loss, accuracy = evaluate(trainer.model, trainer.scaling, split)
        result[name] = {"images": len(split[1]), "loss": loss, "accuracy": accuracy}
        print_row(name, len(split[1]), loss, accuracy)
    return result


def main():
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    splits = read_splits(arguments.data, arguments.limit)
    trainer = Trainer(arguments, splits["Training"])
    curve = train(trainer, splits["PublicTest"])
    result = {"torch": torch.__version__, "threads": torch.get_num_threads(), "arguments": vars(arguments),
              "trainable": trainer.model.trainable(), "total": trainer.model.total(),
              "curve": curve, "test": test(trainer, splits)}
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
