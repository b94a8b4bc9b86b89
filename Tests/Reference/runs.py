"""What the comparisons of whole runs share: data as Apus reads it, its random numbers, and its command line."""

import gzip
import json
import os
import subprocess

import numpy
import torch
from safetensors.torch import save_file

MNIST = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def read_idx(path):
    with gzip.open(path + ".gz") as file:
        contents = file.read()
    return numpy.frombuffer(contents, numpy.uint8, offset=4 + 4 * contents[3]).reshape(
        numpy.frombuffer(contents, ">i4", contents[3], 4))


def read_mnist(folder, split):
    """Images [N, 28, 28] and labels, as bytes."""
    return [read_idx(os.path.join(folder, "mnist", name)) for name in MNIST[split]]


def write_mnist(folder, arrays):
    """A small MNIST of images and labels by split."""
    os.makedirs(os.path.join(folder, "mnist"))
    for split, parts in arrays.items():
        for name, values in zip(MNIST[split], parts):
            with open(os.path.join(folder, "mnist", name), "wb") as file:
                file.write(bytes([0, 0, 8, values.ndim]) + numpy.array(values.shape, ">i4").tobytes() + values.tobytes())


def read_text(path, context, validation=0.1):
    """Tokens for training and validation as windows side by side with what follows each token; and the vocabulary."""
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    vocabulary = sorted(set(text))
    places = {character: place for place, character in enumerate(vocabulary)}
    tokens = torch.tensor([places[character] for character in text])
    cut = int(len(tokens) * (1 - validation))

    def windows(part):
        count = (len(part) - 1) // context
        return part[: count * context].view(count, context), part[1 : count * context + 1].view(count, context)

    return windows(tokens[:cut]), windows(tokens[cut:]), len(vocabulary)


def uniform(seed, step, stream, count):
    """`Philox.uniform` of elements 0 ..< count: Philox 4×32-10, of which 64 elements share 16 counters."""
    element = numpy.arange(count, dtype=numpy.uint64)
    counter = element // 64 * 16 + element % 16
    mask = numpy.uint64(0xFFFFFFFF)
    words = [counter & mask, counter >> numpy.uint64(32), numpy.full_like(element, step), numpy.full_like(element, stream)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        low, high = words[0] * numpy.uint64(0xD2511F53), words[2] * numpy.uint64(0xCD9E8D57)
        words = [
            (high >> numpy.uint64(32)) ^ words[1] ^ numpy.uint64(key[0]), high & mask,
            (low >> numpy.uint64(32)) ^ words[3] ^ numpy.uint64(key[1]), low & mask]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    chosen = numpy.choose((element // 16 % 4).astype(int), words)
    return (chosen >> numpy.uint64(8)).astype(numpy.float64) / 2**24


def normal_noise(seed, step, first_stream, shape):
    """`Tensor.normalNoise`: Box and Muller's transformation of two uniform numbers an element."""
    count = int(numpy.prod(shape))
    first, second = (uniform(seed, step, first_stream + i, count) for i in range(2))
    return torch.tensor(numpy.sqrt(-2 * numpy.log(1 - first)) * numpy.cos(2 * numpy.pi * second)).reshape(shape)


def save_state(module, path):
    """The state_dict as safetensors, in single precision; tied tensors are stored under each of their names."""
    state = {name: value.detach().clone().contiguous() for name, value in module.state_dict().items()}
    save_file({name: value.float() if value.is_floating_point() else value for name, value in state.items()}, path)


def train(apus, folder, name, settings, *options):
    """Runs `apus train` with settings of a configuration file; gives the run's directory and the lines of its metrics."""
    output = os.path.join(folder, name.replace(" ", "-"))
    configuration = output + ".yaml"
    with open(configuration, "w") as file:
        json.dump(settings, file)
    subprocess.run(
        [apus, "train", configuration, "--output", output, "--quiet", *options], check=True,
        stdout=subprocess.DEVNULL)
    with open(os.path.join(output, "metrics.jsonl")) as file:
        return output, [json.loads(line) for line in file]
