"""Whole training processes: their peak memory, and the time from their start to the end of step 1.

Ours reads the files, trains, evaluates, and writes checkpoint, metrics and curves; PyTorch's reads and trains only.
"""
import os
import subprocess
import sys

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 10


def run(command):
    """The seconds that a process takes and its peak memory in MB, or why it failed."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", os.path.join(HERE, "measured.py"), *command], capture_output=True, text=True,
        errors="replace")
    seconds, peak, code = done.stdout.split() if done.returncode == 0 else (0, 0, done.returncode)
    if int(code):
        return None, (done.stderr.strip().splitlines() or [f"exit code {code}"])[-1]
    return (float(seconds), int(peak) / 1e6), None


def command(who, apus, model, folder, dataset, steps):
    if who == "PyTorch":
        return [sys.executable, os.path.join(HERE, "training_run.py"), model, folder, "--steps", str(steps)]
    return [
        apus, "train", "--dataset", dataset, "--data-dir", folder, "--model", model, "--optimizer", "adam", "--batch-size",
        str(harness.STEPS[f"step {model}"][0]), "--steps", str(steps), "--device", who,
        "--output", os.path.join(folder, "run"), "--overwrite", "--quiet"]


def measure(results, apus, devices, names, folder, datasets, is_first):
    """Adds one round of each name and gives what failed.

    In the first round what is timed is run twice, for files to be in their caches, and so are all of ours, for kernels to be
    compiled: PoCL compiles within the process that first needs them, which takes 100 MB.
    """
    failures = []
    for name in names:
        kind, model = name.split()
        steps = 1 if kind == "start" else STEPS
        for who in ["PyTorch", *devices]:
            for _ in range(2 if is_first and (kind == "start" or who in devices) else 1):
                found, reason = run(command(who, apus, model, folder, datasets[model], steps))
            if found:
                results.add(name, who, found[0 if kind == "start" else 1])
            else:
                failures.append(f"{who}, {name}: {reason}")
    return failures
