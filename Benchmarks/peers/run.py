"""Measures Apus beside its peers in alternation and writes the results.

    python Benchmarks/peers/run.py .build/release/apus [--rounds 5] [--devices cpu,opencl] [--only NAME...] [--without PEER...]

A host's speed drifts within minutes, so what is compared is measured within seconds: each round takes the products, the
updates and every model's step one after the other, and for each of these measures Apus on every device, in `apus bench`, and
then every peer; every other round does so the other way round. Updates, which run at the memory's bandwidth, have three turns in
each round. Medians count, of the figures and of the rounds' ratios. Products are compared with OpenBLAS and CLBlast, updates
with PyTorch's fused Adam and Luo et al.'s AMSBound, training steps with PyTorch (eager, channels-last, compiled), whole
processes with PyTorch's by the time to the end of step 1. Once, before the rounds, come their peak memory and steps with
tinygrad (three times where it takes seconds), behind each of which ours is measured too. Time is kept back for three rounds:
tinygrad's first run on a machine, which compiles for minutes, may not get to all models, and its next one does. Both sides get as many threads as there are cores. A peer that is
missing is a remark in the results.

Writes Benchmarks/RESULTS.md from what was measured (--output), Benchmarks/NOTES.md and the targets in targets.py, and the
figures of every round beside it as .json. Run it on a quiet machine, with the Python that install.sh names.
"""
import argparse
import concurrent.futures
import json
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import processes
import targets
import training_data
from results import Results, document

HERE = os.path.dirname(os.path.abspath(__file__))


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def best_kernels():
    """OpenBLAS's AVX-512 kernels by name, where it would take older ones for a processor that it does not know."""
    try:
        with open("/proc/cpuinfo") as file:
            return {"OPENBLAS_CORETYPE": "SKYLAKEX"} if "avx512f" in file.read() else None
    except OSError:
        return None


class Peer:
    """A program of this folder that is asked for figures by a line on its input."""

    # Seconds after which an answer is given up.
    PATIENCE = 600

    def __init__(self, who, program, kinds, environment=None):
        self.who, self.program, self.kinds, self.environment = who, program, kinds, environment
        self.process, self.names = None, []
        # A file and not a pipe, which a compiler's warnings would fill while nobody reads it.
        self.errors = tempfile.TemporaryFile("w+")

    def command(self, names):
        return [sys.executable, os.path.join(HERE, self.program), *names]

    def choose(self, names):
        """Those of the benchmarks that are of its kinds."""
        self.names = [name for name in names if name.split()[0] in self.kinds]

    def start(self, names):
        """Starts it for the benchmarks of its kinds; without any there is nothing to do."""
        self.choose(names)
        if self.names:
            self.process = subprocess.Popen(
                self.command(self.names) + ["--serve"], env=os.environ | (self.environment or {}), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)

    def answer(self, names):
        """The figures of those of the benchmarks that it knows, and the reasons of those that gave none."""
        names = [name for name in names if name in self.names]
        if not names:
            return [], []
        watch = threading.Timer(Peer.PATIENCE, self.process.kill)
        watch.start()
        try:
            self.process.stdin.write(json.dumps(names) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except OSError:
            line = ""
        watch.cancel()
        if line:
            return [json.loads(line)], []
        self.names = []
        return [], [f"{self.who}: {(self.complaints() or ['ended without a word'])[-1]}"]

    def complaints(self):
        """What it wrote to its standard error, when it has ended."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        self.process.wait()
        self.errors.seek(0)
        return self.errors.read().strip().splitlines()

    def stop(self):
        """Ends it, and gives what it could not measure."""
        if not self.process or self.process.poll() is not None:
            return []
        return [f"{self.who}, {line}" for line in self.complaints() if line.startswith(("product", "update", "step"))]


class SlowPeer(Peer):
    """A peer that takes long to make ready: each benchmark is measured by a process of its own, within at most so many seconds for
    all of them together; once, which shows it to be far behind, or in several turns where a process takes only seconds."""

    # The seconds of a process that has several turns, and how many.
    QUICK, TURNS = 10, 3

    def __init__(self, who, program, kinds, seconds):
        super().__init__(who, program, kinds)
        self.seconds = seconds

    def start(self, names):
        self.choose(names)

    def answers(self, seconds):
        """Each benchmark's figures, turn by turn, or None and the reason, within so many seconds or its own limit.

        First as many at a time as there are cores, for their compiled kernels to be in the peer's cache; those runs say nothing
        of its speed.
        """
        begun = time.monotonic()
        seconds = min(seconds, self.seconds)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda name: self.once(name, begun + seconds * 2 / 3), self.names))
        for name in self.names:
            for _ in range(self.TURNS):
                started = time.monotonic()
                yield name, *self.once(name, begun + seconds)
                if time.monotonic() - started > self.QUICK:
                    break

    def once(self, name, end):
        """One benchmark's figures from a process of its own that ends in time; otherwise None, and the reason."""
        limit = end - time.monotonic()
        if limit <= 0:
            return None, "no time was left for it"
        try:
            done = subprocess.run(self.command([name]), text=True, capture_output=True, timeout=limit)
        except subprocess.TimeoutExpired:
            return None, f"not ready after {limit:.0f} s"
        answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {"figures": {}}
        return (answer, None) if answer["figures"] else (None, (done.stderr.strip().splitlines() or ["no figure"])[-1])


def peers():
    plain = Peer("OpenBLAS", "openblas.py", ["product"])
    wide = [Peer("OpenBLAS", "openblas.py", ["product"], environment)] if (environment := best_kernels()) else []
    return [plain, *wide, Peer("PyTorch", "pytorch.py", ["update", "step"]), Peer("Luo et al.", "luo.py", ["update"])]


def opencl_peers():
    return [
        Peer("CLBlast", "clblast.py", ["product"]),
        SlowPeer("tinygrad", "tinygrad_steps.py", ["step"], seconds=480),
    ]


def ours(apus, device, names):
    """Our figures, and what could not be measured."""
    done = subprocess.run(
        [apus, "bench", *names, "--device", device, "--no-limits", "--rounds", "3", "--limit", "300", "--json"], text=True,
        capture_output=True)
    if done.returncode:
        return {}, [f"{device}: {(done.stderr.strip().splitlines() or ['apus bench failed'])[-1]}"]
    figures = json.loads(done.stdout)["figures"]
    return (
        {figure["name"]: figure["value"] for figure in figures if "value" in figure},
        [f"{device}, {figure['name']}: {figure['error']}" for figure in figures if "error" in figure])


def machine(apus):
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
        with open("/proc/meminfo") as file:
            memory = f"{int(file.readline().split()[1]) / 2**20:.0f} GiB"
        with open("/etc/os-release") as file:
            system = next(line.split("=")[1].strip().strip('"') for line in file if line.startswith("PRETTY_NAME"))
    except (OSError, StopIteration):
        memory, system = "", platform.platform()
    facts = {"processor": f"{name}, {os.cpu_count()} cores", "memory": memory, "system": system}
    devices = json.loads(subprocess.check_output([apus, "devices", "--json"], text=True))["devices"]
    for device in devices:
        driver = f", {device['platform']}, driver {device['driver']}" if "driver" in device else ""
        facts[device["selection"]] = device["name"] + driver
    return facts


def processor_time():
    """Seconds that the processors have spent on any program, or lost to another machine on the same host."""
    try:
        with open("/proc/stat") as file:
            user, nice, system, _, _, interrupts, soft, stolen = map(int, file.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    return (user + nice + system + interrupts + soft + stolen) / os.sysconf("SC_CLK_TCK")


def own_time():
    """Seconds that this program and those of its programs that have ended have spent on processors."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def version(command):
    try:
        return subprocess.check_output(command, text=True, stderr=subprocess.STDOUT).splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


class Comparison:
    """The rounds: in each, benchmark by benchmark, Apus on each device and the peers, then whole processes."""

    # The rounds that time is kept back for, and the seconds that one of them takes.
    LEAST_ROUNDS, ROUND = 3, 120

    def __init__(self, apus, devices, wanted, folder, without=()):
        self.apus, self.devices, self.folder = apus, devices, folder
        groups = [targets.PRODUCTS, targets.UPDATES] + [[name] for name in targets.STEPS]
        self.groups = [group for group in map(wanted, groups) if group]
        self.names = [name for group in self.groups for name in group]
        self.processes = {kind: wanted(names) for kind, names in (("memory", targets.MEMORY), ("start", targets.START))}
        self.datasets = training_data.write(folder) if any(self.processes.values()) else {}
        everyone = peers() + (opencl_peers() if "opencl" in devices else [])
        chosen = [peer for peer in everyone if peer.who not in without]
        for peer in chosen:
            peer.start(self.names)
        self.peers = [peer for peer in chosen if peer.names and not isinstance(peer, SlowPeer)]
        self.slow_peers = [peer for peer in chosen if peer.names and isinstance(peer, SlowPeer)]
        self.variants = {}

    @staticmethod
    def settle():
        """Waits for the threads of the last program, which spin for a while when they are done."""
        time.sleep(0.3)

    def make_ready(self, results):
        """Has every side compile what it needs; these figures do not count."""
        for device in self.devices if self.names else []:
            say(f"making apus ready on {device}")
            results.remarks += ours(self.apus, device, self.names)[1]
        for peer in self.peers:
            say(f"making {peer.who} ready")
            results.remarks += peer.answer(self.names)[1]

    def round(self, results, number):
        for group in self.groups:
            say(f"round {number + 1}: {group[0] if len(group) == 1 else group[0].split()[0] + 's'}")
            sides = [lambda: self.own(results, group), lambda: self.others(results, group)]
            for turn in range(targets.TURNS.get(group[0], 1)):
                for measure in reversed(sides) if (number + turn) % 2 else sides:
                    measure()
        self.whole(results, self.processes["start"], is_first=number == 0)

    def whole(self, results, names, is_first):
        if names:
            say("whole processes")
            self.settle()
            results.remarks += processes.measure(
                results, self.apus, self.devices, names, self.folder, self.datasets, is_first)

    def once(self, results, end):
        """What is measured once, before the rounds, which take the time that is left until `end`: peak memory, which hardly
        differs from run to run, and who takes long."""
        self.whole(results, self.processes["memory"], is_first=True)
        for peer in self.slow_peers:
            say(peer.who)
            for name, answer, reason in peer.answers(end - self.LEAST_ROUNDS * self.ROUND - time.monotonic()):
                if answer is None:
                    results.remarks.append(f"{peer.who}, {name}: {reason}")
                    continue
                self.note(results, peer, answer)
                # The rounds are minutes old.
                self.own(results, [name], beside=peer.who)

    def peer(self, results, peer, names):
        if not set(names) & set(peer.names):
            return
        self.settle()
        found, reasons = peer.answer(names)
        results.remarks += reasons
        for answer in found:
            self.note(results, peer, answer)

    def note(self, results, peer, answer):
        results.versions[peer.who] = answer["version"]
        for name, by_variant in answer["variants"].items():
            for variant, figure in by_variant.items():
                label = " ".join([variant, *(peer.environment or {}).values()])
                own = self.variants.setdefault((name, peer.who), {})
                own.setdefault(label, []).append(figure)

    def others(self, results, names):
        for peer in self.peers:
            self.peer(results, peer, names)

    def own(self, results, names, beside=None):
        """Measures Apus, for all peers or beside one."""
        for device in self.devices:
            self.settle()
            figures, reasons = ours(self.apus, device, names)
            results.remarks += reasons
            for name, value in figures.items():
                results.add(name, device, value, beside)

    def finish(self, results):
        """Ends the peers and adds their figures."""
        for peer in self.peers + self.slow_peers:
            results.remarks += peer.stop()
        # Of a peer's ways the one with the best median counts, and not the best figure of each round.
        for (name, who), by_variant in self.variants.items():
            label, values = max(by_variant.items(), key=lambda item: statistics.median(item[1]))
            for value in values:
                results.add(name, who, value)
            if len(by_variant) > 1:
                results.best.setdefault(name, {})[who] = label


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("apus")
    parser.add_argument("--devices", default="cpu,opencl")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, default=18, help="no round is begun that would end later (default: 18)")
    parser.add_argument("--only", nargs="+", help="benchmarks by name, or the first words of some: 'step mlp' memory")
    parser.add_argument("--without", nargs="+", default=[], help="peers that are left out: tinygrad takes eight minutes")
    parser.add_argument("--output", default=os.path.join(HERE, "../RESULTS.md"))
    parser.add_argument("--notes", default=os.path.join(HERE, "../NOTES.md"))
    arguments = parser.parse_args()
    apus, devices = os.path.abspath(arguments.apus), arguments.devices.split(",")

    beginnings = [words.split() for words in arguments.only or [""]]

    def wanted(names):
        return [name for name in names if any(name.split()[: len(words)] == words for words in beginnings)]

    results = Results(
        machine(apus), {"Apus": version([apus, "--version"]), "Swift": version(["swift", "--version"])},
        command=" ".join(["python", "Benchmarks/peers/run.py", arguments.apus, *map(shlex.quote, sys.argv[2:])]))
    start, busy, own = time.monotonic(), processor_time(), own_time()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(apus, devices, wanted, folder, arguments.without)
        comparison.make_ready(results)
        comparison.once(results, start + 60 * arguments.minutes)
        longest = 0
        while results.rounds < arguments.rounds:
            begun = time.monotonic()
            if results.rounds and begun - start + longest > 60 * arguments.minutes:
                break
            comparison.round(results, results.rounds)
            results.rounds += 1
            longest = max(longest, time.monotonic() - begun)
        comparison.finish(results)
    elapsed = time.monotonic() - start
    results.machine["duration"] = f"{elapsed / 60:.1f} minutes"
    # Every program that was started has ended by now, so the rest is somebody else's.
    if busy is not None:
        results.disturbance = max(0, processor_time() - busy - (own_time() - own)) / elapsed / os.cpu_count()
    results.remarks = list(dict.fromkeys(results.remarks))
    with open(arguments.notes) as file:
        text = document(results, file.read())
    with open(arguments.output, "w") as file:
        file.write(text)
    with open(os.path.splitext(arguments.output)[0] + ".json", "w") as file:
        file.write(results.text())
    say(f"wrote {arguments.output}")


if __name__ == "__main__":
    main()
