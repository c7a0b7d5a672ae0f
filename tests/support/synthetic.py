"""Results files as duelio-compare writes them, with known ratios, to try the report on."""
import json
import math
import random

LOADS = (("10%", 4_500.0), ("50%", 22_500.0), ("max", None))


def index_of(value):
    """Of a histogram's bucket, as results.schema.json says."""
    if value < 2048:
        return value
    shift = value.bit_length() - 11
    return (shift << 10) + (value >> shift)


def write(file, entries="epoll-oneshot,epoll-et,asio", blocks=12, turns=6, loads=LOADS, connections=64, handler_cpu=0,
          kernel="Linux 6.1.0", idle=0, syscalls="", client_limited=(), not_held=(), left_out=(), finished=True, seed=1):
    """Entries are NAME or NAME=KIND; the first is the reference. Entry i has i * 4 % less CPU per request at the open
    loads and as much more in the closed loop, so signs change. `syscalls` is why no system calls were counted;
    `client_limited` are entries for which the generator is the limit in the closed loop, `not_held` those that stay
    behind the highest open load, `left_out` pairs of an entry and why."""
    chance = random.Random(seed)
    parts = [entry.partition("=") for entry in entries.split(",")]
    names = [name for name, _, _ in parts]
    lanes = [(i, "candidate" if i else "reference") for i in range(len(names))] + [(0, "control")]
    highest = max((rate for _, rate in loads if rate), default=None)

    def noisy(value, by=0.01):
        return value * (1 + by * chance.gauss(0, 1))

    def ratio(number, rate):
        return 1 + (0.04 if rate is None else -0.04) * number

    def histogram(median_ns):
        counts = {}
        values = [1000 * round(median_ns / 1000 * math.exp(0.3 * chance.gauss(0, 1))) for _ in range(3000)]
        for value in values:
            counts[index_of(value)] = counts.get(index_of(value), 0) + 1
        return {"count": len(values), "sum": sum(values), "min": min(values), "max": max(values),
                "buckets": sorted(map(list, counts.items()))}
    histograms = [histogram(40_000) for _ in range(16)]

    def window(block, turn, load, lane, at_s):
        (number, role), (name, rate) = lane, load
        cpu_ns = noisy(8000 * ratio(number, rate) * (1 + 4 / connections) + handler_cpu)
        is_limited = rate is None and names[number] in client_limited
        achieved = rate or 1e9 * (0.8 if is_limited else 0.99) / cpu_ns
        requests = round(achieved * 0.025)
        stays_behind = rate is not None and rate == highest and names[number] in not_held
        return {"type": "window", "block": block, "turn": turn, "load": name, "entry": names[number], "role": role,
                "at_s": round(at_s, 6), "length_s": requests / achieved, "scheduled": requests, "completed": requests,
                "finished": requests * 9 // 10 if stays_behind else requests, "server_cpu_ns": round(cpu_ns * requests),
                "generator_share": 0.99 if is_limited else 0.5, "generator_delay": 0.001, "server_delay": 0.002,
                "p50_ns": noisy(40_000 * ratio(number, rate)), "dispatch_lag_p50_ns": 500.0, "failures": [],
                "void": None}

    def lane_record(number, role):
        return {"entry": names[number], "role": role, "rss_at_start_bytes": 4 << 20,
                "rss_at_end_bytes": (4 << 20) + (connections + 2 * idle) * 1024 * (1 + 2 * number),
                "requests_per_wakeup": None if parts[number][2] == "peer" else noisy(1.6),
                "loads": [{"load": name, "latency": chance.choice(histograms),
                           "syscalls_per_request": None if syscalls else noisy(3.0 if number == 0 else 2.0, 0.001),
                           "instructions_per_request": noisy(21_000 * ratio(number, rate)),
                           "cache_misses_per_request": noisy(14 * ratio(number, rate))} for name, rate in loads]}

    manifest = {
        "type": "manifest", "schema": "duelio/2", "command": ["duelio-compare", "--seed", str(seed)],
        "started": "2026-01-02T03:04:05Z", "seed": seed, "preset": "standard", "reference": names[0],
        "entries": [{"name": name, "kind": kind or "backend", "backend": None if kind else name,
                     "peer_file": f"{name}.json" if kind else None, "server": None, "sharing": None, "threads": 1,
                     "idle_connections": 0, "handler_cpu_ns": handler_cpu} for name, _, kind in parts],
        "workload": {"name": "hello", "target": "/", "pipeline": 1, "requests_per_connection": 0, "method": "GET",
                     "body_bytes": 0, "idle_connections": idle},
        "plan": {"blocks": blocks, "turns": turns, "alpha": 0.05, "minimum_effect": 0.02, "lead_in_s": 0.005,
                 "window_s": 0.025, "connections": connections,
                 "loads": [{"id": name, "rate": rate} for name, rate in loads], "server_cpus": [0], "client_cpus": [1],
                 "generator_polls": True, "isolated": False, "accept_noise": False, "cell": 1, "cells": 1},
        "calibration": [{"entry": name, "rates": [noisy(45_000) for _ in range(3)]} for name in names],
        "machine": {"cpu": "A CPU", "cpus": 2, "hypervisor": False, "kernel": kernel, "clocksource": "tsc",
                    "governor": None, "mitigations": "",
                    "syscall_counts": "not available: " + syscalls if syscalls else "available",
                    "hardware_counters": "available"},
        "build": {"version": "0.1.0", "revision": "abc", "preset": "release", "compiler": "g++ 12", "flags": "-O3",
                  "boost": "1.81"}}
    at_s = 0.0
    with open(file, "w", encoding="utf-8") as out:
        def add(line):
            out.write(json.dumps(line) + "\n")
        add(manifest)
        for block in range(1, blocks + 1):
            began_s = at_s
            for turn in range(1, turns * len(loads) + 1):
                for lane in chance.sample(lanes, len(lanes)):
                    add(window(block, turn, loads[(turn - 1) // turns], lane, at_s))
                    at_s += 0.03
            add({"type": "block", "block": block, "at_s": began_s, "length_s": at_s - began_s, "steal_share": 0.0,
                 "lanes": [lane_record(number, role) for number, role in lanes]})
        add({"type": "end", "finished": finished, "reason": "complete" if finished else "interrupted",
             "elapsed_s": at_s, "left_out": [{"entry": entry, "why": why} for entry, why in left_out]})
