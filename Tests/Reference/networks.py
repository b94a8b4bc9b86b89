"""Apus's models in PyTorch, with the same names in their state_dicts."""

import torch
from torch import nn
from torch.nn import functional


class Perceptron(nn.Module):
    def __init__(self, widths):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(*pair) for pair in zip(widths, widths[1:]))

    def forward(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = functional.relu(layer(x))
        return self.layers[-1](x)


class ConvolutionalClassifier(nn.Module):
    def __init__(self, features, classifier):
        super().__init__()
        self.features, self.classifier = nn.Sequential(*features), nn.Sequential(nn.Flatten(), *classifier)

    def forward(self, x):
        return self.classifier(self.features(x))


def lenet():
    return ConvolutionalClassifier(
        [nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)],
        [nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)])


def cnn():
    return ConvolutionalClassifier(
        [nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
         nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)],
        [nn.Linear(64 * 7 * 7, 128), nn.ReLU(), nn.Dropout(0), nn.Linear(128, 10)])


def adam_cnn():
    features = [nn.Dropout(0)]
    for inputs, outputs in [(3, 64), (64, 64), (64, 128)]:
        features += [nn.Conv2d(inputs, outputs, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, stride=2)]
    return ConvolutionalClassifier(
        features, [nn.Linear(128 * 3 * 3, 1000), nn.ReLU(), nn.Dropout(0), nn.Linear(1000, 10)])


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs, stride, projects):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.stride, self.missing = stride, outputs - inputs
        if projects and (stride != 1 or self.missing):
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        else:
            self.shortcut = self.pad

    def pad(self, x):
        """Every other pixel, and new channels of zeros on both sides."""
        before = self.missing // 2
        return functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, before, self.missing - before))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResidualNetwork(nn.Module):
    def __init__(self, channels, widths, blocks, projects):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, widths[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.stages, inputs = [], widths[0]
        for stage, (width, count) in enumerate(zip(widths, blocks)):
            layers = []
            for block in range(count):
                layers.append(ResidualBlock(inputs, width, 2 if stage > 0 and block == 0 else 1, projects))
                inputs = width
            self.stages.append(f"layer{stage + 1}")
            self.add_module(self.stages[-1], nn.Sequential(*layers))
        self.linear = nn.Linear(inputs, 10)

    def forward(self, x):
        x = functional.relu(self.bn1(self.conv1(x)))
        for stage in self.stages:
            x = self.get_submodule(stage)(x)
        return self.linear(x.mean((2, 3)))


def resnet20(channels):
    return ResidualNetwork(channels, [16, 32, 64], [3, 3, 3], projects=False)


def resnet34(channels):
    return ResidualNetwork(channels, [64, 128, 256, 512], [3, 4, 6, 3], projects=True)


class VariationalAutoencoder(nn.Module):
    def __init__(self, inputs=784, hidden=500, latents=50):
        super().__init__()
        self.encoder, self.mean = nn.Linear(inputs, hidden), nn.Linear(hidden, latents)
        self.log_variance = nn.Linear(hidden, latents)
        self.decoder, self.output = nn.Linear(latents, hidden), nn.Linear(hidden, inputs)
        self.latents = latents

    def forward(self, x, noise):
        """The negative evidence lower bound, in nats per sample."""
        x = x.flatten(1)
        hidden = functional.softplus(self.encoder(x))
        mean, deviation = self.mean(hidden), (0.5 * self.log_variance(hidden)).exp()
        logits = self.output(functional.softplus(self.decoder(mean + deviation * noise)))
        reconstruction = functional.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        posterior, prior = torch.distributions.Normal(mean, deviation), torch.distributions.Normal(0.0, 1.0)
        return (reconstruction + torch.distributions.kl_divergence(posterior, prior).sum()) / len(x)


class Attention(nn.Module):
    def __init__(self, width, heads, bias):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(width, 3 * width, bias), nn.Linear(width, width, bias)
        self.heads = heads

    def forward(self, x):
        parts = self.c_attn(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(*parts, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width, heads, bias):
        super().__init__()
        self.ln_1, self.attn = nn.LayerNorm(width, bias=bias), Attention(width, heads, bias)
        self.ln_2 = nn.LayerNorm(width, bias=bias)
        self.mlp = nn.ModuleDict({
            "c_fc": nn.Linear(width, 4 * width, bias), "c_proj": nn.Linear(4 * width, width, bias)})

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp["c_proj"](functional.gelu(self.mlp["c_fc"](self.ln_2(x))))


class GPT(nn.Module):
    """nanoGPT's network, whose linear weights and embeddings start as there."""

    def __init__(self, vocabulary, context=64, depth=4, heads=4, width=128, bias=False, tied=True):
        super().__init__()
        self.transformer = nn.ModuleDict({
            "wte": nn.Embedding(vocabulary, width), "wpe": nn.Embedding(context, width),
            "h": nn.ModuleList(Block(width, heads, bias) for _ in range(depth)),
            "ln_f": nn.LayerNorm(width, bias=bias)})
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        if tied:
            self.lm_head.weight = self.transformer["wte"].weight
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                nn.init.normal_(parameter, std=0.02 / (2 * depth) ** 0.5 if name.endswith("c_proj.weight") else 0.02)

    def forward(self, tokens):
        parts = self.transformer
        x = parts["wte"](tokens) + parts["wpe"].weight[: tokens.shape[1]]
        for block in parts["h"]:
            x = block(x)
        return self.lm_head(parts["ln_f"](x))


class CharacterRNN(nn.Module):
    def __init__(self, vocabulary, width=128, depth=2, cell=nn.LSTM):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(cell(width, width, batch_first=True) for _ in range(depth))
        self.output = nn.Linear(width, vocabulary)

    def forward(self, tokens):
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x)[0]
        return self.output(x)
