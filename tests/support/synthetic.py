"""Results files as duelio-compare writes them, with known ratios, to try the report on."""
import json
import math
import random


def index_of(value):
    """Of a histogram's bucket, as loadgen.schema.json says."""
    if value < 2048:
        return value
    shift = value.bit_length() - 11
    return (shift << 10) + (value >> shift)


def write(file, entries="epoll-oneshot,epoll-et,asio", rounds=12, connections=64, rate=40_000.0, handler_cpu=0,
          seconds=3, kernel="Linux 6.1.0", idle=0, syscalls="", seed=1):
    """Entries are NAME or NAME=KIND. The first is the reference; entry i has i * 4 % less CPU per request. `syscalls`
    is why no system calls were counted."""
    chance = random.Random(seed)
    parts = [entry.partition("=") for entry in entries.split(",")]
    names = [name for name, _, _ in parts]

    def noisy(value, by=0.01):
        return value * (1 + by * chance.gauss(0, 1))

    def histogram(median_ns):
        counts = {}
        values = [int(median_ns * math.exp(0.3 * chance.gauss(0, 1))) for _ in range(3000)]
        for value in values:
            counts[index_of(value)] = counts.get(index_of(value), 0) + 37
        return {"count": 37 * len(values), "sum": 37 * sum(values), "min": min(values), "max": max(values),
                "buckets": sorted(map(list, counts.items()))}
    histograms = [histogram(40_000) for _ in range(16)]

    def phases(number):
        ratio = 1 - 0.04 * number
        cpu = noisy(8000 * ratio * (1 + 4 / connections) + handler_cpu)
        p99 = noisy(90_000 * ratio * (1 + (rate / 60_000) ** 4), 0.05)
        opened = {"requests": rate * seconds, "rate": noisy(rate, 0.001), "offered": rate,
                  "p50_ns": noisy(40_000), "p99_ns": p99, "dispatch_lag_p99_ns": 3_000, "request_errors": 0,
                  "generator_share": 0.5, "steal_share": 0, "server_cpu_per_request_ns": cpu,
                  "server_user_per_request_ns": 0.1 * cpu, "server_system_per_request_ns": 0.9 * cpu}
        closed = {"requests": 90_000, "rate": noisy(90_000 / ratio), "request_errors": 0, "server_share": 0.99,
                  "generator_share": 0.5, "server_cpu_per_request_ns": noisy(7000 * ratio)}
        series = [{"t_s": second + 1.0, "completed": int(noisy(rate)), "errors": 0, "p50_ns": 40_000,
                   "p99_ns": int(noisy(p99, 0.1))} for second in range(seconds)]
        counted = {"requests": 10_000, "instructions_per_request": noisy(21_000 * ratio),
                   "cache_misses_per_request": noisy(14 * ratio)}
        if not syscalls:
            counted["syscalls_per_request"] = noisy(3.0 if number == 0 else 2.0, 0.001)
        memory = {"rss_at_start_bytes": 4 << 20,
                  "rss_at_end_bytes": (4 << 20) + (connections + 2 * idle) * 1024 * (1 + 2 * number)}
        return {"closed": {"metrics": closed},
                "open": {"metrics": opened, "latency": chance.choice(histograms), "series": series},
                "counted": {"metrics": counted}, "memory": {"metrics": memory}}

    manifest = {
        "type": "manifest", "schema": "duelio/1", "command": ["duelio-compare", "--seed", str(seed)],
        "started": "2026-01-02T03:04:05Z", "seed": seed, "preset": "standard", "reference": names[0],
        "entries": [{"name": name, "kind": kind or "backend", "backend": None if kind else name, "threads": 1,
                     "idle_connections": idle, "handler_cpu_ns": handler_cpu} for name, _, kind in parts],
        "workload": {"name": "hello", "idle_connections": idle},
        "plan": {"looks": [rounds], "alpha": 0.05, "minimum_effect": 0.02, "connections": connections,
                 "rate": rate, "rate_source": "--rate"},
        "machine": {"cpu": "A CPU", "cpus": 2, "hypervisor": False, "kernel": kernel,
                    "syscall_counts": "not available: " + syscalls if syscalls else "available",
                    "hardware_counters": "available"},
        "build": {"version": "0.1.0", "revision": "abc", "preset": "release", "flags": "-O3"}}
    with open(file, "w", encoding="utf-8") as out:
        out.write(json.dumps(manifest) + "\n")
        for number in range(rounds):
            order = [(i, "candidate" if i else "reference") for i in range(len(names))] + [(0, "control")]
            chance.shuffle(order)
            for position, (i, role) in enumerate(order):
                out.write(json.dumps({
                    "type": "slice", "round": number + 1, "attempt": 1, "position": position + 1, "entry": names[i],
                    "role": role, "connections": connections, "handler_cpu_ns": handler_cpu, "valid": True,
                    "causes": [], "started_s": 10.0 * number + position, "phases": phases(i)}) + "\n")
        out.write(json.dumps({"type": "end", "finished": True, "reason": "complete", "elapsed_s": 10.0}) + "\n")
