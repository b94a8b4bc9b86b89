"""Compares the models' per-step losses with PyTorch's in float64, from the same weights on the same batches.

    python Tests/Reference/models.py .build/release/apus --data-dir DIR [--device cpu] [--models cnn,gpt]

DIR holds mnist/ with the IDX files and shakespeare/input.txt; pictures in colour are MNIST's digits before coloured
grounds. Ten steps of SGD and of Adam without dropout, each loss within 1e-3 relative; the autoencoder's noise is drawn from
the same generator. The last column is PyTorch's own deviation in float32. Batch norms make the first steps of residual
networks chaotic, so those have small rates: at the usual ones PyTorch in float32 is 1e-2 from float64 after ten steps.
Needs torch, numpy and safetensors (requirements.txt).
"""
import argparse
import dataclasses
import os
import sys
import tempfile
import typing

import numpy
import torch
from torch import nn
from torch.nn import functional

import networks
import runs

STEPS, TOLERANCE = 10, 1e-3
OPTIMIZERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


@dataclasses.dataclass
class Case:
    """A model with what Apus is told of it, and how PyTorch makes it and computes its loss."""

    model: str
    data: str
    make: typing.Callable
    batch_size: int
    rates: dict
    settings: dict = dataclasses.field(default_factory=dict)


def cases(vocabulary):
    usual = {"sgd": 0.1, "adam": 1e-3}
    untied = {"tied": False, "bias": True, "depth": 2, "heads": 2, "width": 48, "context": 33}
    return {
        "lenet": Case("lenet", "grey", networks.lenet, 100, usual),
        "cnn": Case("cnn", "grey", networks.cnn, 100, usual),
        "adam-cnn": Case("adam-cnn", "colour", networks.adam_cnn, 32, usual),
        "resnet20": Case("resnet20", "colour", lambda: networks.resnet20(3), 32, {"sgd": 1e-3, "adam": 1e-5}),
        "resnet34": Case("resnet34", "colour", lambda: networks.resnet34(3), 8, {"adam": 1e-6}),
        "vae": Case("vae", "grey", networks.VariationalAutoencoder, 100, {"sgd": 1e-3, "adam": 1e-3}),
        "gpt": Case("gpt", "text", lambda: networks.GPT(vocabulary), 12, usual),
        "gpt, untied, with biases": Case(
            "gpt", "text", lambda: networks.GPT(vocabulary, 33, 2, 2, 48, bias=True, tied=False), 7, usual, untied),
        "char-rnn": Case("char-rnn", "text", lambda: networks.CharacterRNN(vocabulary), 12, {"sgd": 1, "adam": 2e-3}),
        "char-rnn of GRUs": Case(
            "char-rnn", "text", lambda: networks.CharacterRNN(vocabulary, 40, 3, nn.GRU), 5, {"sgd": 1, "adam": 2e-3},
            {"cell": "gru", "width": 40, "depth": 3, "context": 20}),
    }


class Data:
    """Small data sets in a folder, as Apus reads them and as tensors."""

    def __init__(self, source, folder):
        self.folder = folder
        images, labels = runs.read_mnist(source, "train")
        images, self.labels = images[: STEPS * 100], labels[: STEPS * 100]
        runs.write_mnist(folder, {split: (images[:count], self.labels[:count])
                                  for split, count in [("train", len(images)), ("test", 50)]})
        self.grey = torch.tensor(images[:, None] / 255)
        self.colour = self.write_colour(images)
        self.text = os.path.join(folder, "text.txt")
        with open(os.path.join(source, "shakespeare/input.txt"), encoding="utf-8") as file:
            text = file.read(12_000)
        with open(self.text, "w", encoding="utf-8") as file:
            file.write(text)

    def write_colour(self, images):
        """Digits in one colour before another that fades, as CIFAR-10's binary files; normalized as Apus does."""
        random = numpy.random.default_rng(0)
        digits = numpy.pad(images, ((0, 0), (2, 2), (2, 2)))[:, None] / 255
        ink, ground = random.uniform(0, 255, (2, len(images), 3, 1, 1))
        fade = numpy.linspace(1, 0.5, 32)
        pixels = (digits * ink + (1 - digits) * ground * fade).round().astype(numpy.uint8)
        rows = numpy.concatenate([self.labels[:, None], pixels.reshape(len(images), -1)], 1).astype(numpy.uint8)
        parts = os.path.join(self.folder, "cifar-10-batches-bin")
        os.makedirs(parts)
        for file, part in enumerate(numpy.split(rows, 5), start=1):
            part.tofile(os.path.join(parts, f"data_batch_{file}.bin"))
        rows[:50].tofile(os.path.join(parts, "test_batch.bin"))
        values = torch.tensor(pixels / 255)
        return (values - values.mean((0, 2, 3), keepdim=True)) / values.std((0, 2, 3), correction=0, keepdim=True)

    def batches(self, case):
        """The dataset's name, and inputs and labels step by step."""
        if case.data == "text":
            (inputs, labels), _, _ = runs.read_text(self.text, case.settings.get("context", 64))
            name = f"text:{self.text}"
        else:
            inputs, labels = getattr(self, case.data), torch.tensor(self.labels.astype(numpy.int64))
            name = {"grey": "mnist", "colour": "cifar10"}[case.data]
        size = case.batch_size
        return name, [(inputs[i * size : (i + 1) * size], labels[i * size : (i + 1) * size]) for i in range(STEPS)]


def loss(case, model, inputs, labels, step):
    if case.model == "vae":
        return model(inputs, runs.normal_noise(0, step, 1, (len(inputs), model.latents)).to(inputs.dtype))
    return functional.cross_entropy(model(inputs).flatten(0, -2), labels.flatten())


def torch_losses(case, optimizer, start, batches, precision):
    model = case.make()
    model.load_state_dict(start)
    model.to(precision)
    updates = OPTIMIZERS[optimizer](model.parameters(), case.rates[optimizer])
    losses = []
    for step, (inputs, labels) in enumerate(batches, start=1):
        inputs = inputs.to(precision) if inputs.is_floating_point() else inputs
        value = loss(case, model, inputs, labels, step)
        updates.zero_grad()
        value.backward()
        updates.step()
        losses.append(value.item())
    return numpy.array(losses)


def deviation(losses, expected):
    """The largest relative one of all steps; infinite where steps are missing."""
    return (numpy.abs(losses - expected) / numpy.abs(expected)).max() if len(losses) == len(expected) else numpy.inf


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apus")
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--device", default="cpu,opencl")
    parser.add_argument("--models", default="all", help="rows of the table whose model is one of these")
    arguments = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        data = Data(arguments.data_dir, folder)
        vocabulary = runs.read_text(data.text, 64)[2]
        print(f"{'model':26} {'optimizer':10} {'device':8} {'first loss':>10} {'last loss':>10} {'deviation':>10}"
              f" {'float32':>10}")
        for name, case in cases(vocabulary).items():
            if arguments.models != "all" and case.model not in arguments.models.split(","):
                continue
            dataset, batches = data.batches(case)
            torch.manual_seed(0)
            model = case.make()
            start = os.path.join(folder, f"{name}.safetensors")
            runs.save_state(model, start)
            for optimizer, rate in case.rates.items():
                expected, single = (
                    torch_losses(case, optimizer, model.state_dict(), batches, precision)
                    for precision in [torch.float64, torch.float32])
                own = deviation(single, expected)
                settings = case.settings | {
                    "dataset": dataset, "data-dir": folder, "model": case.model, "batch-size": case.batch_size,
                    "optimizer": optimizer, "learning-rate": rate, "steps": STEPS}
                for device in arguments.device.split(","):
                    _, lines = runs.train(
                        arguments.apus, folder, f"{name} {optimizer} {device}", settings, "--init", start,
                        "--no-shuffle", "--device", device)
                    actual = numpy.array([line["loss"] for line in lines if line["split"] == "train"])
                    worst = deviation(actual, expected)
                    good = worst <= TOLERANCE
                    failures += not good
                    print(f"{name:26} {optimizer:10} {device:8} {expected[0]:10.4f} {expected[-1]:10.4f} {worst:10.1e}"
                          f" {own:10.1e}  {'' if good else 'TOO FAR'}", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
