#!/usr/bin/env python3
"""Writes results files as duelio-compare does, with known ratios, to try the report on.

synthetic.py FILE [--entries a,b,nginx=peer] [--rounds N] [--connections N] [--rate R] [--handler-cpu NS]
             [--seconds N] [--kernel NAME] [--idle N] [--syscalls REASON] [--seed N]

The first entry is the reference; entry i has i * 4 % less CPU per request. --syscalls says why none were counted.
"""
import argparse
import json
import math
import random

parser = argparse.ArgumentParser()
parser.add_argument("file")
parser.add_argument("--entries", default="epoll-oneshot,epoll-et,asio")
parser.add_argument("--rounds", type=int, default=12)
parser.add_argument("--connections", type=int, default=64)
parser.add_argument("--rate", type=float, default=40000)
parser.add_argument("--handler-cpu", type=int, default=0)
parser.add_argument("--seconds", type=int, default=3)
parser.add_argument("--kernel", default="Linux 6.1.0")
parser.add_argument("--idle", type=int, default=0)
parser.add_argument("--syscalls", default="")
parser.add_argument("--seed", type=int, default=1)
options = parser.parse_args()
chance = random.Random(options.seed)

entries = []
for entry in options.entries.split(","):
    name, _, kind = entry.partition("=")
    entries.append({"name": name, "kind": kind or "backend", "backend": None if kind else name, "threads": 1,
                    "idle_connections": options.idle, "handler_cpu_ns": options.handler_cpu})
names = [entry["name"] for entry in entries]


def index_of(value):
    if value < 2048:
        return value
    shift = value.bit_length() - 11
    return (shift << 10) + (value >> shift)


def histogram(median_ns):
    counts = {}
    values = [int(median_ns * math.exp(0.3 * chance.gauss(0, 1))) for _ in range(3000)]
    for value in values:
        counts[index_of(value)] = counts.get(index_of(value), 0) + 37
    return {"count": 37 * len(values), "sum": 37 * sum(values), "min": min(values), "max": max(values),
            "buckets": sorted(map(list, counts.items()))}


def noisy(value, by=0.01):
    return value * (1 + by * chance.gauss(0, 1))


def phases(number):
    ratio = 1 - 0.04 * number
    cpu = noisy(8000 * ratio * (1 + 4 / options.connections) + options.handler_cpu)
    p99 = noisy(90_000 * ratio * (1 + (options.rate / 60_000) ** 4), 0.05)
    opened = {"requests": options.rate * options.seconds, "rate": noisy(options.rate, 0.001), "offered": options.rate,
              "p50_ns": noisy(40_000), "p99_ns": p99, "dispatch_lag_p99_ns": 3_000, "request_errors": 0,
              "generator_share": 0.5, "steal_share": 0, "server_cpu_per_request_ns": cpu,
              "server_user_per_request_ns": 0.1 * cpu, "server_system_per_request_ns": 0.9 * cpu}
    closed = {"requests": 90_000, "rate": noisy(90_000 / ratio), "request_errors": 0, "server_share": 0.99,
              "generator_share": 0.5, "server_cpu_per_request_ns": noisy(7000 * ratio)}
    series = [{"t_s": second + 1.0, "completed": int(noisy(options.rate)), "errors": 0, "p50_ns": 40_000,
               "p99_ns": int(noisy(p99, 0.1))} for second in range(options.seconds)]
    counted = {"requests": 10_000, "instructions_per_request": noisy(21_000 * ratio),
               "cache_misses_per_request": noisy(14 * ratio)}
    if not options.syscalls:
        counted["syscalls_per_request"] = noisy(3.0 if number == 0 else 2.0, 0.001)
    memory = {"rss_at_start_bytes": 4 << 20,
              "rss_at_end_bytes": (4 << 20) + (options.connections + 2 * options.idle) * 1024 * (1 + 2 * number)}
    return {"closed": {"metrics": closed}, "open": {"metrics": opened, "latency": histogram(40_000), "series": series},
            "counted": {"metrics": counted}, "memory": {"metrics": memory}}


manifest = {
    "type": "manifest", "schema": "duelio/1", "command": ["duelio-compare", "--seed", str(options.seed)],
    "started": "2026-01-02T03:04:05Z", "seed": options.seed, "preset": "standard", "reference": names[0],
    "entries": entries, "workload": {"name": "hello", "idle_connections": options.idle},
    "plan": {"looks": [options.rounds], "alpha": 0.05, "minimum_effect": 0.02, "connections": options.connections,
             "rate": options.rate, "rate_source": "--rate"},
    "machine": {"cpu": "A CPU", "cpus": 2, "hypervisor": False, "kernel": options.kernel,
                "syscall_counts": "not available: " + options.syscalls if options.syscalls else "available",
                "hardware_counters": "available"},
    "build": {"version": "0.1.0", "revision": "abc", "preset": "release", "flags": "-O3"}}
with open(options.file, "w", encoding="utf-8") as file:
    file.write(json.dumps(manifest) + "\n")
    for number in range(options.rounds):
        order = [(i, "candidate" if i else "reference") for i in range(len(names))] + [(0, "control")]
        chance.shuffle(order)
        for position, (i, role) in enumerate(order):
            file.write(json.dumps({
                "type": "slice", "round": number + 1, "attempt": 1, "position": position + 1, "entry": names[i],
                "role": role, "connections": options.connections, "handler_cpu_ns": options.handler_cpu, "valid": True,
                "causes": [], "started_s": 10.0 * number + position, "phases": phases(i)}) + "\n")
    file.write(json.dumps({"type": "end", "finished": True, "reason": "complete", "elapsed_s": 10.0}) + "\n")
