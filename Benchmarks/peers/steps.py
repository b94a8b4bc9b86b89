"""Training steps of Apus's models in PyTorch: eager, in the channels-last format, and compiled.

    python Benchmarks/peers/steps.py [--models cnn,gpt] [--rounds 5] [--modes eager,channels-last,compiled] [--threads 2]

Prints one JSON object: steps per second by model and mode. Inputs are random and wait in memory as Apus has them: pictures as bytes,
from which each step gathers a batch and scales it; texts as tokens, from which it gathers windows. Updates are Adam(fused=True).
"""
import argparse
import json
import os
import statistics
import sys
import time

import torch
from torch.nn import functional

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../Tests/Reference"))
import networks  # noqa: E402

MODELS = {  # name: (how it is made, batch size, shape of a sample)
    "mlp": (lambda: networks.Perceptron([784, 200, 200, 10]), 100, (1, 28, 28)),
    "cnn": (networks.cnn, 100, (1, 28, 28)),
    "adam-cnn": (networks.adam_cnn, 128, (3, 32, 32)),
    "resnet20": (lambda: networks.resnet20(3), 128, (3, 32, 32)),
    "vae": (networks.VariationalAutoencoder, 100, (1, 28, 28)),
    "gpt": (lambda: networks.GPT(65), 12, (64,)),
}
SAMPLES = 2048


def rate(run, seconds=0.5):
    """Runs per second, measured for half a second and three runs at least."""
    count, start = 0, time.perf_counter()
    while count < 3 or time.perf_counter() - start < seconds:
        run()
        count += 1
    return count / (time.perf_counter() - start)


def training_step(name, mode):
    make, batch_size, shape = MODELS[name]
    torch.manual_seed(0)
    model = make()
    if mode == "channels-last":
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    if name == "gpt":
        text = torch.randint(0, 65, (100_000,))
        window = torch.arange(shape[0])
    else:
        images, labels = torch.randint(0, 256, (SAMPLES, *shape), dtype=torch.uint8), torch.randint(0, 10, (SAMPLES,))

    def loss_of(x, y):
        if name == "gpt":
            return functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        x = x.float() * (1 / 255)
        if mode == "channels-last":
            x = x.contiguous(memory_format=torch.channels_last)
        return model(x, torch.randn(len(x), 50)) if name == "vae" else functional.cross_entropy(model(x), y)

    function = torch.compile(loss_of) if mode == "compiled" else loss_of

    def step():
        if name == "gpt":
            places = torch.randint(0, len(text) - shape[0] - 1, (batch_size, 1)) + window
            batch = text[places], text[places + 1]
        else:
            places = torch.randint(0, SAMPLES, (batch_size,))
            batch = images[places], labels[places]
        loss = function(*batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", default=",".join(MODELS))
    parser.add_argument("--modes", default="eager,channels-last,compiled")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    figures = {}
    for name in arguments.models.split(","):
        figures[name] = {}
        for mode in arguments.modes.split(","):
            if mode == "channels-last" and name in ("mlp", "vae", "gpt"):
                continue
            try:
                step = training_step(name, mode)
                for _ in range(3):
                    step()
                figures[name][mode] = statistics.median(rate(step) for _ in range(arguments.rounds))
            except Exception as error:  # torch.compile needs a C++ compiler
                print(f"{name}, {mode}: {type(error).__name__}: {error}", file=sys.stderr)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
