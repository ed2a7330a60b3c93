#!/usr/bin/env python3
"""Runs auditui beside Oracle's Python SDK, and beside what Oracle's published script does, against one simulator.

    .ci/compare                    builds, installs the SDK, and runs all of it
    compare.py found  --auditui target/debug/auditui    --work DIR
    compare.py speed  --auditui target/release/auditui  --work DIR
    compare.py limit  --auditui target/release/auditui  --work DIR

found: how many of 20,000 events each of them returns. speed: wall time, CPU, memory and requests for a month of 20,000
events in 52 cells, 50 ms for each answer. limit: how well a limit of 20 calls a second and region is used. Every target
is a ratio within one run, or a count, so that the machine does not matter. Exit 0: all targets are met. 1: one is missed.

The wall time of the SDK is that of reading alone, without starting Python and importing; ours is that of the whole
process, from the start to the file in order. CPU and memory are those of the whole process for both.
"""

import argparse
import collections
import concurrent.futures
import datetime
import json
import math
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

UTC = datetime.timezone.utc
HERE = pathlib.Path(__file__).resolve().parent
SCENARIO = HERE.parent / "assets" / "scenarios" / "strict.toml"
EVENTS = 20_000
DAYS = 30
PAGE = 100
PAD = datetime.timedelta(minutes=30)
RATE, BURST = 20, 20


def main():
    args = arguments()
    if args.what == "client":
        return client(args)
    args.work.mkdir(parents=True, exist_ok=True)
    targets = Targets()
    {"found": found, "speed": speed, "limit": limit}[args.what](args, targets)
    return targets.finish()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    for name in ("found", "speed", "limit"):
        mode = what.add_parser(name)
        mode.add_argument("--auditui", required=True, type=pathlib.Path)
        mode.add_argument("--work", required=True, type=pathlib.Path)
    mode = what.add_parser("client", help="one of the clients that auditui is compared with; started by the others")
    mode.add_argument("--which", required=True, choices=["script", "sdk"])
    mode.add_argument("--threads", type=int, default=1)
    for name in ("home", "port", "since", "until", "ids"):
        mode.add_argument(f"--{name}", required=True)
    return parser.parse_args()


class Targets:
    """What was promised, and what came of it."""

    def __init__(self):
        self.missed = 0

    def check(self, met, text):
        print(f"  {'met   ' if met else 'MISSED'}  {text}")
        self.missed += not met

    def at_least(self, name, value, target):
        self.check(value >= target, f"{name}: {value:.1f}, at least {target:g}")

    def at_most(self, name, value, target):
        self.check(value <= target, f"{name}: {value:.3g}, at most {target:g}")

    def finish(self):
        print(f"{self.missed} targets missed" if self.missed else "all targets met", flush=True)
        return 1 if self.missed else 0


# The simulator


class Simulator:
    """`auditui simulate` as a process of its own, around a world whose last event became visible an hour ago."""

    def __init__(self, args, name, events=EVENTS, server=""):
        self.directory = args.work / name
        self.directory.mkdir(exist_ok=True)
        scenario = self.directory / "scenario.toml"
        text = SCENARIO.read_text(encoding="utf-8").replace("exactly = 20000", f"exactly = {events}")
        scenario.write_text(text.replace("[[regions]]", f"{server}\n[[regions]]", 1), encoding="utf-8")
        now = datetime.datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        self.until = now - datetime.timedelta(hours=2)
        self.since = self.until - datetime.timedelta(days=DAYS)
        self.home = self.directory / "home"
        self.log = self.directory / "requests.jsonl"
        self.process = subprocess.Popen(
            [args.auditui, "simulate", "--scenario", scenario, "--port", "0", "--home", self.home,
             "--epoch", wire(self.until), "--requests", self.log],
            stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        self.endpoint = first.removeprefix("serving ").strip()
        self.port = self.endpoint.split(":")[2].split("/")[0]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=30)

    def requests(self):
        """The ListEvents calls that it answered, by the client that made them; it ends now."""
        self.stop()
        clients = collections.defaultdict(list)
        with open(self.log, encoding="utf-8") as file:
            for line in file:
                request = json.loads(line)
                if request["operation"] == "ListEvents":
                    clients[request["user_agent"]].append(request)
        return clients


def wire(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


# Running the clients

Run = collections.namedtuple("Run", "wall cpu peak ids cells")


def run_auditui(args, simulator, name, *options):
    """With --meta it is also known how many events there are in each region and compartment."""
    out = simulator.directory / f"{name}.jsonl"
    command = [args.auditui, "export", "--config-file", simulator.home / "config", "--endpoint", simulator.endpoint,
               "--since", wire(simulator.since), "--until", wire(simulator.until), "--output-file", out, "--quiet", *options]
    began = time.monotonic()
    usage = run(command)
    wall = time.monotonic() - began
    # Line by line: the system counts the memory of whoever starts a process as the first memory of that process.
    ids, cells = [], collections.Counter()
    with open(out, "rb") as file:
        for line in file:
            record = json.loads(line)
            ids.append(record.get("event", record)["eventId"])
            if "_meta" in record:
                cells[record["_meta"]["region"], record["_meta"]["compartmentId"]] += 1
    out.unlink()
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, ids, cells)


def run_client(simulator, which, threads=1):
    ids = simulator.directory / f"{which}-{threads}.ids"
    command = [sys.executable, __file__, "client", "--which", which, "--threads", str(threads), "--home", simulator.home,
               "--port", simulator.port, "--since", wire(simulator.since), "--until", wire(simulator.until), "--ids", ids]
    usage = run(command)
    result = json.loads(ids.read_text(encoding="utf-8"))
    return Run(result["wall"], usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, result["ids"], None)


def run(command):
    """What a child used: only its own, as the system counted it."""
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} {command[1]} ended with {process.returncode}")
    return usage


# The clients that we are compared with


def client(args):
    import oci

    since, until = moment(args.since), moment(args.until) + PAD
    config = oci.config.from_file(f"{args.home}/config")
    def at(service, region):
        return f"http://127.0.0.1:{args.port}/{service}/{region}"

    began = time.monotonic()
    identity = oci.identity.IdentityClient(config, service_endpoint=at("identity", config["region"]))
    regions = [row.region_name for row in identity.list_region_subscriptions(config["tenancy"]).data]
    audits = {region: oci.audit.AuditClient(config, service_endpoint=at("audit", region)) for region in regions}

    def events(region, compartment):
        return oci.pagination.list_call_get_all_results(audits[region].list_events, compartment, since, until).data

    if args.which == "script":
        read = as_the_script(oci, identity, config["tenancy"], regions, events)
    else:
        read = everything(oci, identity, config["tenancy"], regions, events, args.threads)
    wall = time.monotonic() - began
    ids = [event.event_id for event in read]
    pathlib.Path(args.ids).write_text(json.dumps({"wall": wall, "ids": ids}), encoding="utf-8")
    return 0


def as_the_script(oci, identity, tenancy, regions, events):
    """What Oracle's published example does, in our words: it lists the active compartments of the first level, never the
    root itself, and leaves the loop over them after the first one. Whatever fails ends it; nothing is tried again."""
    found = []
    for region in regions:
        listed = oci.pagination.list_call_get_all_results(identity.list_compartments, tenancy).data
        for compartment in [row for row in listed if row.lifecycle_state == "ACTIVE"]:
            found += events(region, compartment.id)
            break
    return found


def everything(oci, identity, tenancy, regions, events, threads):
    """Every compartment in every region through the SDK's own paging."""
    listed = oci.pagination.list_call_get_all_results(
        identity.list_compartments, tenancy, compartment_id_in_subtree=True, access_level="ANY").data
    cells = [(region, compartment) for compartment in [tenancy] + [row.id for row in listed] for region in regions]
    if threads == 1:
        return [event for cell in cells for event in events(*cell)]
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return [event for read in pool.map(lambda cell: events(*cell), cells) for event in read]


# found


def found(args, targets):
    with Simulator(args, "found") as simulator:
        ours = run_auditui(args, simulator, "auditui").ids
        sdk = run_client(simulator, "sdk", threads=8).ids
        script = run_client(simulator, "script").ids
    print(f"events returned, of {EVENTS:,} that happened in 13 compartments x 4 regions within {DAYS} days:")
    for name, ids in [("auditui export", ours), ("OCI SDK, every compartment", sdk), ("as Oracle's script", script)]:
        print(f"  {name:28} {len(ids):7,}  {len(ids) / EVENTS:6.1%}")
    targets.check(len(ours) == len(set(ours)) == EVENTS, "auditui returns every event, once")
    targets.check(sorted(ours) == sorted(sdk), "the same ones as the SDK")
    targets.check(set(script) <= set(ours), "those of the script are among them")
    targets.at_most("what the script returns, as a share", len(script) / EVENTS, 0.2)


# speed


def speed(args, targets):
    with Simulator(args, "speed", server="[server]\nlatency_ms = 50\n") as simulator:
        runs = [run_auditui(args, simulator, f"auditui-{n}") for n in range(3)]
        threads = run_client(simulator, "sdk", threads=8)
        runs += [run_auditui(args, simulator, f"auditui-{n}") for n in range(3, 5)]
        single = run_client(simulator, "sdk")
    requests = simulator.requests()
    # Two runs of the SDK and several of ours, of which each names itself.
    sdk = sum(len(calls) for agent, calls in requests.items() if agent.startswith("Oracle-PythonSDK")) // 2
    most = max((calls for agent, calls in requests.items() if agent.startswith("auditui/")), key=len)
    # The SDK reads every cell from its start to its end, so that it needs as few pages as there are.
    least, split = sdk, split_cells(most)
    typical = Run(*(statistics.median(getattr(run, field) for run in runs) for field in ("wall", "cpu", "peak")), None, None)
    print(f"{EVENTS:,} events, 52 cells, 50 ms for each answer; auditui: median of {len(runs)} runs")
    print(f"  {'':24} {'wall s':>8} {'CPU s':>8} {'peak MB':>8} {'calls':>6}")
    for name, run, calls in [("OCI SDK, 1 thread", single, sdk), ("OCI SDK, 8 threads", threads, sdk),
                             ("auditui export", typical, len(most))]:
        print(f"  {name:24} {run.wall:8.2f} {run.cpu:8.2f} {run.peak:8.0f} {calls:6}")
    spread = ", ".join(f"{run.wall:.2f}" for run in runs)
    print(f"  walls of auditui: {spread}; {least} pages at least, {split} chains were split")
    targets.check(all(len(set(run.ids)) == EVENTS for run in [*runs, single, threads]), "every run returned every event")
    targets.at_least("times the SDK's speed, 1 thread", single.wall / typical.wall, 25)
    targets.at_least("times the SDK's speed, 8 threads", threads.wall / typical.wall, 10)
    targets.at_least("times less CPU for each event", single.cpu / typical.cpu, 15)
    targets.at_least("times less memory at the peak", single.peak / typical.peak, 4)
    targets.check(len(most) <= 1.2 * least + split, f"calls: {len(most)}, at most 1.2 x {least} + {split}")


def cell(request):
    return request["region"], request["compartment"]


def least_pages(run, calls, region):
    """In how few answers the region's events fit."""
    asked = {cell(call) for call in calls if call["region"] == region}
    return sum(max(1, math.ceil(run.cells[one] / PAGE)) for one in asked)


def split_cells(calls):
    windows = collections.defaultdict(set)
    for call in calls:
        windows[cell(call)].add((call["start_time"], call["end_time"]))
    return sum(len(found) > 1 for found in windows.values())


# limit


def limit(args, targets):
    events, limited = 60_000, "us-ashburn-1"  # which has the most events
    latency = "[server]\nlatency_ms = 50\n"
    bucket = f"\n[server.limit]\nper_second = {RATE}\nburst = {BURST}\n"
    everywhere = limited_run(args, "everywhere", events, latency + bucket)
    nowhere = limited_run(args, "nowhere", events, latency)
    one = limited_run(args, "one-region", events, f"{latency}{bucket}regions = [\"{limited}\"]\n")
    print(f"{events:,} events, 50 ms, {RATE} calls a second and {BURST} at once for each region that is limited")
    print(f"  {'limited':12} {'wall s':>8} {'ideal s':>8} {'least s':>8} {'calls':>6} {'refused':>8}")
    print(f"  {'nowhere':12} {nowhere[0].wall:8.2f} {'':8} {'':8} {len(nowhere[1]):6} {refused(nowhere[1]):8.1%}")
    for name, (run, calls, ideal, least) in [("everywhere", everywhere), ("one region", one)]:
        print(f"  {name:12} {run.wall:8.2f} {ideal:8.2f} {least:8.2f} {len(calls):6} {refused(calls):8.1%}")
    print("  ideal: the calls that were answered, as fast as the limit allows; least: as few calls as there are pages")
    for name, (run, calls, ideal, _) in [("everywhere", everywhere), ("one region", one)]:
        targets.check(len(set(run.ids)) == events, f"limited {name}: every event is there")
        targets.at_most(f"limited {name}: times the ideal wall time", run.wall / ideal, 1.15)
        targets.at_most(f"limited {name}: share of calls refused", refused(calls), 0.05)
    others = {call["region"] for call in one[1]} - {limited}
    slowest = max(lasted(one[1], region) for region in others)
    free = max(lasted(nowhere[1], region) for region in others)
    targets.check(slowest <= 1.5 * free, f"the regions without a limit took {slowest:.2f} s, and {free:.2f} s where none is")


def limited_run(args, name, events, server):
    """With the least time that the largest region takes: for the calls that were answered, and for as few as it has pages."""
    with Simulator(args, name, events, server) as simulator:
        run = run_auditui(args, simulator, "auditui", "--meta")
    (calls,) = simulator.requests().values()
    answered = collections.Counter(call["region"] for call in calls if call["status"] == 200)
    (largest, count), *_ = answered.most_common(1)
    return run, calls, (count - BURST) / RATE, (least_pages(run, calls, largest) - BURST) / RATE


def refused(calls):
    return sum(call["status"] == 429 for call in calls) / len(calls)


def lasted(calls, region):
    """From the first answer of all to the last one of this region, in seconds."""
    first = min(moment(call["time"]) for call in calls)
    return (max(moment(call["time"]) for call in calls if call["region"] == region) - first).total_seconds()


if __name__ == "__main__":
    sys.exit(main())
