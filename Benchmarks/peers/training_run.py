"""A training run in PyTorch from files to parameters, whose memory and time a run of Apus is compared with.

    python training_run.py MODEL FOLDER [--steps 10] [--threads 2]

MODEL is one of mlp, cnn, adam-cnn, resnet20, vae and gpt; FOLDER holds MNIST's, CIFAR-10's or a text's file as
training_data.py writes them. Eager mode; the samples stay as bytes. Nothing is evaluated and nothing is written.
"""
import argparse
import os

import numpy
import torch

import models


def mnist(folder):
    images = numpy.fromfile(os.path.join(folder, "train-images-idx3-ubyte"), numpy.uint8)[16:]
    labels = numpy.fromfile(os.path.join(folder, "train-labels-idx1-ubyte"), numpy.uint8)[8:]
    return images.reshape(-1, 1, 28, 28), labels


def cifar(folder):
    files = [os.path.join(folder, "cifar-10-batches-bin", f"data_batch_{number}.bin") for number in range(1, 6)]
    rows = numpy.concatenate([numpy.fromfile(file, numpy.uint8).reshape(-1, 3073) for file in files])
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]


def text(folder):
    return torch.from_numpy(numpy.fromfile(os.path.join(folder, "text.txt"), numpy.uint8)).long() - ord(" "), None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("folder")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.model == "gpt":
        data, labels = text(arguments.folder)
    else:
        images, classes = (cifar if arguments.model in ("adam-cnn", "resnet20") else mnist)(arguments.folder)
        data, labels = torch.from_numpy(images), torch.from_numpy(classes.astype(numpy.int64))
    step, _ = models.training_step(f"step {arguments.model}", data, labels)
    for _ in range(arguments.steps):
        step()


if __name__ == "__main__":
    main()
