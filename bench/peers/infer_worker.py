#!/usr/bin/env python3
"""A process that runs networks forward for infer_compare.py: reads a JSON object per line, and answers each with one.

    {"build": SUMMARY}                          -> {"trainable": N}
        builds the network of an `archsweep summary --json` for each engine, in place of the one before
    {"measure": SECONDS, "engine": E}           -> {"images_per_second": X}
        whole batches for at least SECONDS

Its first line says which engines there are, with their versions: {"engines": {"pytorch": ..., ...}}. All compute in
float32, with batch norm's moving statistics. Needs torch and numpy; onnxruntime (with onnx) and openvino if they are
installed.
"""
import importlib
import io
import json
import sys
import time
import warnings

import torch

sys.dont_write_bytecode = True
from torch_summary import SummaryNetwork  # noqa: E402
from torch_worker import start  # noqa: E402

WARM_UP_BATCHES = 3
TOLERANCE = 1e-3


def build_pytorch(network, x, _threads):
    """The faster memory layout, traced and frozen: batch norm is folded into what comes before it."""
    def frozen(layout):
        images = x.contiguous(memory_format=layout)
        with torch.no_grad():
            traced = torch.jit.freeze(torch.jit.trace(network.to(memory_format=layout), images, check_trace=False))
        return lambda: traced(images)

    runs = [frozen(layout) for layout in (torch.channels_last, torch.contiguous_format)]
    with torch.inference_mode():
        return max(runs, key=lambda run: speed_of(run, 1, 0.05))


def build_onnxruntime(network, x, threads):
    onnxruntime = importlib.import_module("onnxruntime")
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (x,), file, dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    images = {session.get_inputs()[0].name: x.numpy()}
    return lambda: session.run(None, images)[0]


def build_openvino(network, x, threads):
    openvino = importlib.import_module("openvino")
    model = openvino.convert_model(network, example_input=x, input=[list(x.shape)])
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
    images = x.numpy()
    return lambda: request.infer([images])[0]


ENGINES = {"pytorch": ("torch", build_pytorch), "onnxruntime": ("onnxruntime", build_onnxruntime),
           "openvino": ("openvino", build_openvino)}
NEEDS_TOO = {"onnxruntime": "onnx"}


def installed():
    """The version of each engine that can be imported."""
    versions = {}
    for engine, (module, _) in ENGINES.items():
        try:
            importlib.import_module(NEEDS_TOO.get(engine, module))
            versions[engine] = importlib.import_module(module).__version__.split("-")[0]
        except ImportError:
            pass
    return versions


def speed_of(run, images, seconds):
    """Images a second."""
    batches, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < seconds or batches == 0:
        run()
        batches += 1
    return batches * images / elapsed


class Bench:
    """One network in every engine."""

    def __init__(self, summary, engines, threads):
        height, width, channels = summary["input"]
        torch.manual_seed(1)
        self.network = SummaryNetwork(summary).eval()
        self.images = torch.rand(summary["batch"], channels, height, width)
        with torch.inference_mode():
            logits = self.network(self.images)
        self.runs = {}
        for engine in engines:
            self.runs[engine] = ENGINES[engine][1](self.network, self.images, threads)
            self.check(engine, logits)

    def check(self, engine, logits):
        with torch.inference_mode():
            difference = (torch.as_tensor(self.runs[engine]()) - logits).abs().max().item()
        if difference > TOLERANCE * max(1, logits.abs().max().item()):
            raise SystemExit(f"infer_worker.py: {engine}'s logits differ from PyTorch's by {difference}")

    def trainable(self):
        return sum(p.numel() for p in self.network.parameters())

    def measure(self, engine, seconds):
        run = self.runs[engine]
        with torch.inference_mode():
            for _ in range(WARM_UP_BATCHES):
                run()
            return speed_of(run, len(self.images), seconds)


def serve(engines, threads):
    bench = None
    for line in sys.stdin:
        command = json.loads(line)
        if "build" in command:
            bench = None            # two large networks at once would be too many
            bench = Bench(command["build"], engines, threads)
            answer = {"trainable": bench.trainable()}
        else:
            answer = {"images_per_second": bench.measure(command["engine"], command["measure"])}
        print(json.dumps(answer), flush=True)


def main():
    threads = start(__doc__)
    engines = installed()
    print(json.dumps({"engines": engines}), flush=True)
    serve(engines, threads)


if __name__ == "__main__":
    main()
