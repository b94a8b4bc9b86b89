"""Writes layers.json: values and gradients of small networks of every activation, from PyTorch in double precision.

    pip install -r requirements.txt && python layers.py

Inputs, parameters and the weights of the outputs are the formula `contents` below, repeated in LayerReferenceTests.swift:
dyadic fractions, exact in single and double precision. A row has the outputs and, for the sum of the outputs times their
weights (or for the mean loss), the gradients by the input and by every parameter.
"""

import json
from pathlib import Path

import torch
from torch.nn import functional

torch.set_default_dtype(torch.float64)


def contents(shape, seed):
    """Multiples of 1/32 in -1 ..< 1; the seed tells tensors apart."""
    count = 1
    for extent in shape:
        count *= extent
    values = [((i * i * 7 + i * (37 + 2 * seed) + seed * 101) % 64 - 32) / 32 for i in range(count)]
    return torch.tensor(values).reshape(shape).requires_grad_()


def linear_parameters(widths):
    parameters = {}
    for layer, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        parameters[f"layers.{layer}.weight"] = contents([outputs, inputs], 2 * layer + 1)
        parameters[f"layers.{layer}.bias"] = contents([outputs], 2 * layer + 2)
    return parameters


def network(x, parameters, activation):
    layers = len(parameters) // 2
    for layer in range(layers):
        x = functional.linear(x, parameters[f"layers.{layer}.weight"], parameters[f"layers.{layer}.bias"])
        if layer < layers - 1:
            x = activation(x)
    return x


ACTIVATIONS = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "silu": functional.silu,
    "gelu": functional.gelu,
    "elu": functional.elu,
    "leaky-relu": functional.leaky_relu,
    "identity": lambda x: x,
}

LABELS = [2, 0, 1, 2]


def row(name, x, parameters, outputs, loss):
    loss.backward()
    gradients = {"x": x.grad.flatten().tolist()}
    for parameter, value in parameters.items():
        gradients[parameter] = value.grad.flatten().tolist()
    return {"name": name, "outputs": outputs.flatten().tolist(), "gradients": gradients}


def main():
    rows = []
    for name, activation in ACTIVATIONS.items():
        x, parameters = contents([4, 5], 0), linear_parameters([5, 6, 4, 3])
        logits = network(x, parameters, activation)
        rows.append(row(name, x, parameters, logits, functional.cross_entropy(logits, torch.tensor(LABELS))))

    # Leading axes.
    x, parameters = contents([2, 3, 5], 0), linear_parameters([5, 4])
    y = network(x, parameters, None)
    rows.append(row("linear", x, parameters, y, (y * contents([2, 3, 4], 99)).sum()))

    x = contents([3, 4], 0)
    targets = (contents([3, 4], 50) + 1) / 2
    y = functional.binary_cross_entropy_with_logits(8 * x, targets, reduction="none")
    rows.append(row("sigmoid-cross-entropy", x, {}, y, y.mean()))

    x = contents([3, 4], 0)
    y = functional.mse_loss(x, contents([3, 4], 50))
    rows.append(row("mean-squared-error", x, {}, y, y))

    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_suffix(".json").write_text(f'{{"torch": "{torch.__version__}",\n"rows": [\n{lines}\n]}}\n')
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
