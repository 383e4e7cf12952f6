"""The size of the terms that a gradient sums: the root of the sum of their squares, which is the size of the sum if
their signs were random.

A gradient may be much smaller. For a bias before batch norm it is exactly zero on paper, and it is nearly zero for
anything that batch norm removes: a constant added to a channel, a factor. In float32 such gradients are the rounding
errors of terms that cancel, so parity.py compares errors with the terms if these are larger.

    with GradientTerms(network) as terms:
        loss(network(images)).backward()
    terms.sizes                                 # {"03_conv/bias": 0.17, ...}: the largest of each trained array

Not a program: parity.py imports it. Needs torch.
"""
import torch
from torch import nn


def conv_kernel_squares(conv, x, d_y):
    return torch.nn.grad.conv2d_weight(x ** 2, conv.weight.shape, d_y ** 2, conv.stride, conv.padding, conv.dilation,
                                       conv.groups)


def norm_scale_squares(norm, x, d_y):
    mean, variance = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
    return (d_y ** 2 * (x - mean) ** 2 / (variance + norm.eps)).sum((0, 2, 3))


def weight_squares(module, x, d_y):
    if isinstance(module, nn.Conv2d):
        return conv_kernel_squares(module, x, d_y)
    return (d_y ** 2).T @ x ** 2 if isinstance(module, nn.Linear) else norm_scale_squares(module, x, d_y)


def bias_squares(d_y):
    return (d_y ** 2).sum([0, *range(2, d_y.dim())])


class GradientTerms:
    def __init__(self, network):
        self.sizes = {}
        self.hooks = [array.module.register_forward_hook(self.watch(array))
                      for array in network.arrays if array.trainable()]

    def watch(self, array):
        def backward(x, d_y):
            with torch.no_grad():
                squares = weight_squares(array.module, x, d_y) if array.attribute == "weight" else bias_squares(d_y)
                self.sizes[array.name] = squares.max().sqrt().item()

        def forward(_, inputs, output):
            x = inputs[0].detach()
            output.register_hook(lambda d_y: backward(x, d_y))

        return forward

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for hook in self.hooks:
            hook.remove()
