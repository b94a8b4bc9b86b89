"""Measures Apus beside OpenBLAS and PyTorch on the processor, in alternation, and prints medians and ratios.

    python Benchmarks/peers/cpu.py .build/release/apus [--devices cpu,opencl] [--rounds 5]

Needs torch and numpy; OpenBLAS is found as libopenblas.so.0. Both sides get two threads. Run it on a quiet machine.
"""
import argparse
import ctypes
import json
import statistics
import subprocess
import time

import numpy
import torch

SHAPES = {  # name: (m, n, k, left transposed, right transposed)
    "512×512×512 NN": (512, 512, 512, False, False),
    "1024×1024×1024 NN": (1024, 1024, 1024, False, False),
    "2048×2048×2048 NN": (2048, 2048, 2048, False, False),
    "100×200×784 NT": (100, 200, 784, False, True),
    "200×784×100 TN": (200, 784, 100, True, False),
    "100×784×200 NN": (100, 784, 200, False, False),
}
THREADS = 2


def median_time(run, seconds=0.05, rounds=5):
    for _ in range(3):
        run()
    start = time.perf_counter()
    run()
    repeats = max(1, min(20000, int(seconds / max(time.perf_counter() - start, 1e-7))))
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            run()
        times.append((time.perf_counter() - start) / repeats)
    return statistics.median(times)


def openblas():
    library = ctypes.CDLL("libopenblas.so.0")
    library.openblas_set_num_threads(THREADS)
    pointer = ctypes.POINTER(ctypes.c_float)
    figures = {}
    for name, (m, n, k, left, right) in SHAPES.items():
        a = numpy.random.rand(*((k, m) if left else (m, k))).astype(numpy.float32)
        b = numpy.random.rand(*((n, k) if right else (k, n))).astype(numpy.float32)
        c = numpy.zeros((m, n), numpy.float32)
        pa, pb, pc = (x.ctypes.data_as(pointer) for x in (a, b, c))
        run = lambda: library.cblas_sgemm(
            101, 112 if left else 111, 112 if right else 111, m, n, k, ctypes.c_float(1), pa, a.shape[1], pb,
            b.shape[1], ctypes.c_float(0), pc, n)
        figures[f"product {name}"] = 2e-9 * m * n * k / median_time(run)
    return figures


def pytorch():
    torch.set_num_threads(THREADS)
    figures = {}
    for count in (10_000, 1_000_000, 10_000_000):
        weights = torch.rand(count, requires_grad=True)
        weights.grad = torch.rand(count)
        optimizer = torch.optim.Adam([weights], 1e-6, fused=True)
        figures[f"update adam {count}"] = count * 28e-9 / median_time(optimizer.step)
    images, labels = torch.randint(0, 256, (60000, 784), dtype=torch.uint8), torch.randint(0, 10, (60000,))
    steps = {}
    for mode in ("eager", "compiled"):
        model = torch.nn.Sequential(
            torch.nn.Linear(784, 200), torch.nn.ReLU(), torch.nn.Linear(200, 200), torch.nn.ReLU(),
            torch.nn.Linear(200, 10))
        optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)

        def loss_of(x, y):
            return torch.nn.functional.cross_entropy(model(x.float() * (1 / 255)), y)

        function = torch.compile(loss_of) if mode == "compiled" else loss_of
        order, position = torch.randperm(60000), 0

        def step():
            nonlocal position
            batch = order[position:position + 100]
            position = (position + 100) % 60000
            loss = function(images[batch], labels[batch])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()

        try:
            steps[mode] = 1 / median_time(step, seconds=0.3)
        except Exception as error:  # torch.compile needs a C++ compiler
            print(f"PyTorch {mode}: {type(error).__name__}")
    figures["step 784-200-200-10 batch 100 adam"] = max(steps.values())
    return figures, steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apus")
    parser.add_argument("--devices", default="cpu,opencl")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    devices = arguments.devices.split(",")
    ours, theirs, modes = {}, {}, {}
    for _ in range(arguments.rounds):
        torch_figures, steps = pytorch()
        for mode, value in steps.items():
            modes.setdefault(mode, []).append(value)
        for name, value in (openblas() | torch_figures).items():
            theirs.setdefault(name, []).append(value)
        for device in devices:
            result = json.loads(subprocess.check_output(
                [arguments.apus, "bench", "--device", device, "--rounds", "3", "--json"], stderr=subprocess.DEVNULL))
            for figure in result["figures"]:
                ours.setdefault((figure["name"], device), []).append(figure["value"])
    print("| what | peer | " + " | ".join(f"{d} | ratio" for d in devices) + " |")
    print("| --- | ---: | " + " | ".join("---: | ---:" for _ in devices) + " |")
    for name in dict.fromkeys(name for name, _ in ours):
        peer = theirs.get(name) or theirs.get(name.replace("amsbound", "adam"))
        middle = statistics.median(peer)
        cells = []
        for device in devices:
            value = statistics.median(ours[name, device])
            cells += [f"{value:.0f}", f"{value / middle:.2f}"]
        print(f"| {name} | {middle:.0f} | " + " | ".join(cells) + " |")
    print("PyTorch steps/s:", {mode: round(statistics.median(values)) for mode, values in modes.items()})


if __name__ == "__main__":
    main()
