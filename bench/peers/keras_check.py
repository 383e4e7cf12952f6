#!/usr/bin/env python3
"""Weights trained in Keras, evaluated by Keras and by `archsweep eval`: accuracy and loss over the same test images.

    KERAS_BACKEND=torch python3 bench/peers/keras_check.py sweeps/fashion.yaml plain/8 mobilenet-v1/0.2
    python3 bench/peers/keras_check.py --raw --data DIR sweeps/mnist.yaml mnist-base

Builds the network in Keras from `archsweep summary --json`, trains it for some steps so that all weights and moving
statistics change, and writes its get_weights() by numpy: once in float32, once deflated in float16. Exits 1 if
accuracies differ by more than one image, or losses by more than 1e-4. Needs keras with one of its backends, and numpy;
the sweep's data must be the four IDX files.
"""
import argparse
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

import keras
import numpy
from keras import layers

ROOT = pathlib.Path(__file__).resolve().parents[2]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweep")
    parser.add_argument("points", nargs="+")
    parser.add_argument("--program", default=str(ROOT / "build" / "archsweep"))
    parser.add_argument("--data", default="/usr/share/datasets/fashion-mnist", help="folder of the IDX files")
    parser.add_argument("--steps", type=int, default=150, help="training steps of 64 images")
    parser.add_argument("--raw", action="store_true", help="pixels 0..255 instead of 0..1")
    return parser.parse_args()


def read_idx(folder, name):
    path = next(p for p in pathlib.Path(folder).iterdir() if p.name.startswith(name))
    raw = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
    sizes = [int.from_bytes(raw[4 + 4 * i:8 + 4 * i], "big") for i in range(raw[3])]
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)


def images_of(pixels, raw):
    return pixels[..., None].astype("float32") / (1 if raw else 255)


def padded(x, sides):
    top, bottom, left, right = sides
    return layers.ZeroPadding2D(((top, bottom), (left, right)))(x) if any(sides) else x


def convolution(kind, f, x):
    x = padded(x, f["padding"])
    if kind == "depthwise":
        return layers.DepthwiseConv2D(f["kernel"], f["stride"], depth_multiplier=f["multiplier"], use_bias=f["bias"])(x)
    return layers.Conv2D(f["channels"], f["kernel"], f["stride"], groups=f["groups"], use_bias=f["bias"])(x)


def apply(kind, f, x, other):
    """Applies a layer of that type and fields to Keras' x; `other`: a shortcut's second input."""
    if kind in ("conv", "depthwise"):
        return convolution(kind, f, x)
    if kind in ("max_pool", "average_pool"):
        if any(f["padding"]):
            raise SystemExit(f"{kind} with padding has no counterpart here")
        return (layers.MaxPooling2D if kind == "max_pool" else layers.AveragePooling2D)(f["window"], f["stride"])(x)
    return {
        "batch_norm": lambda: layers.BatchNormalization(epsilon=f["epsilon"], momentum=f["momentum"])(x),
        "relu": lambda: layers.ReLU()(x),
        "relu6": lambda: layers.ReLU(max_value=6)(x),
        "leaky_relu": lambda: layers.LeakyReLU(negative_slope=f["slope"])(x),
        "global_average_pool": lambda: layers.GlobalAveragePooling2D()(x),
        "flatten": lambda: layers.Flatten()(x),
        "dense": lambda: layers.Dense(f["units"], use_bias=f["bias"])(x),
        "dropout": lambda: layers.Dropout(f["rate"])(x),
        "spatial_dropout": lambda: layers.SpatialDropout2D(f["rate"])(x),
        "add": lambda: layers.Add()([x, other]),
    }[kind]()


def build(summary):
    outputs = [layers.Input(summary["input"])]
    for row in summary["layers"][1:]:
        other = outputs[row["with"]] if row["with"] is not None else None
        outputs.append(apply(row["type"], row["fields"], outputs[row["from"]], other))
    out = outputs[-1] if len(outputs[-1].shape) == 2 else layers.Flatten()(outputs[-1])
    return keras.Model(outputs[0], out)


def train(model, arguments):
    x = images_of(read_idx(arguments.data, "train-images")[:64 * arguments.steps], arguments.raw)
    y = read_idx(arguments.data, "train-labels")[:len(x)]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.001), loss, metrics=["accuracy"])
    model.fit(x, y, batch_size=64, epochs=1, verbose=0)


def ask(command):
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def evaluate_there(arguments, point, weights):
    scaling = "raw" if arguments.raw else "unit"
    result = ask([arguments.program, "eval", arguments.sweep, point, "--weights", weights, "--split", "test", "--json",
                  "--set", f"data.idx.folder={arguments.data}", "--set", f"recipe.scaling={scaling}"])
    test = result["splits"]["test"] if isinstance(result["splits"], dict) else result["splits"][0]
    return test["accuracy"], test["loss"]


def check(arguments, point, folder):
    """Prints a line for each precision; whether both agree."""
    model = build(ask([arguments.program, "summary", arguments.sweep, point, "--json"]))
    x, y = images_of(read_idx(arguments.data, "t10k-images"), arguments.raw), read_idx(arguments.data, "t10k-labels")
    train(model, arguments)
    agree = True
    for precision, save in (("float32", numpy.savez), ("float16", numpy.savez_compressed)):
        weights = [w.astype(precision) for w in model.get_weights()]
        save(f"{folder}/{precision}.npz", *weights)
        model.set_weights([w.astype("float32") for w in weights])
        loss, accuracy = model.evaluate(x, y, batch_size=500, verbose=0)
        ours = evaluate_there(arguments, point, f"{folder}/{precision}.npz")
        same = abs(ours[0] - accuracy) <= 1.01 / len(x) and abs(ours[1] - loss) <= 1e-4 * max(1, loss)
        agree = agree and same
        print(f"{point:24} {precision}  Keras {100 * accuracy:.2f} % {loss:.6f}  "
              f"archsweep {100 * ours[0]:.2f} % {ours[1]:.6f}"
              f"  {'same' if same else 'DIFFERENT'}", flush=True)
    return agree


def main():
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(0 if all([check(arguments, point, folder) for point in arguments.points]) else 1)


if __name__ == "__main__":
    main()
