#!/usr/bin/env python3
"""Runs auditui beside DuckDB on one file of events.

    .ci/compare-files [EVENTS]     builds, installs DuckDB, writes the file, and runs this
    against_duckdb.py FILE --auditui target/release/auditui --question JSON

Load: the whole process from its start to the file in memory, text included, each with two threads. auditui keeps every
event compressed and indexes it; DuckDB reads the envelope, extracts nine columns, and keeps `data` as JSON text. Query:
the writes of one user that failed, on what is loaded; auditui's is measured by `cargo bench -- question`, whose output is
passed on. Runs alternate, and of each the median counts. Every target is a ratio within one run. Exit 0: all are met. 1:
one is missed.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROUNDS = 3
QUERIES = 21
THREADS = 2
# Any file of events has these; names with a dot are below `data`.
COLUMNS = {
    "time": "eventTime::TIMESTAMP", "event": "data.eventName", "user": "data.identity.principalName",
    "ip": "data.identity.ipAddress", "compartment": "data.compartmentId", "resource": "data.resourceName",
    "action": "data.request.action", "status": "data.response.status", "agent": "data.identity.userAgent",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--auditui", type=pathlib.Path)
    parser.add_argument("--user", required=True, help="whose writes are asked for")
    parser.add_argument("--question", help="what `cargo bench -- question` printed")
    parser.add_argument("--only-duckdb", action="store_true", help="load, ask, print; started by the others")
    args = parser.parse_args()
    if args.only_duckdb:
        print(json.dumps(duckdb_alone(args)))
        return 0
    return compare(args)


def duckdb_alone(args):
    import duckdb

    began = time.monotonic()
    database = duckdb.connect(config={"threads": THREADS})
    database.execute("SET preserve_insertion_order = false")
    extracted = ", ".join(f"{expression(source)} AS {name}" for name, source in COLUMNS.items())
    database.execute(
        f"""CREATE TABLE events AS SELECT eventId, eventType, {extracted}, data FROM read_json(?,
        format = 'newline_delimited', columns = {{eventId: 'VARCHAR', eventType: 'VARCHAR', eventTime: 'VARCHAR',
        data: 'JSON'}})""", [str(args.file)])
    wall, cpu = time.monotonic() - began, time.process_time()
    question = """SELECT eventId FROM events WHERE "user" = ? AND action IN ('POST', 'PUT', 'PATCH', 'DELETE')
        AND TRY_CAST(status AS INTEGER) >= 400"""
    took = []
    for _ in range(QUERIES):
        began = time.monotonic()
        rows = database.execute(question, [args.user]).fetchall()
        took.append(time.monotonic() - began)
    return {"wall": wall, "cpu": cpu, "rows": len(rows), "ms": statistics.median(took) * 1e3}


def expression(source):
    if not source.startswith("data."):
        return source
    return "json_extract_string(data, '$." + source.removeprefix("data.") + "')"


def compare(args):
    query = f"user:{args.user} is:write status>=400"
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(run([args.auditui, "count", args.file, "-Q", query, "-o", "json", "--quiet"]))
        theirs.append(run([sys.executable, __file__, args.file, "--user", args.user, "--only-duckdb"]))
    loaded = [json.loads(run_of["out"]) for run_of in theirs]
    asked = json.loads(args.question)
    counts = {json.loads(run_of["out"])["count"] for run_of in ours} | {one["rows"] for one in loaded} | {asked["matched"]}
    cpu, their_cpu = median(ours, "cpu"), median(loaded, "cpu")
    peak, their_peak = median(ours, "peak"), median(theirs, "peak")
    their_ms = median(loaded, "ms")
    size = args.file.stat().st_size / 1e6
    print(f"{size:,.0f} MB, {asked['events']:,} events; {query}: {counts} found; median of {ROUNDS}")
    print(f"  {'':10} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'query ms':>9}")
    print(f"  {'auditui':10} {median(ours, 'wall'):8.2f} {cpu:8.2f} {peak:8.0f} {asked['ms']:9.3f}")
    print(f"  {'DuckDB':10} {median(loaded, 'wall'):8.2f} {their_cpu:8.2f} {their_peak:8.0f} {their_ms:9.3f}")
    met = [
        check(len(counts) == 1, "both find as many"),
        check(cpu * 2 <= their_cpu, f"CPU: {cpu / their_cpu:.2f} of DuckDB's, at most 0.50"),
        check(peak * 10 <= their_peak, f"memory at the peak: {peak / their_peak:.3f} of DuckDB's, at most 0.100"),
        check(asked["ms"] * 20 <= their_ms, f"query: {their_ms / asked['ms']:.0f} times as fast, at least 20"),
    ]
    return 0 if all(met) else 1


def median(runs, field):
    return statistics.median(run_of[field] for run_of in runs)


def check(met, text):
    print(f"  {'met   ' if met else 'MISSED'}  {text}")
    return met


def run(command):
    """What a child printed and used: only its own, as the system counted it."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    # 3: what a file cannot say about its coverage.
    if process.returncode not in (0, 3):
        raise SystemExit(f"{command[0]} ended with {process.returncode}")
    wall = time.monotonic() - began
    return {"out": out, "wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss / 1024}


if __name__ == "__main__":
    sys.exit(main())
