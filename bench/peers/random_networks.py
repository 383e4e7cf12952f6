"""Random networks as a family and a sweep file: layers, kernels, strides, paddings, groups, shortcuts, odd sizes and
batches.

archsweep must accept every one of these networks. Not a program: parity.py imports it. Needs torch indirectly.

    network = RandomNetwork(17)         # always the same network
    network.family_text, network.sweep_text, network.batch
"""
import random

from torch_network import padding_of, windows

BATCHES = [n for n in range(2, 45) if n % 16]
# Batch norm's gradients over few numbers are differences of nearly equal terms, also where a channel has few weights,
# whose scale batch norm removes. So there are lower limits.
LEAST_PER_CHANNEL = 24          # numbers of a channel in a batch
LEAST_WEIGHTS = 4               # of an output channel before batch norm
ACTIVATIONS = ("relu", "relu6", "leaky_relu")


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(text_of, value)) + "]"
    return str(value)


class RandomNetwork:
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.name = f"random-{seed:03}"
        rng = self.rng
        self.batch = rng.choice(BATCHES)
        self.input = (rng.randint(5, 21), rng.randint(5, 21), rng.randint(1, 4))
        self.classes, self.width = rng.randint(2, 10), rng.randint(1, 3)
        self.smoothing = rng.choice((0, 0, 0.1, 0.25))
        self.shape = (self.input[2], *self.input[:2])   # channels, rows, columns of the last layer's output
        # Of an output channel of the last convolution or dense layer, if only channelwise layers followed.
        self.weights = 0
        self.after_norm = False
        self.lines, self.named = [], []                 # named: (name, shape) of every layer
        for _ in range(rng.randint(2, 7)):
            rng.choice((self.conv, self.conv, self.depthwise, self.pool, self.tail, self.identity, self.projection,
                        self.jump))()
        self.head()

    # What the files say

    @property
    def family_text(self):
        return f"about: {self.name}\nlayers:\n" + "".join(f"  - {line}\n" for line in self.lines)

    @property
    def sweep_text(self):
        return (f"input: {list(self.input)}\nclasses: {self.classes}\n"
                f"recipe: {{epochs: 1, batch: {self.batch}, label_smoothing: {self.smoothing}}}\n"
                f"families: [{{family: {self.name}, widths: [{self.width}]}}]\n")

    def add(self, kind, shape, **fields):
        name = f"n{len(self.lines) + 1}"
        fields["name"] = name
        self.lines.append(f"{kind}: {{" + ", ".join(f"{key}: {text_of(value)}" for key, value in fields.items()) + "}")
        self.shape = shape
        self.named.append((name, shape))
        return name

    # Windows

    def kernel(self, largest, shape):
        """A number, or [rows, columns] where they differ; fits the shape even without padding."""
        rows, columns = (self.rng.randint(1, min(largest, n)) for n in shape[1:])
        return rows if rows == columns else [rows, columns]

    def padding(self, kernel, for_pool=False):
        """Any kind, also wider than the kernel, so that a window may lie outside the input."""
        rng = self.rng
        rows, columns = kernel if isinstance(kernel, list) else (kernel, kernel)
        most = (rows - 1, columns - 1) if for_pool else (rows, columns)
        even = rng.randint(0, min(most))
        uneven = [rng.randint(0, most[0]), rng.randint(0, most[0]), rng.randint(0, most[1]), rng.randint(0, most[1])]
        return rng.choice(("same", "same", "valid", even, uneven))

    def window(self, largest, shape, for_pool=False):
        """kernel, stride, padding, output rows, output columns"""
        kernel = self.kernel(largest, shape)
        stride = self.rng.choice((1, 1, 1, 2, 2, 3))
        padding = self.padding(kernel, for_pool)
        pair = tuple(kernel) if isinstance(kernel, list) else (kernel, kernel)
        pad = padding_of(padding, shape[1:], pair, stride)
        return kernel, stride, padding, windows(shape[1:], pair, stride, pad)

    # Layers

    def conv(self):
        rng, (c, _, _) = self.rng, self.shape
        kernel, stride, padding, size = self.window(5, self.shape)
        groups = rng.choice([g for g in range(1, c + 1) if c % g == 0])
        channels = groups * rng.randint(1, max(1, 16 // groups))
        said = f"{channels // self.width}w" if channels % self.width == 0 and channels != self.width else channels
        self.add("conv", (channels, *size), channels=said, kernel=kernel, stride=stride, padding=padding, groups=groups,
                 bias=rng.random() < 0.6, init=rng.choice(("he", "glorot")))
        self.count_weights(kernel, c // groups)
        self.tail()

    def depthwise(self):
        rng, (c, _, _) = self.rng, self.shape
        kernel, stride, padding, size = self.window(5, self.shape)
        multiplier = rng.choice((1, 1, 2, 3)) if c <= 8 else 1
        self.add("depthwise", (c * multiplier, *size), kernel=kernel, stride=stride, padding=padding,
                 multiplier=multiplier,
                 bias=rng.random() < 0.5)
        self.count_weights(kernel, 1)
        self.tail()

    def count_weights(self, kernel, inputs):
        self.weights = inputs * (kernel[0] * kernel[1] if isinstance(kernel, list) else kernel ** 2)
        self.after_norm = False

    def pool(self):
        kernel, stride, padding, size = self.window(4, self.shape, for_pool=True)
        fields = {"window": kernel, "padding": padding}
        if isinstance(kernel, list) or kernel != stride:
            fields["stride"] = stride
        for at, n in zip(range(2), self.shape[1:]):     # the last window must not begin behind the input
            before = padding_of(padding, self.shape[1:], (kernel if isinstance(kernel, list) else [kernel] * 2),
                                stride)[2 * at]
            if (size[at] - 1) * stride - before >= n:
                return
        self.add(self.rng.choice(("max_pool", "average_pool")), (self.shape[0], *size), **fields)

    def activation(self):
        kind = self.rng.choice(ACTIVATIONS)
        self.add(kind, self.shape, **({"slope": self.rng.choice((0.01, 0.1, 0.3))} if kind == "leaky_relu" else {}))

    def norm(self):
        seen = self.batch * self.shape[1] * self.shape[2]
        if seen < LEAST_PER_CHANNEL or self.after_norm or 0 < self.weights < LEAST_WEIGHTS:
            return
        self.add("batch_norm", self.shape, epsilon=self.rng.choice((1e-3, 1e-3, 1e-5, 0.1)),
                 momentum=self.rng.choice((0, 0.5, 0.9, 0.99, 1)))
        self.after_norm = True

    def dropout(self):
        self.add("dropout", self.shape, rate=0.4)

    def tail(self):
        """What may stand behind a convolution, in any order."""
        for part in self.rng.choice(((), (self.activation,), (self.norm, self.activation), (self.activation, self.norm),
                                     (self.norm,), (self.dropout, self.activation))):
            part()

    def same_size_conv(self, channels, **fields):
        kernel = self.rng.choice((1, 2, 3))
        inputs = self.shape[0]
        self.add("conv", (channels, *self.shape[1:]), channels=channels, kernel=kernel, bias=self.rng.random() < 0.5,
                 **fields)
        self.count_weights(kernel, inputs)

    def here(self):
        """The name of the last layer; there may be none yet."""
        if not self.named:
            self.conv()
        return self.named[-1][0]

    def join(self, name):
        self.add("add", self.shape, **{"with": name})
        self.weights, self.after_norm = 0, False
        self.tail()

    def identity(self):
        """A shortcut around one or two convolutions."""
        start, channels = self.here(), self.shape[0]
        for _ in range(self.rng.randint(1, 2)):
            self.tail()
            self.same_size_conv(channels)
        self.norm()
        self.join(start)

    def projection(self):
        """Two branches from one layer with the same stride and output channels, added."""
        start, shape, channels = self.here(), self.shape, self.rng.randint(1, 12)
        stride = self.rng.randint(1, 3)
        size = tuple(-(-n // stride) for n in shape[1:])
        self.add("conv", (channels, *size), channels=channels, kernel=1, stride=stride, bias=False)
        self.count_weights(1, shape[0])
        self.norm()
        side = self.named[-1][0]
        self.shape = shape
        self.add("conv", (channels, *size), **{"from": start}, channels=channels, kernel=3, stride=stride)
        self.count_weights(3, shape[0])
        self.activation()
        self.same_size_conv(channels)
        self.norm()
        self.join(side)

    def jump(self):
        """The sum with any earlier layer of the same shape."""
        fitting = [name for name, shape in self.named[:-1] if shape == self.shape]
        if fitting:
            self.join(self.rng.choice(fitting))

    # Ends

    def dense(self, units, **fields):
        self.add("dense", (units if isinstance(units, int) else self.classes, 1, 1), units=units, **fields)
        self.after_norm, self.weights = False, LEAST_WEIGHTS

    def head(self):
        self.rng.choice((self.dense_head, self.dense_head, self.pooled_head, self.conv_head))()

    def dense_head(self):
        c, h, w = self.shape
        self.add("flatten", (c * h * w, 1, 1))
        self.weights, self.after_norm = LEAST_WEIGHTS, True
        if self.rng.random() < 0.5:
            self.tail()
        if self.rng.random() < 0.6:
            self.dense(self.rng.randint(2, 40), bias=self.rng.random() < 0.7)
            self.tail()
        self.dense("classes", bias=self.rng.random() < 0.8)

    def pooled_head(self):
        self.add("global_average_pool", (self.shape[0], 1, 1))
        self.dense("classes")

    def conv_head(self):
        """A window as large as the image, or 1x1 and a mean."""
        _, h, w = self.shape
        if self.rng.random() < 0.5 and h * w <= 400:
            self.add("conv", (self.classes, 1, 1), channels="classes", kernel=[h, w], padding="valid")
        else:
            self.add("conv", (self.classes, h, w), channels="classes", kernel=1)
            self.add("global_average_pool", (self.classes, 1, 1))
