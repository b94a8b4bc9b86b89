"""Whole training processes: their peak memory, and the time from their start to the end of step 1.

Ours reads the files, trains, evaluates, and writes checkpoint, metrics and curves; PyTorch's reads and trains only.
"""
import os
import subprocess
import sys
import time

import harness

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 10


def run(command):
    """The seconds that a process takes and its peak memory in MB, or why it failed."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read().decode(errors="replace").strip().splitlines()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - start
    if process.returncode:
        return None, errors[-1] if errors else f"exit code {process.returncode}"
    # Linux counts in kilobytes, macOS in bytes.
    return (seconds, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)), None


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
