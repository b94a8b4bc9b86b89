"""PyTorch on the first CUDA device: products, Adam's fused update, training steps; see harness.py for the figures.

    python Benchmarks/peers/pytorch_cuda.py [NAME...]

Prints one line a figure: in float32, with TensorFloat32 off as it is in Apus unless asked for, then products and steps in tf32, then
steps in bf16 by autocast.
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
    step, begin = models.training_step(name, data, labels, "eager", "cuda")
    return harness.Run(step, 1, torch.cuda.synchronize, seconds=0.3, begin=begin)


def applies(name, precision):
    """Whether a precision changes what is timed: updates have no products, and autocast leaves one with `out` as it is."""
    return precision == "float32" or name in models.MODELS or (precision == "tf32" and name.startswith("product"))


def main():
    print(f"PyTorch {torch.__version__}, {torch.cuda.get_device_name()}", flush=True)
    names = sys.argv[1:] or NAMES + list(models.MODELS)
    for precision in ["float32", "tf32", "bf16"]:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
        for name in names:
            if not applies(name, precision):
                continue
            try:
                with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
                    print(f"{name} in {precision}: {run(name).figure(3):.1f}", flush=True)
            except RuntimeError as error:
                print(f"{name} in {precision}: {error}", flush=True)


if __name__ == "__main__":
    main()
