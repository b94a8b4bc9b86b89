"""AMSBound's update as plain PyTorch operations, as its authors' implementation has it; see harness.py.

The rule is Luo et al.'s, "Adaptive Gradient Methods with Dynamic Bound of Learning Rate", ICLR 2019, algorithm 2 with the
bias corrections and the bounds of their published `adabound.py`: one tensor operation after the other over each parameter.
"""
import math

import torch

import harness


class AMSBound:
    """State of one parameter: first moment, second moment and its running maximum."""

    def __init__(self, parameter, rate=1e-3, betas=(0.9, 0.999), final_rate=0.1, gamma=1e-3, epsilon=1e-8):
        self.parameter, self.rate, self.initial_rate = parameter, rate, rate
        self.betas, self.final_rate, self.gamma, self.epsilon = betas, final_rate, gamma, epsilon
        self.first, self.second, self.largest = (torch.zeros_like(parameter) for _ in range(3))
        self.time = 0

    @torch.no_grad()
    def step(self):
        self.time += 1
        t, (beta1, beta2), gradient = self.time, self.betas, self.parameter.grad
        self.first.mul_(beta1).add_(gradient, alpha=1 - beta1)
        self.second.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        torch.maximum(self.largest, self.second, out=self.largest)
        denominator = self.largest.sqrt().add_(self.epsilon)
        size = self.rate * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        bound = self.final_rate * self.rate / self.initial_rate
        lower, upper = bound * (1 - 1 / (self.gamma * t + 1)), bound * (1 + 1 / (self.gamma * t))
        sizes = torch.full_like(denominator, size).div_(denominator).clamp_(lower, upper)
        self.parameter.add_(-sizes.mul_(self.first))


def plain(count):
    weights = torch.rand(count, requires_grad=True)
    weights.grad = torch.rand(count)
    # The bytes that an update cannot avoid: read are parameter, gradient and three states, written all but the gradient.
    return harness.Run(AMSBound(weights, rate=1e-6).step, count * 36e-9)


def prepare(name):
    update = harness.update(name)
    return {"plain": lambda: plain(update[1])} if update and update[0] == "amsbound" else None


if __name__ == "__main__":
    harness.main(f"Luo et al.'s rule in PyTorch {torch.__version__}", prepare, torch.set_num_threads)
