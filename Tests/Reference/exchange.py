"""Exchanges trained networks with PyTorch as safetensors, both ways, and compares what they achieve.

    python Tests/Reference/exchange.py .build/release/apus --data-dir DIR [--device cpu] [--models mlp,gpt]

DIR holds mnist/ with the IDX files and shakespeare/input.txt. A network that PyTorch trained for a few steps is evaluated by
a run of no steps that starts from its state_dict; a network that Apus trained is loaded by load_state_dict from the run's
checkpoint. Accepted on the test split: as many hits as PyTorch counts, or 2 more or less in 10,000, and a loss within 1e-4.
Needs torch, numpy and safetensors (requirements.txt).
"""
import argparse
import os
import sys
import tempfile

import numpy
import torch
from safetensors.torch import load_file
from torch.nn import functional

import networks
import runs

# How each network is made, its steps and the samples of each.
MODELS = {
    "mlp": (lambda vocabulary: networks.Perceptron([784, 200, 200, 10]), 200, 100),
    "cnn": (lambda vocabulary: networks.cnn(), 60, 100),
    "resnet20": (lambda vocabulary: networks.resnet20(1), 40, 100),
    "gpt": (lambda vocabulary: networks.GPT(vocabulary), 60, 12),
}
RATE = 1e-3


def load(model, folder):
    """Training and test samples with labels, the dataset's name, and the vocabulary's size."""
    if model == "gpt":
        return *runs.read_text(os.path.join(folder, "shakespeare/input.txt"), 64)[:2], "shakespeare", 65
    splits = []
    for split in ["train", "test"]:
        images, labels = runs.read_mnist(folder, split)
        splits.append((torch.tensor(images[:, None] / 255).float(), torch.tensor(labels.astype(numpy.int64))))
    return *splits, "mnist", None


def train(network, samples, steps, batch_size):
    updates = torch.optim.Adam(network.parameters(), RATE)
    network.train()
    for batch in torch.randperm(len(samples[0]))[: steps * batch_size].split(batch_size):
        updates.zero_grad()
        functional.cross_entropy(network(samples[0][batch]).flatten(0, -2), samples[1][batch].flatten()).backward()
        updates.step()


def evaluate(network, samples):
    """Accuracy and mean loss."""
    network.eval()
    hits = loss = 0
    with torch.no_grad():
        for inputs, labels in zip(samples[0].split(250), samples[1].split(250)):
            logits, labels = network(inputs).flatten(0, -2), labels.flatten()
            hits += (logits.argmax(-1) == labels).sum().item()
            loss += functional.cross_entropy(logits.double(), labels, reduction="sum").item()
    return hits / samples[1].numel(), loss / samples[1].numel()


def load_checkpoint(network, path):
    """Every tensor but the optimizer's must have its place; what PyTorch has besides are counts and second names."""
    state = {name: value for name, value in load_file(path).items() if not name.startswith("optimizer.")}
    tied = {"lm_head.weight"} if isinstance(network, networks.GPT) else set()
    result = network.load_state_dict(state, strict=False)
    missing = {name for name in result.missing_keys if not name.endswith("num_batches_tracked")} - tied
    if missing or result.unexpected_keys:
        sys.exit(f"{path}: missing {sorted(missing)}, unexpected {result.unexpected_keys}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apus")
    parser.add_argument("--data-dir", required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--models", default=",".join(MODELS))
    arguments = parser.parse_args()
    failures = 0
    torch.manual_seed(0)
    print(f"{'model':10} {'trained by':10} {'PyTorch':>18} {'Apus':>18}  accuracy and loss on the test split")
    with tempfile.TemporaryDirectory() as folder:
        for model in arguments.models.split(","):
            make, steps, batch_size = MODELS[model]
            training, test, dataset, vocabulary = load(model, arguments.data_dir)
            settings = {
                "dataset": dataset, "data-dir": arguments.data_dir, "model": model, "device": arguments.device,
                "batch-size": batch_size, "optimizer": "adam", "learning-rate": RATE}

            network = make(vocabulary)
            train(network, training, steps, batch_size)
            start = os.path.join(folder, f"{model}.safetensors")
            runs.save_state(network, start)
            _, theirs = runs.train(arguments.apus, folder, f"{model} from PyTorch", settings, "--init", start, "--steps", "0")

            output, ours = runs.train(arguments.apus, folder, f"{model} from Apus", settings, "--steps", str(steps))
            loaded = make(vocabulary)
            load_checkpoint(loaded, os.path.join(output, "checkpoint.safetensors"))

            for author, network, lines in [("PyTorch", network, theirs), ("Apus", loaded, ours)]:
                expected = evaluate(network, test)
                actual = lines[-1]["accuracy"], lines[-1]["loss"]
                good = abs(actual[0] - expected[0]) <= 2.0001e-4 and abs(actual[1] - expected[1]) <= 1e-4
                failures += not good
                print(f"{model:10} {author:10} {expected[0]:9.4%} {expected[1]:8.5f} {actual[0]:9.4%} {actual[1]:8.5f}"
                      f"  {'' if good else 'TOO FAR'}", flush=True)
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
