"""Training steps of Apus's models in PyTorch.

Inputs are random and wait in memory as Apus has them: pictures as bytes, from which each step gathers a batch and scales
it; texts as tokens, from which it gathers windows. Updates are Adam(fused=True).
"""
import os
import sys

import torch
from torch.nn import functional

import harness

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../Tests/Reference"))
import networks  # noqa: E402

MODELS = {
    "step mlp": lambda: networks.Perceptron([784, 200, 200, 10]),
    "step cnn": networks.cnn,
    "step adam-cnn": networks.adam_cnn,
    "step resnet20": lambda: networks.resnet20(3),
    "step vae": networks.VariationalAutoencoder,
    "step gpt": lambda: networks.GPT(harness.CHARACTERS),
}


def samples(name):
    """Random samples of the shape that a step's model takes: tokens, or pictures and labels."""
    if name == "step gpt":
        return torch.randint(0, harness.CHARACTERS, (harness.TEXT,)), None
    _, channels, side = harness.STEPS[name]
    count = harness.SAMPLES
    return torch.randint(0, 256, (count, channels, side, side), dtype=torch.uint8), torch.randint(0, 10, (count,))


def training_step(name, data, labels, mode="eager", device="cpu"):
    """Functions that make one step of a model, in a mode (eager, channels-last or compiled), and that begin anew; the second is
    called before the first, or never.

    After some hundred steps on so few samples a perceptron's gradients are so small that their squares are subnormal numbers,
    which take a processor many times as long.
    """
    batch_size = harness.STEPS[name][0]
    torch.manual_seed(0)
    model = MODELS[name]().to(device)
    if mode == "channels-last":
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    first = {}
    is_text = name == "step gpt"
    if is_text:
        length = harness.STEPS[name][1]
        window = torch.arange(length, device=device)

    def loss_of(x, y):
        if is_text:
            return functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
        x = x.float() * (1 / 255)
        if mode == "channels-last":
            x = x.contiguous(memory_format=torch.channels_last)
        return model(x, torch.randn(len(x), 50, device=device)) if name == "step vae" else functional.cross_entropy(
            model(x), y)

    function = torch.compile(loss_of) if mode == "compiled" else loss_of

    def step():
        if is_text:
            places = torch.randint(0, len(data) - length - 1, (batch_size, 1), device=device) + window
            batch = data[places], data[places + 1]
        else:
            places = torch.randint(0, len(data), (batch_size,), device=device)
            batch = data[places], labels[places]
        loss = function(*batch)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    def begin():
        if not first:
            first.update({key: value.clone() for key, value in model.state_dict().items()})
        model.load_state_dict(first)
        optimizer.state.clear()

    return step, begin
