"""What the studies and scripts/server-cost share: runs of duelio-compare that are kept, so that a study can be
interrupted and taken up.

Each run has a results file in the study's folder. One that is finished is not made again, one that is not goes on.
They use the release build."""
import argparse
import json
import math
import os
import pathlib
import signal
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
PRIMARY = "cpu"  # results/metrics.cpp

SIGNS = {"faster": 1, "slightly faster": 1, "slower": -1, "slightly slower": -1}


def at_root():
    """A results file records its command, which then has no path of this machine."""
    os.chdir(ROOT)


def parser_of(about, runs):
    at_root()
    name = os.path.basename(sys.argv[0])
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=runs, help=f"how many (default: {runs}); more may be added later")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path(f"results/runs/{name}"),
                        help=f"of the results files, from the project's root (default: results/runs/{name})")
    return parser


def tool(name):
    if not (BIN / name).exists():
        sys.exit(f"{BIN / name} is missing: cmake --preset release && cmake --build --preset release "
                 "--target all duelio_benchmarks")
    return str(BIN / name)


def start(flags, command=None):
    """duelio-compare, or the command, as a process. Ctrl-C reaches it, too: it keeps what it has and ends with 130, and so does the study."""
    signal.signal(signal.SIGINT, lambda *_: None)  # which a child does not inherit, as it would SIG_IGN
    return subprocess.Popen([*(command or [tool("duelio-compare")]), *flags], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def flags_of(file, flags, first=()):
    """What makes the run or goes on with it; None when it is finished. A file of other flags is refused. `first`: those that
    its command begins with."""
    flags = [*map(str, flags), "--output", str(file)]
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists() or file.stat().st_size == 0:
        file.unlink(missing_ok=True)
        return flags
    run = Run(file)
    if run.manifest["command"][1:] != [*first, *flags]:
        sys.exit(f"{file} was made with other flags: {' '.join(run.manifest['command'][1:])}")
    return None if run.is_finished else ["--resume", str(file)]


def compare(file, flags, command=None):
    """The finished run of this file. `command`: in place of duelio-compare; what follows the tool in it are flags of the run."""
    command = command or [tool("duelio-compare")]
    at = max(i for i, word in enumerate(command) if pathlib.Path(word).parent == BIN) + 1
    asked = flags_of(file, flags, command[at:])
    if asked is not None:
        process = start(asked, command[:at] if asked[0] == "--resume" else command)
        said = process.communicate()[1]
        if process.returncode == 130:
            sys.exit(130)
        if process.returncode not in (0, 3):  # 3: the control failed, which is a result
            sys.exit(f"duelio-compare ended with {process.returncode}: {said.strip()}")
    return Run(file)


class Run:
    """The records of a results file (FORMAT.md). What stands behind the last block of a killed run is left out."""

    def __init__(self, file):
        records = []
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError:
                break  # cut off
        of_type = {}
        for record in records:
            of_type.setdefault(record["type"], []).append(record)
        self.manifest = of_type["manifest"][0]
        self.blocks = of_type.get("block", [])
        self.windows = [window for window in of_type.get("window", []) if window["block"] <= len(self.blocks)]
        self.verdicts = of_type.get("verdict", [])
        self.end = of_type.get("end", [None])[-1]

    @property
    def is_finished(self):
        return self.end is not None and self.end["finished"]

    @property
    def loads(self):
        """{id: rate}, ascending; the closed loop has no rate."""
        return {load["id"]: load["rate"] for load in self.manifest["plan"]["loads"]}

    def of(self, entry, metric=PRIMARY):
        """{load: verdict}"""
        return {each["load"]: each for each in self.verdicts if each["entry"] == entry and each["metric"] == metric}

    def calls(self, entry, load):
        """System calls per request, as a table's cell: the median over blocks and lanes."""
        known = [at["syscalls_per_request"] for block in self.blocks for lane in block["lanes"] if lane["entry"] == entry
                 for at in lane["loads"] if at["load"] == load and at["syscalls_per_request"] is not None]
        return f"{statistics.median(known):.2f}" if known else "n/a"

    def waits(self, entry):
        """Waits per request over whole blocks, by the server's own count, as a table's cell: the median."""
        known = [1 / lane["requests_per_wakeup"] for block in self.blocks for lane in block["lanes"]
                 if lane["entry"] == entry and lane["requests_per_wakeup"]]
        return f"{statistics.median(known):.2f}" if known else "n/a"

    def counted(self, load):
        """Windows that count, as (window, nanoseconds of server CPU per request)."""
        return [(window, window["server_cpu_ns"] / window["finished"]) for window in self.windows
                if window["load"] == load and window["void"] is None and window["finished"]]

    def block_ratios(self, entry, load):
        """Of each block the estimate of the log-ratio to the reference, as results/layout.cpp makes it."""
        turns = {}
        for window, cpu_ns in self.counted(load):
            lane = "candidate" if window["entry"] == entry and window["role"] == "candidate" else window["role"]
            if lane != "candidate" or window["entry"] == entry:
                turns.setdefault(window["block"], {}).setdefault(window["turn"], {})[lane] = math.log(cpu_ns)
        estimates = []
        for of_block in turns.values():
            whole = [turn for turn in of_block.values() if len(turn) == 3]
            if 2 * len(whole) >= self.manifest["plan"]["turns"]:
                estimates.append(statistics.mean(hodges_lehmann([turn["candidate"] - turn[lane] for turn in whole])
                                                 for lane in ("reference", "control")))
        return estimates


def hodges_lehmann(values):
    return statistics.median((values[i] + values[j]) / 2 for i in range(len(values)) for j in range(i, len(values)))


def text(verdict):
    if verdict["low"] is None:
        return f"{verdict['load']} {verdict['word']} ({verdict['why']})"
    return f"{verdict['load']} {verdict['word']} {verdict['ratio']:.3f} [{verdict['low']:.3f}, {verdict['high']:.3f}]"


def half_width(verdict):
    """Of the logarithm, which is about the share; None where there is no interval."""
    return None if verdict["low"] is None else math.log(verdict["high"] / verdict["low"]) / 2


def contradict(one, other):
    """Words of one truth cannot be these two: opposite signs, or beyond the minimum effect and within it."""
    if one in SIGNS and other in SIGNS:
        return SIGNS[one] != SIGNS[other]
    return "indistinguishable" in (one, other) and bool({"faster", "slower"} & {one, other})


def most_by_chance(runs, share):
    """The most of so many runs that chance brings: more have a probability below 5 % (binomial law)."""
    most, beyond = -1, 1.0
    while beyond >= 0.05:
        most += 1
        beyond -= math.comb(runs, most) * share ** most * (1 - share) ** (runs - most)
    return most


def percent(value):
    return "none" if value is None else f"{100 * value:.2f} %"


def t_quantile(degrees):
    """97.5 % (Cornish-Fisher; exact to three digits from ten degrees on)."""
    z = statistics.NormalDist().inv_cdf(0.975)
    return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
