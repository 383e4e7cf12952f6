"""Our networks in PyTorch: a module built from a list of layers, and the reference families as such lists.

A layer is (type, fields) in the words of a family file: ("conv", {"channels": 12, "kernel": 3}). The families are
written out here from their published descriptions instead of being read from sweeps/families/, so that a mistake there
shows as a difference.

Not a program: torch_accuracy.py, torch_summary.py and the fixtures of the tests import it. Needs torch only.
"""
import math

import torch
from torch import nn
from torch.nn import functional


def pair(value):
    return tuple(value) if isinstance(value, (list, tuple)) else (value, value)


def padding_of(padding, size, kernel, stride):
    """(top, bottom, left, right) of a family's padding; "same" is TensorFlow's: the odd row goes to the bottom."""
    if padding == "valid":
        return 0, 0, 0, 0
    if padding != "same":
        return tuple(padding) if isinstance(padding, (list, tuple)) else (padding,) * 4
    sides = []
    for n, k in zip(size, kernel):
        total = max((math.ceil(n / stride) - 1) * stride + k - n, 0)
        sides += [total // 2, total - total // 2]
    return tuple(sides)


def windows(size, kernel, stride, pad):
    """Output rows and columns."""
    top, bottom, left, right = pad
    return (size[0] + top + bottom - kernel[0]) // stride + 1, (size[1] + left + right - kernel[1]) // stride + 1


class Pad(nn.Module):
    """Rows and columns of a constant around an image."""

    def __init__(self, pad, value=0.0):
        super().__init__()
        top, bottom, left, right = pad
        self.sides, self.value = (left, right, top, bottom), value

    def forward(self, x):
        return functional.pad(x, self.sides, value=self.value)


class MeanInside(nn.Module):
    """Average pooling over padded images: the mean of the taps inside the image."""

    def __init__(self, size, kernel, stride, pad):
        super().__init__()
        self.kernel, self.stride, self.pad = kernel, stride, Pad(pad)
        self.register_buffer("taps", self.sums(torch.ones(1, 1, *size)))

    def sums(self, x):
        return functional.avg_pool2d(self.pad(x), self.kernel, self.stride, divisor_override=1)

    def forward(self, x):
        return self.sums(x) / self.taps


def build_conv(shape, f, channels, groups):
    c, kernel, stride = shape[0], pair(f["kernel"]), f.get("stride", 1)
    pad = padding_of(f.get("padding", "same"), shape[1:], kernel, stride)
    top, bottom, left, right = pad
    even = top == bottom and left == right
    conv = nn.Conv2d(c, channels, kernel, stride, (top, left) if even else 0, groups=groups, bias=f.get("bias", True))
    conv.init_rule = f.get("init", "he")
    return conv if even else nn.Sequential(Pad(pad), conv), (channels, *windows(shape[1:], kernel, stride, pad))


def build_max_pool(shape, f):
    kernel = pair(f["window"])
    stride = f.get("stride", 0) or kernel[0]
    pad = padding_of(f.get("padding", "valid"), shape[1:], kernel, stride)
    pool = nn.MaxPool2d(kernel, stride)
    padded = nn.Sequential(Pad(pad, -math.inf), pool) if any(pad) else pool
    return padded, (shape[0], *windows(shape[1:], kernel, stride, pad))


def build_average_pool(shape, f):
    kernel = pair(f["window"])
    stride = f.get("stride", 0) or kernel[0]
    pad = padding_of(f.get("padding", "valid"), shape[1:], kernel, stride)
    pool = MeanInside(shape[1:], kernel, stride, pad) if any(pad) else nn.AvgPool2d(kernel, stride)
    return pool, (shape[0], *windows(shape[1:], kernel, stride, pad))


def build_dense(shape, f):
    dense = nn.Linear(math.prod(shape), f["units"], bias=f.get("bias", True))
    dense.init_rule = f.get("init", "he")
    return nn.Sequential(nn.Flatten(), dense), (f["units"], 1, 1)


def build_batch_norm(shape, f):
    """PyTorch's momentum is the share of the new statistics, ours that of the old."""
    return nn.BatchNorm2d(shape[0], eps=f.get("epsilon", 1e-3), momentum=1 - f.get("momentum", 0.9)), shape


def build(kind, shape, f):
    """The module of one layer with one input, and its output's shape (channels, rows, columns)."""
    c = shape[0]
    makers = {
        "conv": lambda: build_conv(shape, f, f["channels"], f.get("groups", 1)),
        "depthwise": lambda: build_conv(shape, f, c * f.get("multiplier", 1), c),
        "batch_norm": lambda: build_batch_norm(shape, f),
        "max_pool": lambda: build_max_pool(shape, f),
        "average_pool": lambda: build_average_pool(shape, f),
        "dense": lambda: build_dense(shape, f),
        "relu": lambda: (nn.ReLU(), shape),
        "relu6": lambda: (nn.ReLU6(), shape),
        "leaky_relu": lambda: (nn.LeakyReLU(f.get("slope", 0.01)), shape),
        "dropout": lambda: (nn.Dropout(f["rate"]), shape),
        "global_average_pool": lambda: (nn.AdaptiveAvgPool2d(1), (c, 1, 1)),
        "flatten": lambda: (nn.Flatten(), (math.prod(shape), 1, 1)),
    }
    return makers[kind]()


class Network(nn.Module):
    """A list of layers as a module: images [n, c, h, w] to logits [n, classes]."""

    def __init__(self, shape, layers):
        super().__init__()
        self.layers, self.modules_in_order = layers, nn.ModuleList()
        shapes, flattened, self.flattened = {}, None, []
        for kind, f in layers:
            shape = shapes[f["from"]] if "from" in f else shape
            flattened = shape if kind == "flatten" or kind == "dense" and shape[1:] != (1, 1) else flattened
            self.flattened.append(flattened)
            flattened = None if kind == "dense" else flattened
            module, shape = (nn.Identity(), shape) if kind == "add" else build(kind, shape, f)
            self.modules_in_order.append(module)
            if "name" in f:
                shapes[f["name"]] = shape
        self.out_shape = shape
        if not any("name" in f for _, f in layers):
            for module in self.modules():
                if isinstance(module, (nn.ReLU, nn.ReLU6, nn.LeakyReLU)):
                    module.inplace = True       # nothing else reads its input

    def forward(self, x):
        named = {}
        for (kind, f), module in zip(self.layers, self.modules_in_order):
            x = named[f["from"]] if "from" in f else x
            x = x + named[f["with"]] if kind == "add" else module(x)
            if "name" in f:
                named[f["name"]] = x
        return x.flatten(1)

    def initialise(self, seed):
        """he: normal, variance 2 / fan_in; glorot: uniform, variance 2 / (fan_in + fan_out). Biases 0, batch norm 1 and
        0."""
        generator = torch.Generator().manual_seed(seed)
        for module in self.modules():
            if not hasattr(module, "init_rule"):
                continue
            fan_in = math.prod(module.weight.shape[1:])
            fan_out = math.prod(module.weight.shape[2:]) * module.weight.shape[0] // getattr(module, "groups", 1)
            with torch.no_grad():
                if module.init_rule == "he":
                    module.weight.normal_(0, math.sqrt(2 / fan_in), generator=generator)
                else:
                    limit = math.sqrt(6 / (fan_in + fan_out))
                    module.weight.uniform_(-limit, limit, generator=generator)
                if module.bias is not None:
                    module.bias.zero_()

    def weights(self):
        """Each parameter, with the shape (c, h, w) that was flattened in front of its layer, or None."""
        for module, flattened in zip(self.modules_in_order, self.flattened):
            for p in module.parameters():
                yield p, flattened

    def trainable(self):
        return sum(p.numel() for p in self.parameters())

    def total(self):
        norms = (m for m in self.modules() if isinstance(m, nn.BatchNorm2d))
        return self.trainable() + sum(2 * m.num_features for m in norms)


def to_torch(weight, array, flattened):
    """Converts an array from Keras' layout to PyTorch's: [kh, kw, in, out] to [out, in, kh, kw], dense [in, out] to
    [out, in]; after a flatten of (c, h, w) inputs change from rows, columns, channels to channels, rows, columns."""
    if weight.dim() == 2:
        if flattened and flattened[1] * flattened[2] > 1:
            c, h, w = flattened
            array = array.reshape(h, w, c, -1).transpose(2, 0, 1, 3).reshape(c * h * w, -1)
        array = array.T
    elif weight.dim() == 4:
        depthwise = array.shape[2] != weight.shape[1]       # [kh, kw, channels, multiplier]
        array = array.transpose(2, 3, 0, 1).reshape(weight.shape) if depthwise else array.transpose(3, 2, 0, 1)
    if tuple(array.shape) != tuple(weight.shape):
        raise ValueError(f"weights of shape {array.shape} for {tuple(weight.shape)}")
    return torch.from_numpy(array.copy())


def load_weights(network, arrays):
    """Kernels, biases, gamma and beta out of a file that `archsweep export` wrote; {name: array} in the order of
    layers."""
    names = [name for name in arrays if not name.split("/")[1].startswith("moving")]
    with torch.no_grad():
        for name, (weight, flattened) in zip(names, network.weights(), strict=True):
            weight.copy_(to_torch(weight, arrays[name], flattened))


def conv_relu(channels, kernel):
    return [("conv", {"channels": channels, "kernel": kernel}), ("relu", {})]


def plain(w, classes, one_by_one=False):
    """Four stages of 3x3 convolutions; with one_by_one each stage ends in a 1x1 convolution (the family conv1x1)."""
    def stage_end(channels, window):
        norm_and_pool = [("batch_norm", {}), ("max_pool", {"window": window, "stride": 2})]
        return (conv_relu(channels, 1) if one_by_one else []) + norm_and_pool

    return ([("batch_norm", {})] + conv_relu(w, 3) + conv_relu(w, 3) + stage_end(2 * w, 3)
            + conv_relu(2 * w, 3) + stage_end(2 * w, 2) + conv_relu(3 * w, 3) + stage_end(3 * w, 2)
            + conv_relu(2 * w, 3) + stage_end(2 * w, 2)
            + [("flatten", {}), ("dropout", {"rate": 0.2}), ("dense", {"units": 128}), ("relu", {}),
               ("dropout", {"rate": 0.2}), ("dense", {"units": classes})])


def conv1x1(w, classes):
    return plain(w, classes, one_by_one=True)


def mobilenet_v1(w, classes):
    """A stem and nine depthwise-separable blocks, all channels times w; conv, relu, batch norm; no biases but the
    last."""
    def unit(kind, fields):
        return [(kind, {**fields, "bias": False}), ("relu", {}), ("batch_norm", {})]

    def separable(channels, stride):
        return (unit("depthwise", {"kernel": 3, "stride": stride, "padding": 1})
                + unit("conv", {"channels": int(channels * w + 0.5), "kernel": 1}) + [("dropout", {"rate": 0.1})])

    blocks = [(32, 1), (32, 1), (64, 2), (64, 1), (128, 1), (128, 1), (128, 2), (128, 1), (256, 1)]
    layers = unit("conv", {"channels": int(16 * w + 0.5), "kernel": 3, "stride": 2, "padding": 1})
    for channels, stride in blocks:
        layers += separable(channels, stride)
    return layers + [("global_average_pool", {}), ("dense", {"units": classes})]


FAMILIES = {"plain": plain, "conv1x1": conv1x1, "mobilenet-v1": mobilenet_v1}


def network(family, width, shape, classes):
    """Widths are text: "12" is a whole number of channels, "0.5" a multiplier."""
    number = float(width)
    return Network(shape, FAMILIES[family](int(number) if number.is_integer() else number, classes))
