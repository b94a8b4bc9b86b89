"""What every peer does alike: it measures the benchmarks that it is given by the registry's names and prints the figures.

    python PEER.py NAME... [--threads 2] [--rounds 3] [--serve]

Prints one JSON object, {"version": ..., "figures": {NAME: figure}, "variants": {NAME: {VARIANT: figure}}}: of several
variants the best is the figure. With --serve each line of its input is a JSON array of names that are measured, and one
object a line is printed, so that what is slow to make ready, such as compiled steps, is made once. Names that the peer knows
nothing of are left out.

A figure is in the unit that `apus bench` gives: GFLOP/s for products, GB/s for updates, steps/s for steps.
"""
import argparse
import json
import os
import re
import statistics
import sys
import time

PRODUCT = re.compile(r"product (\d+)×(\d+)×(\d+) (NN|NT|TN|TT)")
UPDATE = re.compile(r"update (\S+) (\d+)")

# Batch size, channels and side of the pictures; the text model's batch size and window.
STEPS = {
    "step mlp": (100, 1, 28),
    "step cnn": (100, 1, 28),
    "step adam-cnn": (128, 3, 32),
    "step resnet20": (128, 3, 32),
    "step vae": (100, 1, 28),
    "step gpt": (12, 64),
}
SAMPLES = 2048
CHARACTERS = 65
TEXT = 100_000


class Run:
    """Something that waits to be timed: `run` submits it, `wait` waits for it, `amount` is what one run does.

    `begin` is called before each timing.
    """

    def __init__(self, run, amount=1, wait=lambda: None, seconds=0.05, begin=lambda: None):
        self.run, self.amount, self.wait, self.seconds, self.begin = run, amount, wait, seconds, begin

    def figure(self, rounds):
        """The amount a second, by the median of some rounds, each long enough to be measured."""
        clock = time.perf_counter

        def timed(count):
            start = clock()
            for _ in range(count):
                self.run()
            self.wait()
            return clock() - start

        self.begin()
        timed(1)
        count, taken = 1, timed(1)
        while taken < self.seconds / 8:
            count *= 2
            taken = timed(count)
        count = max(1, min(20_000, round(self.seconds / taken * count)))
        return self.amount / statistics.median(timed(count) / count for _ in range(rounds))


def product(name):
    """M, N, K and whether left and right are stored transposed; None for another benchmark."""
    match = PRODUCT.fullmatch(name)
    return match and (*map(int, match.groups()[:3]), match[4][0] == "T", match[4][1] == "T")


def update(name):
    """The optimizer and the number of parameters; None for another benchmark."""
    match = UPDATE.fullmatch(name)
    return match and (match[1], int(match[2]))


def main(version, prepare, threads=lambda count: None):
    """Runs a peer.

    version: what is measured, or a function that says so.
    prepare: takes a name and gives a dictionary of variants, each a function that makes a `Run`; None for a name that the
        peer does not know. A step stays ready; everything else is made anew for each round.
    threads: sets the number of threads.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--serve", action="store_true")
    arguments = parser.parse_args()
    threads(arguments.threads)
    ready, failed = {}, set()

    def measure(names):
        figures, variants = {}, {}
        for name in names:
            for variant, make in (prepare(name) or {}).items():
                if (name, variant) in failed:
                    continue
                try:
                    run = ready.get((name, variant)) or make()
                    if name in STEPS:
                        ready[name, variant] = run
                    variants.setdefault(name, {})[variant] = run.figure(arguments.rounds)
                except Exception as error:
                    # Compiling may lack a compiler, a device memory: the other figures are wanted all the same.
                    failed.add((name, variant))
                    print(f"{name}, {variant}: {type(error).__name__}: {str(error)[:300]}", file=sys.stderr, flush=True)
            if name in variants:
                figures[name] = max(variants[name].values())
        text = version() if callable(version) else version
        print(json.dumps({"version": text, "figures": figures, "variants": variants}), flush=True)

    if arguments.serve:
        for line in sys.stdin:
            measure(json.loads(line))
    else:
        measure(arguments.names)
