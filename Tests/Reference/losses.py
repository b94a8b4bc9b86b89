"""Compares Apus's per-step losses with PyTorch's in float64, from the same start on the same batches.

    python Tests/Reference/losses.py .build/release/apus --data-dir DIR [--devices cpu,opencl] [--optimizers adam,...]

DIR holds mnist/ with the IDX files. The network is 784-200-200-10, batches of 100 in file order. Accepted: 1e-4 relative for the
first 20 steps and 5e-2 for 200; AdaGrad, whose first steps divide by tiny accumulators, 5e-2 throughout.
Needs torch, numpy and safetensors (requirements.txt).
"""
import argparse
import gzip
import json
import os
import subprocess
import sys
import tempfile

import numpy
import torch
from safetensors.torch import save_file

STEPS, BATCH, SIZES = 200, 100, [784, 200, 200, 10]

OPTIMIZERS = {
    "sgd": lambda p, lr: torch.optim.SGD(p, lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True),
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr),
    "adadelta": lambda p, lr: torch.optim.Adadelta(p, lr),
    "adam": lambda p, lr: torch.optim.Adam(p, lr),
    "adamw": lambda p, lr: torch.optim.AdamW(p, lr),
    "adamax": lambda p, lr: torch.optim.Adamax(p, lr),
    "nadam": lambda p, lr: torch.optim.NAdam(p, lr),
    "radam": lambda p, lr: torch.optim.RAdam(p, lr),
    "amsgrad": lambda p, lr: torch.optim.Adam(p, lr, amsgrad=True),
}


def read_idx(path, offset):
    with gzip.open(path) as file:
        return numpy.frombuffer(file.read(), numpy.uint8, offset=offset)


def network(state):
    layers = []
    for i, (inputs, outputs) in enumerate(zip(SIZES, SIZES[1:])):
        linear = torch.nn.Linear(inputs, outputs, dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(state[f"layers.{i}.weight"])
            linear.bias.copy_(state[f"layers.{i}.bias"])
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def torch_losses(name, rate, state, images, labels):
    model = network(state)
    optimizer = OPTIMIZERS[name](model.parameters(), rate)
    losses = []
    for step in range(STEPS):
        batch = slice(step * BATCH, (step + 1) * BATCH)
        loss = torch.nn.functional.cross_entropy(model(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return numpy.array(losses)


def apus_losses(apus, name, device, start, data, folder):
    output = os.path.join(folder, f"{name}-{device}")
    subprocess.run(
        [apus, "train", "--dataset", "mnist", "--data-dir", data, "--hidden", "200,200", "--batch-size", str(BATCH),
         "--optimizer", name, "--steps", str(STEPS), "--no-shuffle", "--init", start, "--device", device,
         "--log-every", "1", "--output", output, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(output, "metrics.jsonl")) as file:
        lines = [json.loads(line) for line in file]
    return numpy.array([line["loss"] for line in lines if line["split"] == "train"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apus")
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--devices", default="cpu,opencl")
    parser.add_argument("--optimizers", default=",".join(OPTIMIZERS))
    arguments = parser.parse_args()
    images = read_idx(os.path.join(arguments.data_dir, "mnist/train-images-idx3-ubyte.gz"), 16)
    labels = read_idx(os.path.join(arguments.data_dir, "mnist/train-labels-idx1-ubyte.gz"), 8)
    images = torch.tensor(images.reshape(-1, 784)[: STEPS * BATCH]).double() / 255
    labels = torch.tensor(labels[: STEPS * BATCH].astype(numpy.int64))
    rates = {
        row["name"]: row["learning_rate"]
        for row in json.loads(subprocess.check_output([arguments.apus, "optimizers", "--json"]))["optimizers"]
    }

    torch.manual_seed(0)
    state = {}
    for i, (inputs, outputs) in enumerate(zip(SIZES, SIZES[1:])):
        linear = torch.nn.Linear(inputs, outputs)
        state[f"layers.{i}.weight"] = linear.weight.detach()
        state[f"layers.{i}.bias"] = linear.bias.detach()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        start = os.path.join(folder, "start.safetensors")
        save_file(state, start)
        print(f"{'optimizer':10} {'device':8} {'20 steps':>10} {'200 steps':>10}")
        for name in arguments.optimizers.split(","):
            expected = torch_losses(name, rates[name], state, images, labels)
            for device in arguments.devices.split(","):
                actual = apus_losses(arguments.apus, name, device, start, arguments.data_dir, folder)
                error = numpy.abs(actual - expected) / numpy.abs(expected)
                early, late = error[:20].max(), error.max()
                good = early <= (5e-2 if name == "adagrad" else 1e-4) and late <= 5e-2
                failures += not good
                print(f"{name:10} {device:8} {early:10.1e} {late:10.1e}  {'' if good else 'TOO FAR'}", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
