"""Writes layers.json: values and gradients of every layer, activation and loss, from PyTorch in double precision.

    pip install -r requirements.txt && python layers.py

Inputs, parameters and the weights of the outputs are the formula `contents` below, repeated in LayerReference.swift:
dyadic fractions, exact in single and double precision. A row has the outputs, the gradients of their weighted sum by the
input and by every parameter, and what a layer keeps from step to step. Parameters are filled in the order of their names,
which are PyTorch's own.
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

torch.set_default_dtype(torch.float64)


def contents(shape, seed):
    """Multiples of 1/32 in -1 ..< 1; the seed tells tensors apart."""
    count = 1
    for extent in shape:
        count *= extent
    values = [((i * i * 7 + i * (37 + 2 * seed) + seed * 101) % 64 - 32) / 32 for i in range(count)]
    return torch.tensor(values).reshape(shape)


def row(name, function, x, module=None, statistics=()):
    """One row: `function` of `x`, which draws on the module's parameters."""
    x.requires_grad_(x.is_floating_point())
    y = function(x)
    (y * contents(y.shape, 99)).sum().backward()
    gradients = {"x": x.grad.flatten().tolist()} if x.requires_grad else {}
    for parameter, value in module.named_parameters() if module else ():
        gradients[parameter] = value.grad.flatten().tolist()
    result = {"name": name, "outputs": y.flatten().tolist(), "gradients": gradients}
    if statistics:
        result["statistics"] = {name: module.get_buffer(name).tolist() for name in statistics}
    return result


def fill(module):
    with torch.no_grad():
        for seed, (_, value) in enumerate(sorted(module.named_parameters()), start=1):
            value.copy_(contents(value.shape, seed))
    return module


class Perceptron(nn.Module):
    def __init__(self, widths, activation):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in zip(widths, widths[1:]))
        self.activation = activation

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.activation(layer(x))
        return self.layers[-1](x)


class SelfAttention(nn.Module):
    """nanoGPT's, with or without a mask."""

    def __init__(self, width, heads, is_causal, bias):
        super().__init__()
        self.c_attn = nn.Linear(width, 3 * width, bias)
        self.c_proj = nn.Linear(width, width, bias)
        self.heads, self.is_causal = heads, is_causal

    def forward(self, x):
        parts = self.c_attn(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(*parts, is_causal=self.is_causal)
        return self.c_proj(y.transpose(1, 2).flatten(2))


class States(nn.Module):
    """The states of a recurrent layer at all times; its parameters keep their names."""

    def __init__(self, layer):
        super().__init__()
        self.inner = [layer]
        for name, value in layer.named_parameters():
            self.register_parameter(name, value)

    def forward(self, x):
        return self.inner[0](x)[0]


ACTIVATIONS = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": functional.softplus,
    "silu": functional.silu,
    "gelu": functional.gelu,
    "gelu-tanh": lambda x: functional.gelu(x, approximate="tanh"),
    "elu": functional.elu,
    "leaky-relu": functional.leaky_relu,
    "identity": lambda x: x,
}

# Name, layer, shape of the input.
LAYERS = [
    ("linear over leading axes", lambda: nn.Linear(5, 4), [2, 3, 5]),
    ("convolution", lambda: nn.Conv2d(2, 3, 3), [2, 2, 5, 4]),
    ("convolution of stride 2", lambda: nn.Conv2d(2, 3, 3, stride=2, padding=1), [1, 2, 6, 5]),
    ("convolution of stride 3 over what is left", lambda: nn.Conv2d(1, 2, 2, stride=3), [1, 1, 7, 6]),
    ("dilated convolution", lambda: nn.Conv2d(1, 2, 3, padding=2, dilation=2), [1, 1, 6, 5]),
    ("dilated convolution of stride 2", lambda: nn.Conv2d(2, 1, 2, stride=2, padding=1, dilation=3), [1, 2, 6, 7]),
    ("convolution in groups", lambda: nn.Conv2d(4, 6, 3, padding=1, groups=2), [1, 4, 3, 4]),
    ("depthwise convolution", lambda: nn.Conv2d(3, 3, 3, stride=2, padding=1, groups=3, bias=False), [2, 3, 5, 4]),
    ("depthwise convolution with two outputs", lambda: nn.Conv2d(2, 4, 3, padding=1, groups=2), [1, 2, 4, 3]),
    ("pointwise convolution", lambda: nn.Conv2d(3, 2, 1), [2, 3, 2, 3]),
    ("transposed convolution", lambda: nn.ConvTranspose2d(2, 3, 3), [2, 2, 3, 2]),
    ("transposed convolution with output padding",
     lambda: nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1), [1, 2, 3, 4]),
    ("transposed convolution in groups",
     lambda: nn.ConvTranspose2d(4, 2, 3, stride=3, padding=1, output_padding=2, groups=2), [1, 4, 2, 3]),
    ("dilated transposed convolution",
     lambda: nn.ConvTranspose2d(1, 2, 2, stride=2, padding=1, dilation=2, bias=False), [1, 1, 3, 3]),
    ("max pooling", lambda: nn.MaxPool2d(2), [1, 2, 5, 4]),
    ("overlapping max pooling", lambda: nn.MaxPool2d(3, stride=2, padding=1), [1, 2, 5, 6]),
    ("average pooling", lambda: nn.AvgPool2d(2), [1, 2, 4, 5]),
    ("overlapping average pooling", lambda: nn.AvgPool2d(3, stride=2, padding=1), [1, 2, 5, 6]),
    ("global average pooling", lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), [2, 3, 3, 2]),
    ("layer norm", lambda: nn.LayerNorm(6), [2, 3, 6]),
    ("layer norm without bias", lambda: nn.LayerNorm(5, eps=1e-2, bias=False), [3, 5]),
    ("RMS norm", lambda: nn.RMSNorm(6, eps=1e-3), [2, 2, 6]),
    ("group norm", lambda: nn.GroupNorm(2, 4), [2, 4, 3, 2]),
    ("group norm of samples", lambda: nn.GroupNorm(3, 6, eps=1e-2), [3, 6]),
    ("attention", lambda: SelfAttention(6, 2, False, True), [2, 4, 6]),
    ("causal attention", lambda: SelfAttention(6, 3, True, True), [2, 5, 6]),
    ("causal attention without biases", lambda: SelfAttention(4, 1, True, False), [1, 6, 4]),
    ("lstm", lambda: States(nn.LSTM(3, 4, batch_first=True)), [2, 5, 3]),
    ("lstm of one time", lambda: States(nn.LSTM(3, 2, batch_first=True)), [2, 1, 3]),
    ("gru", lambda: States(nn.GRU(3, 4, batch_first=True)), [2, 5, 3]),
    ("gru of one time", lambda: States(nn.GRU(3, 2, batch_first=True)), [2, 1, 3]),
    ("softmax", lambda: nn.Softmax(-1), [2, 3, 4]),
    ("softmax over an inner axis", lambda: nn.Softmax(1), [2, 3, 4]),
]

# Name, layer, shape of the input, whether in training.
BATCH_NORMS = [
    ("batch norm in training", lambda: nn.BatchNorm2d(3), [2, 3, 2, 3], True),
    ("batch norm of samples in training", lambda: nn.BatchNorm1d(4, momentum=0.3, eps=1e-2), [5, 4], True),
    ("batch norm without parameters in training", lambda: nn.BatchNorm2d(2, affine=False), [2, 2, 2, 2], True),
    ("batch norm in use", lambda: nn.BatchNorm2d(3), [2, 3, 2, 2], False),
    ("batch norm of samples in use", lambda: nn.BatchNorm1d(4, eps=1e-2), [3, 4], False),
]

LABELS = torch.tensor([2, 0, 1, 4])
CLASS_WEIGHTS = torch.tensor([0.5, 1, 2, 0.25, 1.5])


def steps(shape, seed):
    """Contents in steps of a half, of which many are equal."""
    return (contents(shape, seed) * 2).floor() / 2


def batch_norm(name, make, shape, training):
    layer = fill(make()).train(training)
    layer.running_mean.copy_(contents(layer.running_mean.shape, 70))
    layer.running_var.copy_(contents(layer.running_var.shape, 71) + 1.5)
    return row(name, layer, contents(shape, 0), layer, ("running_mean", "running_var") if training else ())


def losses():
    """Losses of the input [4, 5], or of steps of a half where equal numbers matter."""

    def cross_entropy(reduction, smoothing, weights):
        return lambda x: functional.cross_entropy(
            x, LABELS, CLASS_WEIGHTS if weights else None, reduction=reduction, label_smoothing=smoothing)

    for reduction, name in [("none", "cross-entropy"), ("mean", "mean cross-entropy")]:
        for smoothing in [0, 0.1]:
            for weights in [False, True]:
                title = f"{name}{', smoothed' if smoothing else ''}{', weighted' if weights else ''}"
                yield row(title, cross_entropy(reduction, smoothing, weights), contents([4, 5], 0))
    targets = (contents([4, 5], 50) + 1) / 2
    yield row(
        "sigmoid cross-entropy",
        lambda x: functional.binary_cross_entropy_with_logits(8 * x, targets, reduction="none"), contents([4, 5], 0))
    yield row(
        "binary cross-entropy",
        lambda x: functional.binary_cross_entropy(0.45 * x + 0.5, targets, reduction="none"), contents([4, 5], 0))
    yield row("mean squared error", lambda x: functional.mse_loss(x, contents([4, 5], 50)), contents([4, 5], 0))
    yield row(
        "absolute error", lambda x: functional.l1_loss(x, steps([4, 5], 50), reduction="none"), steps([4, 5], 0))
    for delta in [1, 0.5]:
        yield row(
            f"Huber's error, {delta}",
            lambda x: functional.huber_loss(x, steps([4, 5], 50), reduction="none", delta=delta), steps([4, 5], 0))

    def divergence(x):
        latent = torch.distributions.Normal(x[0], (0.5 * x[1]).exp())
        return torch.distributions.kl_divergence(latent, torch.distributions.Normal(0.0, 1.0))

    yield row("divergence of a Gaussian", divergence, contents([2, 3, 4], 0))


def main():
    rows = []
    for name, activation in ACTIVATIONS.items():
        network = fill(Perceptron([5, 6, 4, 3], activation))
        rows.append(row(name, network, contents([4, 5], 0), network))
    for name, make, shape in LAYERS:
        layer = fill(make())
        rows.append(row(name, layer, contents(shape, 0), layer))
    rows.append(row("max pooling of equals", nn.MaxPool2d(3, stride=2, padding=1), steps([2, 2, 5, 6], 0)))
    embedding = fill(nn.Embedding(5, 3))
    rows.append(row("embedding", embedding, torch.tensor([[4, 0, 2], [2, 2, 4]]), embedding))
    rows += [batch_norm(*arguments) for arguments in BATCH_NORMS]
    rows += losses()

    lines = ",\n".join(json.dumps(row) for row in rows)
    Path(__file__).with_suffix(".json").write_text(f'{{"torch": "{torch.__version__}",\n"rows": [\n{lines}\n]}}\n')
    print(f"{len(rows)} rows")


if __name__ == "__main__":
    main()
