#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""make bench [B="NAME..."]: what Documentation/performance.rst tells of.

Runs the rows whose name has a NAME in it, in the Debian guest; prints a table
and writes bench/results.json; what the guest printed is kept in bench/raw.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
TCP, POOL = "tcp 127.0.0.1 7000", "pool bench"
# With TCP_NODELAY, as a session with control beside its data has it; and who
# frames for himself.
QUICK, FRAMED, FRAMES = ("tcp 127.0.0.1 7002", "pool bench-framed",
                         "tcp 127.0.0.1 7001")
# Over links between namespaces, HAProxy on one in between.
FAR, PROXY = "pool bench-far", "tcp 10.0.2.2 7100"
# TLS: kTLS that a program sets up, with frames of its own, with TCP_NODELAY; a
# socket that is no more than handed to the agent.
TLS, TLS_FRAMED = "pool bench-tls", "pool bench-tls-framed"
KTLS, KTLS_FRAMES, KTLS_QUICK = ("tls 127.0.0.1 7000", "tls 127.0.0.1 7001",
                                 "tls 127.0.0.1 7002")
UPCALL = "tcp 127.0.0.1 7000"
PAIRS = 11

# The two ways of measuring: instructions, and the wall clock. While it waits for
# the host, the time of a guest that counts instructions runs ahead. It would count
# each octet of a rep movsb or rep stosb: so there are none.
WAYS = {
    "N": {"VM_TIMEOUT": "100000",
          "VM_ACCEL": "-smp 1 -accel tcg,thread=single "
                      "-icount shift=0,sleep=off "
                      "-cpu max,-erms,-fsrm,-fsrs,-fsrc,-fzrm"},
    "W": {"VM_TIMEOUT": "14400"},
}


def percentile99(values):
    """What 99 of 100 do not exceed."""
    return sorted(values)[len(values) * 99 // 100]


class Row:
    """One line of the table; bar is what ratio, ours or spread has to reach.

    The spread is ours over the median of the same samples.
    """

    def __init__(self, name, way, work, unit, better, ours, peer, **more):
        self.name, self.way, self.unit, self.better = name, way, unit, better
        self.bar = more.get("bar")
        self.of = more.get("of", "ratio")
        self.take = more.get("take", statistics.median)
        self.samples_of = more.get("samples_of", name)
        self.line = work
        if not work:
            self.line = name
        if ours:
            self.line = (f"{self.samples_of} {work} "
                         f"{more.get('pairs', PAIRS)} {ours} {peer}")
        self.needs = ("pool" if "pool" in f"{ours} {work}" else "",
                      "haproxy" if peer == PROXY else "",
                      "standby" if work == "standby" else "",
                      "secure" if "tls" in name else "")


def comparisons(name, suffix, peer, ours=POOL, **bars):
    """The rows that exist for plain TCP against itself, too."""
    for work, unit, better, pairs in (("bulk", "MB/s", "higher", 31),
                                      ("rtt", "us", "lower", PAIRS),
                                      ("connect", "1/s", "higher", 31),
                                      ("parallel", "1/s", "higher", PAIRS)):
        if work in bars:
            end = suffix if work in ("bulk", "rtt") else ""
            yield Row(f"{name}-{work}{end}", "N", work, unit, better, ours,
                      peer, pairs=pairs, bar=bars[work])


ROWS = [
    *comparisons("tcp", "-dataonly", TCP, bulk=0.95, rtt=1.02, connect=0.85,
                 parallel=0.98),
    *comparisons("haproxy", "", PROXY, FAR, bulk=1.25, rtt=0.40),
    *comparisons("noise", "", TCP, TCP, bulk=None, rtt=None, connect=None,
                 parallel=None),
    *(Row(name, "N", work, unit, better, FRAMED, peer, pairs=pairs, bar=bar)
      for name, work, unit, better, peer, pairs, bar in (
          ("tcp-bulk-framed-64k", "framed-64k", "MB/s", "higher", FRAMES, 31,
           0.95),
          ("tcp-bulk-framed-1k-out", "framed-1k-out", "1/s", "higher", FRAMES,
           PAIRS, 1),
          ("tcp-bulk-framed-1k-in", "framed-1k-in", "1/s", "higher", FRAMES,
           PAIRS, 1.4),
          ("tcp-stream-framed-in", "framed-stream-in", "MB/s", "higher", QUICK,
           PAIRS, 0.7),
          ("tcp-rtt-framed", "framed-rtt", "us", "lower", QUICK, PAIRS, 1.04),
          ("tcp-parallel-framed", "framed-parallel", "1/s", "higher", QUICK,
           PAIRS, 0.96),
          ("replay-bulk", "replay", "MB/s", "higher", FRAMED, 31, 0.9))),
    Row("accept-rate", "N", "accept", "1/s", "higher",
        "pool bench-accept 7500", "tcp 127.0.0.1 7501", pairs=31, bar=0.75),
    Row("noise-accept", "N", "accept", "1/s", "higher",
        "tcp 127.0.0.1 7500", "tcp 127.0.0.1 7501", pairs=31),
    Row("asap-parse", "N", "", "1/s", "higher", "", ""),
    Row("tcp-parallel-w", "W", "parallel", "1/s", "higher", POOL, TCP,
        pairs=31),
    Row("noise-parallel-w", "W", "parallel", "1/s", "higher", TCP, TCP,
        pairs=31),
    Row("failover-kill-ms", "W", "failover", "ms", "lower",
        "pool bench-failover 7200", "tcp 127.0.0.1 7300", pairs=50, bar=20,
        of="ours"),
    Row("failover-kill-worst-ms", "W", "failover", "ms", "lower",
        "pool bench-failover 7200", "tcp 127.0.0.1 7300", pairs=50, take=max,
        samples_of="failover-kill-ms"),
    Row("failover-kill-n", "N", "failover", "ms", "lower",
        "pool bench-failover 7200", "tcp 127.0.0.1 7300", pairs=50),
    Row("noise-failover", "W", "failover", "ms", "lower",
        "tcp 127.0.0.1 7200", "tcp 127.0.0.1 7300", pairs=50),
    Row("failover-standby-ms", "W", "standby", "ms", "lower",
        "pool bench-standby-7600 7600", "pool bench-standby-7700 7700",
        pairs=50, bar=0.7),
    Row("tls-bulk-dataonly", "N", "bulk", "MB/s", "higher", TLS, KTLS, pairs=31,
        bar=0.95),
    Row("tls-bulk-framed-64k", "N", "framed-64k", "MB/s", "higher", TLS_FRAMED,
        KTLS_FRAMES, pairs=31, bar=0.95),
    Row("tls-rtt", "N", "framed-rtt", "us", "lower", TLS_FRAMED, KTLS_QUICK,
        bar=1.05),
    Row("tls-user", "N", "user", "MB/s", "higher", TLS, UPCALL, bar=1),
    Row("tls-user-bare", "N", "user", "MB/s", "higher", KTLS, UPCALL),
    Row("tls-connect", "W", "tls-connect", "1/s", "higher", TLS, UPCALL, pairs=31,
        bar=0.9),
    Row("tls-failover-ms", "W", "tls-failover", "ms", "lower",
        "pool bench-tls-standby-7600 7600", "pool bench-tls-standby-7700 7700",
        pairs=50, bar=20, of="ours"),
    Row("noise-tls", "N", "bulk", "MB/s", "higher", KTLS, KTLS, pairs=31),
    Row("session-bytes", "N", "session", "octets", "lower",
        "pool bench-session 7400", "tcp 127.0.0.1 7400", bar=1.6),
    Row("noise-session-bytes", "N", "session", "octets", "lower",
        "tcp 127.0.0.1 7400", "tcp 127.0.0.1 7400"),
    *(Row(f"select-scale-{policy}", "W", f"select {policy}", "ns", "lower",
          "", "", bar=4)
      for policy in ("rr", "wrr", "rand", "wrand", "prio", "lu", "lud", "plu",
                     "rlu")),
    Row("registrar-registrations", "N", "", "1/s", "higher", "", "", bar=0.6),
    Row("registrar-resolutions", "N", "", "1/s", "higher", "", "", bar=0.7),
    Row("registrar-memory", "W", "", "octets", "lower", "", "", bar=1024,
        of="ours"),
    Row("feed", "N", "", "1/s", "higher", "", "", bar=0.5),
    Row("join-ms", "W", "", "ms", "lower", "", ""),
    Row("update-ms", "W", "", "ms", "lower", "", ""),
    Row("update-ms-99th", "W", "update-ms", "ms", "lower", "", "", bar=5,
        of="spread", samples_of="update-ms", take=percentile99),
    Row("element-bytes", "N", "elements", "octets", "lower", "", "", bar=512,
        of="ours"),
]
# It takes no line of its own, and its pools come from rspctl.
ROWS[-1].needs = ("pool",)


def measure(way, rows):
    """Boot once; return the samples {(name, side): [values]}."""
    needs = sorted({n for row in rows for n in row.needs if n})
    lines = dict.fromkeys(row.line for row in rows)
    command = f"bench/guest.sh {' '.join(needs)} <<'END'\n"
    command += "\n".join(lines) + "\nEND"
    raw = HERE / "raw" / f"{time.strftime('%Y%m%d-%H%M%S')}-{way}.log"
    raw.parent.mkdir(exist_ok=True)
    samples = {}
    print(f"# {way}: {len(lines)} works; {raw.relative_to(HERE.parent)}",
          flush=True)
    with open(raw, "w", 1, encoding="utf-8") as log, subprocess.Popen(
            ["tests/vm/run.sh", "debian", command], text=True,
            stdout=subprocess.PIPE, cwd=HERE.parent,
            env={**os.environ, **WAYS[way]}) as guest:
        for line in guest.stdout:
            log.write(line)
            words = line.split()
            if len(words) == 5 and words[0] == "sample":
                samples.setdefault((words[1], words[3]), []).append(
                    float(words[4]))
            else:
                print(line, end="", flush=True)
    return samples, guest.returncode


def result(row, samples):
    """The row's result; of several suffixes the one that looks worst."""
    best = None
    for name in {n for n, _ in samples if n.split(".")[0] == row.samples_of}:
        ours = row.take(samples[name, "ours"])
        peer = samples.get((name, "peer"))
        ratios = [a / b for a, b in zip(samples[name, "ours"], peer or [])]
        peer = row.take(peer) if peer else None
        this = {"name": row.name, "ours": ours, "peer": peer,
                "ratio": round(ours / peer, 4) if peer else None,
                "spread": round(ours / statistics.median(samples[name, "ours"]), 4),
                "unit": row.unit, "better": row.better}
        key = this["ratio"] or ours
        key = -key if row.better == "lower" else key
        if best is None or key < best[0]:
            best = key, this, ratios
    return best and best[1:]


def main():
    names = " ".join(sys.argv[1:]).split() or [""]
    rows = [row for row in ROWS if any(name in row.name for name in names)]
    if not rows:
        sys.exit("no row has that in its name; there are: "
                 + " ".join(row.name for row in ROWS))
    samples, failed, start = {}, 0, time.monotonic()
    for way in WAYS:
        picked = [row for row in rows if row.way == way]
        if picked:
            more, status = measure(way, picked)
            samples.update(more)
            failed |= status
    results = []
    print(f"\n{'row':24} {'way':3} {'ours':>10} {'peer':>10} {'unit':6} "
          f"{'ratio':>7} {'pairs from':>10} {'to':>6}  must be")
    for row in rows:
        found = result(row, samples)
        if not found:
            print(f"{row.name:24} not measured")
            failed = 1
            continue
        this, ratios = found
        results.append(this)
        numbers = [f"{this['ours']:10.5g}"]
        numbers.append(f"{this['peer']:10.5g}" if this["peer"] else f"{'-':>10}")
        spread = ("", "")
        if ratios:
            spread = (f"{min(ratios):.3f}", f"{max(ratios):.3f}")
        ratio = f"{this['ratio']:.3f}" if this["ratio"] else "-"
        bar = ""
        if row.bar is not None:
            sign = ">=" if row.better == "higher" else "<="
            value = this[row.of]
            met = value >= row.bar if sign == ">=" else value <= row.bar
            bar = f"{row.of} {sign} {row.bar}" + ("" if met else "  MISSED")
            failed |= not met
        print(f"{row.name:24} {row.way:3} {' '.join(numbers)} {row.unit:6} "
              f"{ratio:>7} {spread[0]:>10} {spread[1]:>6}  {bar}")
    with open(HERE / "results.json", "w", encoding="utf-8") as f:
        json.dump(results, f, indent=1)
        f.write("\n")
    print(f"in {(time.monotonic() - start) / 60:.0f} minutes")
    sys.exit(1 if failed else 0)


main()
