"""The network of an `archsweep summary --json` in PyTorch. It reads nothing but the summary: no YAML, no defaults of
ours.

    SummaryNetwork(json.loads(text))(images)            # [n, channels, rows, columns] -> [n, classes], fast

StepNetwork is the same with the names and layouts of `archsweep export`, images as `archsweep step` reads them, and
without dropout:

    network = StepNetwork(json.loads(text)).double()
    network.load(numpy.load("weights.npz"))             # "03_conv/kernel" [rows, columns, in, out], ...
    logits = network(images)                            # [n, rows, columns, channels] -> [n, classes]

Not a program: torch_worker.py, parity_step.py and the fixtures of the tests import it. Needs torch and numpy.
"""
import numpy
import torch
from torch import nn

from torch_network import build


class Flatten(nn.Module):
    """Features in the order row, column, channel, which is that of exported dense kernels."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def shape_of(row):
    """(channels, rows, columns) of its output."""
    return row["channels"], row["height"], row["width"]


def kernel_to_ours(kind, weight):
    if kind == "conv":
        return weight.permute(2, 3, 1, 0)               # [out, in, rows, columns] -> [rows, columns, in, out]
    return weight.T if kind == "dense" else weight      # [out, in] -> [in, out]


def kernel_from_ours(kind, kernel):
    if kind == "conv":
        return kernel.permute(3, 2, 0, 1)
    return kernel.T if kind == "dense" else kernel


class Array:
    """One tensor of a module under our name, converted to and from our layout."""

    def __init__(self, name, row, module, attribute):
        self.name, self.number, self.kind = name, row["index"], row["type"]
        self.module, self.attribute = module, attribute
        self.shape = tuple(self.to_ours(self.tensor()).shape)

    def tensor(self):
        return getattr(self.module, self.attribute)

    def trainable(self):
        return isinstance(self.tensor(), nn.Parameter)

    def depthwise_shape(self):
        """[channels, multiplier, rows, columns]: the output channels of one input channel lie side by side."""
        out, _, rows, columns = self.tensor().shape
        return self.module.groups, out // self.module.groups, rows, columns

    def to_ours(self, tensor):
        if self.kind == "depthwise" and self.attribute == "weight":
            return tensor.reshape(self.depthwise_shape()).permute(2, 3, 0, 1)
        return kernel_to_ours(self.kind, tensor) if self.attribute == "weight" else tensor

    def set(self, value):
        value = torch.from_numpy(numpy.ascontiguousarray(value)).to(self.tensor().dtype)
        if self.kind == "depthwise" and self.attribute == "weight":
            value = value.permute(2, 3, 0, 1).reshape(self.tensor().shape)
        elif self.attribute == "weight":
            value = kernel_from_ours(self.kind, value)
        with torch.no_grad():
            self.tensor().copy_(value)


ATTRIBUTES = {
    "batch_norm": {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"},
}
KERNEL_ATTRIBUTES = {"kernel": "weight", "bias": "bias"}


def arrays_of(row, module):
    holders = [m for m in module.modules() if getattr(m, "weight", None) is not None]
    for holder in holders:
        for ours, attribute in ATTRIBUTES.get(row["type"], KERNEL_ATTRIBUTES).items():
            if getattr(holder, attribute) is not None:
                yield Array(f"{row['index']:02}_{row['type']}/{ours}", row, holder, attribute)


class SummaryNetwork(nn.Module):
    """Layers by the summary's rows: `from` and `with` are rows, 0 is the input."""

    def __init__(self, summary):
        super().__init__()
        self.rows = summary["layers"][1:]
        shapes = [shape_of(row) for row in summary["layers"]]
        self.built = nn.ModuleList(self.module_of(row, shapes[row["from"]]) for row in self.rows)
        self.last_use = {used: row["index"] for row in self.rows for used in self.sources(row)}

    def module_of(self, row, shape):
        """Also checks that PyTorch has the summary's output shape."""
        module, out = (nn.Identity(), shape) if row["type"] == "add" else build(row["type"], shape, row["fields"])
        if out != shape_of(row):
            raise ValueError(f"layer {row['index']}, {row['type']}: the summary says {shape_of(row)}, PyTorch {out}")
        return module

    @staticmethod
    def sources(row):
        return {row["from"], row["with"]} - {None}

    def run_layer(self, number, outputs):
        """The output of layer `number`, [n, channels, rows, columns], from those of the layers before it; 0 is the
        input."""
        row = self.rows[number - 1]
        x = outputs[row["from"]]
        x = x + outputs[row["with"]] if row["type"] == "add" else self.built[number - 1](x)
        return x if x.dim() == 4 else x.reshape(len(x), *shape_of(row))

    def forward(self, x):
        """Frees outputs after their last use."""
        outputs = {0: x}
        for row in self.rows:
            outputs[row["index"]] = self.run_layer(row["index"], outputs)
            for used in self.sources(row):
                if self.last_use[used] == row["index"]:
                    del outputs[used]
        return outputs[len(self.rows)].flatten(1)


class StepNetwork(SummaryNetwork):
    def __init__(self, summary):
        super().__init__(summary)
        self.arrays = [array for row, module in zip(self.rows, self.built) for array in arrays_of(row, module)]
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0                          # no dropout by default

    def module_of(self, row, shape):
        module = super().module_of(row, shape)
        return Flatten() if row["type"] == "flatten" else module

    def counts(self):
        """(trainable, total)"""
        lengths = [(array.trainable(), array.tensor().numel()) for array in self.arrays]
        return sum(n for trainable, n in lengths if trainable), sum(n for _, n in lengths)

    def load(self, values):
        for array in self.arrays:
            array.set(values[array.name])

    def gradients(self):
        return {array.name: array.to_ours(array.tensor().grad).numpy() for array in self.arrays if array.trainable()}

    def statistics(self):
        return {array.name: array.tensor().numpy().copy() for array in self.arrays if not array.trainable()}

    def forward(self, images):
        return super().forward(images.permute(0, 3, 1, 2))
