"""PyTorch on the first CUDA device: products in float32, Adam's fused update, training steps; see harness.py for the figures.

    python Benchmarks/peers/pytorch_cuda.py [NAME...]

Prints one line a figure. TensorFloat32 is off, as it is in Apus unless asked for.
"""
import sys

import torch

import harness
import models
import pytorch

NAMES = ["product 1024×1024×1024 NN", "product 4096×4096×4096 NN", "update adam 10000000", "update adam 50000000"]


def run(name):
    """What is timed, all of it on the device."""
    shape, update = harness.product(name), harness.update(name)
    if shape:
        m, n, k, left, right = shape
        a = torch.rand((k, m) if left else (m, k), device="cuda")
        b = torch.rand((n, k) if right else (k, n), device="cuda")
        c = torch.empty((m, n), device="cuda")
        a, b = a.T if left else a, b.T if right else b
        return harness.Run(lambda: torch.mm(a, b, out=c), 2e-9 * m * n * k, torch.cuda.synchronize)
    if update:
        return pytorch.fused_adam(update[1], "cuda", torch.cuda.synchronize)
    data, labels = models.samples(name)
    data, labels = data.cuda(), labels if labels is None else labels.cuda()
    return harness.Run(
        models.training_step(name, data, labels, "eager", "cuda"), 1, torch.cuda.synchronize, seconds=0.3)


def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}", flush=True)
    for name in sys.argv[1:] or NAMES + list(models.MODELS):
        try:
            print(f"{name}: {run(name).figure(3):.1f}", flush=True)
        except RuntimeError as error:
            print(f"{name}: {error}", flush=True)


if __name__ == "__main__":
    main()
