"""What Apus is to reach beside its peers, and whether it does."""
import statistics

PRODUCTS = [
    "product 512×512×512 NN", "product 1024×1024×1024 NN", "product 2048×2048×2048 NN",
    "product 100×200×784 NT", "product 200×784×100 TN", "product 100×784×200 NN",
]
STEPS = ["step mlp", "step cnn", "step adam-cnn", "step resnet20", "step vae", "step gpt"]
SIZES = (1_000_000, 10_000_000, 50_000_000)
UPDATES = [f"update {optimizer} {count}" for optimizer in ("adam", "amsbound") for count in SIZES]
# How often some are measured in each round: what runs at the memory's bandwidth is, on a shared host, now as fast as one core's
# path to it and now as fast as two, for seconds.
TURNS = {name: 3 for name in UPDATES}
MEMORY = [f"memory {name.removeprefix('step ')}" for name in STEPS]
START = ["start mlp"]


class Target:
    """Ratios to a peer that are to be at least, or at most, a number on each kind of device.

    With `mean` the ratios' geometric mean counts, otherwise the worst of them.
    """

    def __init__(self, what, names, peer, cpu=None, opencl=None, mean=False, most=False):
        self.what, self.names, self.peer, self.mean, self.most = what, names, peer, mean, most
        self.bounds = {"cpu": cpu, "opencl": opencl}

    def ratios(self, results, device):
        """Those of the benchmarks that both sides were measured at."""
        return [r for r in (results.ratio(name, device, self.peer) for name in self.names) if r is not None]

    def ratio(self, ratios):
        """The one that counts; None where there are none."""
        if not ratios:
            return None
        return statistics.geometric_mean(ratios) if self.mean else (max if self.most else min)(ratios)

    def holds(self, ratio, device):
        return ratio <= self.bounds[device] if self.most else ratio >= self.bounds[device]


TARGETS = [
    Target("matrix products, geometric mean", PRODUCTS, "OpenBLAS", 1.0, 0.9, mean=True),
    Target("matrix products, geometric mean", PRODUCTS, "CLBlast", None, 10, mean=True),
    Target("step mlp", ["step mlp"], "PyTorch", 1.6, 1.2),
    Target("steps cnn, adam-cnn, resnet20", ["step cnn", "step adam-cnn", "step resnet20"], "PyTorch", 1.5, 1.0),
    Target("step vae", ["step vae"], "PyTorch", 1.8, 1.2),
    Target("step gpt", ["step gpt"], "PyTorch", 1.8, 1.2),
    Target("every step", STEPS, "tinygrad", None, 5),
    Target("updates of Adam and AMSBound, in GB/s, to fused Adam's", UPDATES, "PyTorch", 1.0, 1.0),
    Target("update of AMSBound, time", [n for n in UPDATES if "amsbound" in n], "Luo et al.", 5, 5),
    Target("peak memory of a training run", MEMORY, "PyTorch", 0.4, 0.6, most=True),
    Target("process start to the end of step 1", START, "PyTorch", 0.15, 0.5, most=True),
]
