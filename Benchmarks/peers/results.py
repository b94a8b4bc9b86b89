"""Results of a comparison, and how RESULTS.md is written from them.

    python results.py RESULTS.json NOTES.md > RESULTS.md
"""
import json
import statistics
import sys

import targets

UNITS = {"product": "GFLOP/s", "update": "GB/s", "step": "steps/s", "memory": "MB", "start": "s"}
PEERS = ["OpenBLAS", "CLBlast", "PyTorch", "Luo et al.", "tinygrad"]


class Results:
    """Figures of every round: by benchmark, then by who was measured (`cpu`, `opencl`, or a peer)."""

    # Above this part of the processors' time spent by other programs, ratios say nothing: threads that wait for each other,
    # as OpenMP's do, lose many times what they lack.
    QUIET = 0.03

    def __init__(
            self, machine=None, versions=None, figures=None, best=None, remarks=None, command="", rounds=0,
            disturbance=None, beside=None):
        self.machine, self.versions = machine or {}, versions or {}
        self.figures, self.best, self.remarks = figures or {}, best or {}, remarks or []
        self.command, self.rounds = command, rounds
        # The part of the processors' time that other programs took meanwhile; None where that is not known.
        self.disturbance = disturbance
        # Our figures that were measured right behind those of a peer: by peer, then as above.
        self.beside = beside or {}

    def add(self, name, who, figure, beside=None):
        figures = self.figures if beside is None else self.beside.setdefault(beside, {})
        figures.setdefault(name, {}).setdefault(who, []).append(figure)

    def median(self, name, who):
        values = self.figures.get(name, {}).get(who)
        return statistics.median(values) if values else None

    def spread(self, name, who):
        """From the smallest round to the largest, as a part of the median."""
        values = self.figures.get(name, {}).get(who) or [0]
        return (max(values) - min(values)) / statistics.median(values) if len(values) > 1 else 0.0

    def ratio(self, name, device, peer):
        """Ours over the peer's: the median of the rounds' ratios, or that of the medians where a peer lacks rounds."""
        theirs = self.figures.get(name, {}).get(peer) or []
        ours = self.beside.get(peer, self.figures).get(name, {}).get(device) or []
        if not ours or not theirs:
            return None
        if len(ours) == len(theirs):
            return statistics.median(a / b for a, b in zip(ours, theirs))
        return statistics.median(ours) / statistics.median(theirs)

    def is_quiet(self):
        return self.disturbance is None or self.disturbance <= Results.QUIET

    def text(self):
        return json.dumps(vars(self), indent=1, ensure_ascii=False) + "\n"


def number(value):
    return f"{value:.0f}" if value >= 99.5 else f"{value:.1f}" if value >= 9.95 else f"{value:.2f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def figures(results, kind, devices):
    """The table of one kind of benchmark: each peer's figure, then ours and the ratios to the peers in their order."""
    names = [name for name in results.figures if name.split()[0] == kind]
    peers = [peer for peer in PEERS if any(results.median(name, peer) for name in names)]
    if not names:
        return None
    rows = []
    for name in names:
        def cell(who):
            middle = results.median(name, who)
            return "–" if middle is None else f"{number(middle)} ±{50 * results.spread(name, who):.0f} %"

        def named(peer):
            mode = results.best.get(name, {}).get(peer)
            return cell(peer) + (f" ({mode})" if mode else "")

        row = [name] + [named(peer) for peer in peers]
        for device in devices:
            ratios = [results.ratio(name, device, peer) for peer in peers]
            row += [cell(device), " / ".join("–" if ratio is None else f"{ratio:.2f}" for ratio in ratios)]
        rows.append(row)
    head = [UNITS[kind]] + peers + [text for device in devices for text in (device, "ratio to " + " / ".join(peers))]
    return table(head, rows)


def verdict(results, target, device, ratios):
    """A target holds only where everything that it is about was measured, on a quiet machine."""
    if not ratios:
        return "not measured"
    if not results.is_quiet():
        return "not judged"
    if not target.holds(target.ratio(ratios), device):
        return "**missed**"
    return "holds" if len(ratios) == len(target.names) else f"holds for {len(ratios)} of {len(target.names)}"


def verdicts(results, devices):
    rows = []
    for target in targets.TARGETS:
        for device in devices:
            if target.bounds[device] is None:
                continue
            ratios = target.ratios(results, device)
            ratio = target.ratio(ratios)
            sign = "≤" if target.most else "≥"
            rows.append([
                f"{target.what}; to {target.peer}", device, f"{sign} {target.bounds[device]}",
                "–" if ratio is None else f"{ratio:.2f}", verdict(results, target, device, ratios)])
    return table(["what (the worst ratio, where there are several)", "device", "target", "ratio", ""], rows)


def document(results, notes):
    devices = [d for d in ("cpu", "opencl") if any(d in by_who for by_who in results.figures.values())]
    disturbed = f"{100 * results.disturbance:.0f} %" if results.disturbance is not None else "unknown"
    facts = results.machine | {"taken by other programs": disturbed} | results.versions
    parts = [
        "# Results",
        *([] if results.is_quiet() else [
            "**The machine was not quiet: no figure here says anything, and no target is judged.**"]),
        "Written by `Benchmarks/peers/run.py`, which `make bench` runs; what is measured and why is in its first lines.\n"
        "The last sections are Benchmarks/NOTES.md.",
        "Ratios are ours over the peer's; except for memory (MB at its peak) and start (seconds), more is better. Figures and\n"
        f"ratios are medians of alternating rounds ({results.rounds}), ± half of the way from the smallest to the largest. Within a\n"
        "round both sides of a ratio are measured within seconds, every other time ours first; updates three times. Of several\n"
        "ways that a peer has, the best counts and is named.",
        f"```\n{results.command}\n```",
        "## Machine and versions",
        table(["", ""], [[key, value] for key, value in facts.items()]).replace("---:", "---"),
        "## Targets", verdicts(results, devices)]
    for kind, title in (
        ("product", "Matrix products"), ("update", "Updates"), ("step", "Training steps"),
        ("memory", "Peak memory of a training run of 10 steps"), ("start", "From the process's start to the end of step 1"),
    ):
        text = figures(results, kind, devices)
        if text:
            parts += [f"## {title}", text]
    if results.remarks:
        parts += ["## What was not measured", "\n".join(f"- {remark}" for remark in results.remarks)]
    return "\n\n".join(parts) + "\n\n" + notes


def main():
    with open(sys.argv[1]) as file, open(sys.argv[2]) as notes:
        print(document(Results(**json.load(file)), notes.read()), end="")


if __name__ == "__main__":
    main()
