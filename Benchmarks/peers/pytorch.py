"""PyTorch: Adam's fused update, and training steps, eager, in the channels-last format and compiled; see harness.py.

An update of AMSBound, which PyTorch has not, is compared with the one of fused Adam.
"""
import os

# Compiled steps are compiled by this process, which waits for its compilers: what they take of the processors is then known
# to be ours and not another program's.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

import torch  # noqa: E402

import harness  # noqa: E402
import models  # noqa: E402

CONVOLUTIONAL = ("step cnn", "step adam-cnn", "step resnet20")


def fused_adam(count, device="cpu", wait=lambda: None):
    """Adam's update of so many weights on a device that `wait` waits for."""
    weights = torch.rand(count, device=device, requires_grad=True)
    weights.grad = torch.rand(count, device=device)
    optimizer = torch.optim.Adam([weights], 1e-6, fused=True)
    # Read: parameter, gradient and two moments; written: parameter and moments.
    return harness.Run(optimizer.step, count * 28e-9, wait)


def prepare(name):
    if name in models.MODELS:
        modes = ["eager", "compiled"] + (["channels-last"] if name in CONVOLUTIONAL else [])

        def run(mode):
            step, begin = models.training_step(name, *models.samples(name), mode)
            return harness.Run(step, seconds=0.3, begin=begin)

        return {mode: lambda mode=mode: run(mode) for mode in modes}
    update = harness.update(name)
    if update and update[0] in ("adam", "amsbound"):
        return {"fused Adam": lambda: fused_adam(update[1])}
    return None


if __name__ == "__main__":
    harness.main(f"PyTorch {torch.__version__}", prepare, torch.set_num_threads)
