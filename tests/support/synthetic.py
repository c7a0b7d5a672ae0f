"""Results files as duelio-compare writes them, with known ratios, to try the report on."""
import json
import math
import random

LOADS = (("10%", 6_000.0), ("50%", 30_000.0), ("80%", 48_000.0), ("max", None))


def index_of(value):
    """Of a histogram's bucket, as results.schema.json says."""
    if value < 2048:
        return value
    shift = value.bit_length() - 11
    return (shift << 10) + (value >> shift)


def write(file, entries="epoll-oneshot,epoll-et,asio", blocks=12, turns=8, connections=64, loads=LOADS, handler_cpu=0,
          threads=1, kernel="Linux 6.1.0", idle=0, syscalls="", seed=1, noise=0.01, finished=True, void=0.0, fails=(),
          slopes=None, client_limited=(), left_out=(), started="2026-01-02T03:04:05Z", revision="abc",
          sampling=None, functions=0):
    """Entries are NAME or NAME=KIND. The first is the reference; entry i has i * 4 % less CPU per request (`slopes`:
    by name, the ratio at the lowest and at the highest load). `syscalls` is why no system calls were counted. `fails`
    are pairs of an entry and a load that it does not hold in most blocks, `left_out` pairs of an entry and why,
    `client_limited` entries for which the generator is the limit in the closed loop. `sampling` is "available" or why
    not: entry i then makes i * 4 % of the time fewer epoll_ctl, and is otherwise like the first but for `functions` of its
    own, which call each other."""
    chance = random.Random(seed)
    parts = [entry.partition("=") for entry in entries.split(",")]
    names = [name for name, _, _ in parts]
    lanes = [(i, "candidate" if i else "reference") for i in range(len(names))] + [(0, "control")]

    def noisy(value, by=noise):
        return value * math.exp(by * chance.gauss(0, 1))

    def ratio_of(number, at):
        low, high = (slopes or {}).get(names[number], (1 - 0.04 * number,) * 2)
        share = at / max(1, len(loads) - 1)
        return math.exp(math.log(low) * (1 - share) + math.log(high) * share)

    def histogram(median_ns):
        counts = {}
        values = [int(median_ns * math.exp(0.3 * chance.gauss(0, 1))) for _ in range(400)]
        for value in values:
            counts[index_of(value)] = counts.get(index_of(value), 0) + 37
        return {"count": 37 * len(values), "sum": 37 * sum(values), "min": min(values), "max": max(values),
                "buckets": sorted(map(list, counts.items()))}
    shapes = [histogram(40_000) for _ in range(8)]

    def lower_bound(index):
        shift = max(0, (index >> 10) - 1)
        return index - (shift << 10) << shift

    def scaled(shape, factor):
        counts = {}
        for index, count in shape["buckets"]:
            value = int(lower_bound(index) * factor)
            counts[index_of(value)] = counts.get(index_of(value), 0) + count
        return {**shape, "sum": int(shape["sum"] * factor), "min": lower_bound(min(counts)),
                "max": lower_bound(max(counts)), "buckets": sorted(map(list, counts.items()))}

    manifest = {
        "type": "manifest", "schema": "duelio/2", "command": ["duelio-compare", "--seed", str(seed)],
        "started": started, "seed": seed, "preset": "standard", "reference": names[0],
        "entries": [{"name": name, "kind": kind or "backend", "backend": None if kind else name,
                     "peer_file": f"{name}.json" if kind else None, "server": None, "sharing": None, "threads": threads,
                     "idle_connections": idle, "handler_cpu_ns": handler_cpu} for name, _, kind in parts],
        "workload": {"name": "hello", "target": "/", "pipeline": 1, "requests_per_connection": 0, "method": "GET",
                     "body_bytes": 0, "idle_connections": idle},
        "plan": {"blocks": blocks, "turns": turns, "alpha": 0.05, "minimum_effect": 0.02, "lead_in_s": 0.005,
                 "window_s": 0.025, "connections": connections,
                 "loads": [{"id": name, "rate": rate} for name, rate in loads], "server_cpus": list(range(threads)), "client_cpus": [threads],
                 "generator_polls": True, "isolated": False, "accept_noise": False, "cell": 1, "cells": 1},
        "calibration": [{"entry": name, "rates": [60_000.0, 61_000.0, 60_500.0]} for name in names],
        "machine": {"cpu": "A CPU", "cpus": 2, "hypervisor": False, "kernel": kernel, "clocksource": "tsc",
                    "governor": None, "mitigations": "pti",
                    "syscall_counts": "not available: " + syscalls if syscalls else "available",
                    "hardware_counters": "available", "sampling": sampling},
        "build": {"version": "0.1.0", "revision": revision, "preset": "release", "compiler": "GNU 12", "flags": "-O3",
                  "boost": "1.81"}}

    def window(block, turn, at, number, role, slow, clock):
        name, rate = loads[at]
        ratio = ratio_of(number, at)
        cpu = (12_000 - 4_000 * at / max(1, len(loads) - 1)) * slow * ratio + handler_cpu
        cpu = noisy(cpu)
        failed = (names[number], name) in fails and block % 4 != 0
        achieved = (rate if rate else 1e9 / cpu) * (0.8 if failed else 1)
        requests = int(achieved * 0.025)
        return {"type": "window", "block": block, "turn": turn, "load": name, "entry": names[number], "role": role,
                "at_s": clock, "length_s": 0.025, "scheduled": int((rate or achieved) * 0.025), "completed": requests,
                "finished": requests, "server_cpu_ns": int(requests * cpu),
                "generator_share": 0.99 if rate is None and names[number] in client_limited else 0.5,
                "generator_delay": 0.0, "server_delay": 0.0, "p50_ns": noisy(40_000 * (1 + at) * ratio), "dispatch_lag_p50_ns": 500.0,
                "failures": [{"kind": "timeout", "errno": 0, "count": 3}] if failed else [],
                "void": chance.choice(["the generator waited for a CPU", "the generator was late"])
                if chance.random() < void * (1 + 4 * (block == 3)) else None}

    def lane(block, number, role):
        at_loads = []
        for at, (name, _) in enumerate(loads):
            ratio = ratio_of(number, at)
            at_loads.append({"load": name, "latency": scaled(shapes[block % len(shapes)], (1 + at) * noisy(ratio)),
                             "syscalls_per_request": None if syscalls else noisy(3.0 if number == 0 else 2.0, 0.001),
                             "instructions_per_request": noisy(21_000 * ratio),
                             "cache_misses_per_request": noisy(14 * ratio)})
        return {"entry": names[number], "role": role, "rss_at_start_bytes": 4 << 20,
                "rss_at_end_bytes": (4 << 20) + (connections + 2 * idle) * 1024 * (1 + 2 * number),
                "requests_per_wakeup": None if parts[number][2] == "peer" else noisy(1.6), "loads": at_loads}

    def profile(block, name, number, role):
        frames = ["server`main", "kernel`do_syscall_64", "kernel`__x64_sys_sendto", "kernel`tcp_sendmsg",
                  "kernel`__x64_sys_recvfrom", "kernel`tcp_recvmsg", "kernel`__x64_sys_epoll_ctl", "kernel`do_epoll_ctl",
                  "server`duelio::backends::run", "server`duelio::http::parse"]
        arms = max(0, 60 - 20 * number)
        stacks = [[200 + block % 3, 0, 1, 2, 3], [150 - block % 2, 0, 1, 4, 5], [60, 0, 8], [30, 0, 9]]
        for i in range(functions):
            frames.append(f"server`duelio::backends::{names[number]}::step_{i}")
            stacks.append([2 + (i + number) % 3, 0, 8, *range(10 + i - i % 15, 11 + i)])
        return {"type": "profile", "block": block, "load": name, "entry": names[number], "role": role, "frames": frames,
                "stacks": stacks + ([[arms, 0, 1, 6, 7]] if arms else [])}

    clock = 0.0
    with open(file, "w", encoding="utf-8") as out:
        def line(record):
            out.write(json.dumps(record) + "\n")
        line(manifest)
        for block in range(1, blocks + 1):
            begin = clock
            for turn in range(1, turns + 1):
                for at in range(len(loads)):
                    slow = noisy(1, 0.1)  # of the machine in this turn
                    for number, role in chance.sample(lanes, len(lanes)):
                        clock += 0.03
                        line(window(block, turn, at, number, role, slow, clock))
            for name, _ in loads if sampling == "available" else ():
                for number, role in lanes:
                    line(profile(block, name, number, role))
            line({"type": "block", "block": block, "at_s": begin, "length_s": clock - begin, "steal_share": 0.001,
                  "lanes": [lane(block, number, role) for number, role in lanes]})
        line({"type": "end", "finished": finished, "reason": "complete" if finished else "interrupted",
              "elapsed_s": clock, "left_out": [{"entry": entry, "why": why} for entry, why in left_out]})
