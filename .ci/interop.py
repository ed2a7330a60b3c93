#!/usr/bin/env python3
"""Compares what our tool exported with what Oracle's own Python SDK reads from the same simulator.

    python3 -m venv venv && venv/bin/pip install oci==2.189.0
    auditui simulate --scenario strict --port 9800 --home HOME &
    auditui export ... -o jsonl --meta --output-file events.jsonl
    auditui regions -o json > regions.json
    auditui compartments -o json > compartments.json
    venv/bin/python .ci/interop.py --home HOME --port 9800 --export events.jsonl \
        --regions regions.json --compartments compartments.json \
        --since 2026-03-01T00:00:00Z --until 2026-03-02T00:00:00Z

Each of --export, --regions and --compartments may be left out; what is given is compared. The raw JSON is compared, so
that no field is lost in a model, and the fields of the SDK's models are compared with it as well, so that a name which
only we believe in is found. Exit 0: everything agrees. 1: something differs. 2: the comparison could not be made.
"""

import argparse
import collections
import datetime
import json
import sys

import oci

UTC = datetime.timezone.utc
MINUTE = datetime.timedelta(minutes=1)
SHOWN = 10


def main():
    args = arguments()
    sdk = Sdk(args.home, args.port)
    report = Report()
    regions = sdk.regions()
    compartments = sdk.compartments()
    print(f"SDK {oci.__version__}: {len(regions)} regions, {len(compartments)} compartments with the root")
    if args.regions:
        compare_regions(report, regions, read_json(args.regions))
    if args.compartments:
        compare_compartments(report, compartments, read_json(args.compartments))
    if args.export:
        compare_events(report, sdk, regions, compartments, args)
    if not (args.export or args.regions or args.compartments):
        count_events(sdk, regions, compartments, args)
    return report.finish()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True, help="directory with the config file that the simulator wrote")
    parser.add_argument("--port", required=True, type=int, help="port of the simulator")
    parser.add_argument("--export", help="output of auditui export -o jsonl --meta")
    parser.add_argument("--regions", help="output of auditui regions -o json")
    parser.add_argument("--compartments", help="output of auditui compartments -o json")
    parser.add_argument("--since", required=True, type=instant, help="eventTime from, RFC 3339")
    parser.add_argument("--until", required=True, type=instant, help="eventTime before, RFC 3339")
    parser.add_argument("--pad-minutes", type=int, default=30, help="how much later events may have been processed")
    return parser.parse_args()


def instant(text):
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment.astimezone(UTC)


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Sdk:
    """Oracle's clients, pointed at the simulator."""

    def __init__(self, home, port):
        self.config = oci.config.from_file(f"{home}/config")
        self.port = port
        self.tenancy = self.config["tenancy"]
        self.identity = oci.identity.IdentityClient(
            self.config, service_endpoint=self.endpoint("identity", self.config["region"]))
        self.audits = {}

    def endpoint(self, service, region):
        return f"http://127.0.0.1:{self.port}/{service}/{region}"

    def regions(self):
        return self.identity.list_region_subscriptions(self.tenancy).data

    def compartments(self):
        listed = oci.pagination.list_call_get_all_results(
            self.identity.list_compartments, self.tenancy, compartment_id_in_subtree=True, access_level="ANY").data
        return [self.identity.get_compartment(self.tenancy).data] + listed

    def audit(self, region):
        if region not in self.audits:
            self.audits[region] = oci.audit.AuditClient(
                self.config, service_endpoint=self.endpoint("audit", region))
        return self.audits[region]

    def events(self, region, compartment, start, end):
        """The SDK's models of all events of a cell; None where it is refused."""
        try:
            return oci.pagination.list_call_get_all_results(
                self.audit(region).list_events, compartment, start, end).data
        except oci.exceptions.ServiceError as error:
            if error.status == 404:
                return None
            raise

    def raw_events(self, region, compartment, start, end):
        """The same as JSON, page by page through the SDK's signer."""
        audit = self.audit(region)
        query = {"compartmentId": compartment, "startTime": wire(start), "endTime": wire(end)}
        found = []
        while True:
            answer = audit.base_client.call_api(
                resource_path="/auditEvents", method="GET", query_params=query,
                header_params={"accept": "application/json"}, response_type="bytes")
            found += json.loads(answer.data.decode("utf-8") if isinstance(answer.data, bytes) else answer.data.content)
            if not answer.has_next_page:
                return found
            query["page"] = answer.next_page


def wire(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Report:
    def __init__(self):
        self.differences = collections.defaultdict(list)

    def differs(self, topic, text):
        self.differences[topic].append(text)

    def finish(self):
        for topic, texts in self.differences.items():
            print(f"\n{topic}: {len(texts)} differences")
            for text in texts[:SHOWN]:
                print(f"  {text}")
            if len(texts) > SHOWN:
                print(f"  and {len(texts) - SHOWN} more")
        return 1 if self.differences else 0


def compare_regions(report, theirs, ours):
    expected = {row.region_name: (row.region_key, row.status, row.is_home_region) for row in theirs}
    found = {row["region"]: (row["key"], row["status"], row["home"]) for row in ours}
    compare_tables(report, "regions", expected, found)


def compare_compartments(report, theirs, ours):
    rows = {row.id: row for row in theirs}
    root = theirs[0].id
    expected = {}
    for row in theirs:
        parent = None if row.id == root else row.compartment_id
        expected[row.id] = (row.name, parent, row.lifecycle_state, path(rows, root, row))
    found = {}
    for row in ours:
        # whether the root stands before every path is a matter of taste
        names = row["path"].strip("/").split("/")
        if names and names[0] == rows[root].name:
            names = names[1:]
        found[row["id"]] = (row["name"], row["parent"], row["lifecycleState"], "/".join(names))
    compare_tables(report, "compartments", expected, found)


def path(rows, root, row):
    names = []
    while row is not None and row.id != root:
        names.insert(0, row.name)
        row = rows.get(row.compartment_id)
    return "/".join(names)


def compare_tables(report, topic, expected, found):
    before = len(report.differences[topic]) if topic in report.differences else 0
    for key in sorted(expected.keys() | found.keys()):
        if key not in found:
            report.differs(topic, f"missing in ours: {key} {expected[key]}")
        elif key not in expected:
            report.differs(topic, f"only in ours: {key} {found[key]}")
        elif expected[key] != found[key]:
            report.differs(topic, f"{key}: SDK {expected[key]}, ours {found[key]}")
    if len(report.differences.get(topic, [])) == before:
        print(f"{len(expected)} {topic} agree")


def compare_events(report, sdk, regions, compartments, args):
    ours = read_export(report, args.export, sdk.tenancy)
    agreed = denied = 0
    for region in ready(regions):
        for compartment in compartments:
            cell = (region, compartment.id)
            theirs = cell_events(report, sdk, region, compartment, args)
            mine = ours.pop(cell, {})
            if theirs is None:
                denied += 1
                for event_id in mine:
                    report.differs("events", f"{name(cell, compartments)}: {event_id} although the SDK is refused")
                continue
            agreed += compare_cell(report, name(cell, compartments), theirs, mine)
    for cell, events in ours.items():
        report.differs("events", f"{cell}: {len(events)} events of a cell that the SDK does not know")
    print(f"{agreed} events agree, {denied} cells refused to both")


def count_events(sdk, regions, compartments, args):
    """Nothing of ours is given: says what the SDK finds."""
    report = Report()
    total = denied = 0
    for region in ready(regions):
        for compartment in compartments:
            events = cell_events(report, sdk, region, compartment, args)
            denied += events is None
            total += len(events or {})
    if report.finish():
        sys.exit(1)
    print(f"the SDK finds {total} events; {denied} cells are refused")


def ready(regions):
    return [row.region_name for row in regions if row.status == "READY"]


def name(cell, compartments):
    names = {row.id: row.name for row in compartments}
    return f"{names.get(cell[1], cell[1])}@{cell[0]}"


def read_export(report, path, tenancy):
    """Our lines as (region, compartment) -> eventId -> event."""
    cells = collections.defaultdict(dict)
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            meta, event = record["_meta"], record["event"]
            if meta["tenancy"] != tenancy:
                report.differs("events", f"line {number}: tenancy {meta['tenancy']}")
            cell = cells[(meta["region"], meta["compartmentId"])]
            if event["eventId"] in cell:
                report.differs("events", f"line {number}: {event['eventId']} stands there twice")
            cell[event["eventId"]] = event
    return cells


def cell_events(report, sdk, region, compartment, args):
    """What the SDK reads of a cell within the range, as eventId -> JSON; its models are checked against that."""
    start = floor(args.since)
    end = floor(args.until + MINUTE - datetime.timedelta(microseconds=1)) + args.pad_minutes * MINUTE
    models = sdk.events(region, compartment.id, start, end)
    if models is None:
        return None
    raw = {event["eventId"]: event for event in sdk.raw_events(region, compartment.id, start, end)}
    within = {}
    for model in models:
        if not args.since <= model.event_time.astimezone(UTC) < args.until:
            continue
        if model.event_id in within:
            report.differs("simulator", f"{model.event_id} came twice")
        if model.event_id not in raw:
            # it became visible between the two reads or the other way round
            continue
        within[model.event_id] = raw[model.event_id]
        for difference in differences(oci.util.to_dict(model), snake(raw[model.event_id])):
            report.differs("models", f"{model.event_id}: {difference}")
    return within


def floor(moment):
    return moment.replace(second=0, microsecond=0)


def compare_cell(report, where, theirs, mine):
    agreed = 0
    for event_id in sorted(theirs.keys() | mine.keys()):
        if event_id not in mine:
            report.differs("events", f"{where}: {event_id} at {theirs[event_id]['eventTime']} is missing in ours")
        elif event_id not in theirs:
            report.differs("events", f"{where}: {event_id} at {mine[event_id]['eventTime']} is only in ours")
        else:
            found = list(differences(theirs[event_id], mine[event_id]))
            agreed += not found
            for difference in found:
                report.differs("events", f"{where}: {event_id}: {difference}")
    return agreed


def differences(theirs, ours, at=""):
    """Where two trees differ. Times are compared as instants."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in theirs.keys() | ours.keys():
            if key not in theirs or key not in ours:
                yield f"{at}.{key} only in {'ours' if key in ours else 'the SDK'}"
            else:
                yield from differences(theirs[key], ours[key], f"{at}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for number, pair in enumerate(zip(theirs, ours)):
            yield from differences(*pair, f"{at}[{number}]")
    elif theirs != ours and not same_instant(theirs, ours):
        yield f"{at}: SDK {theirs!r}, ours {ours!r}"


def same_instant(theirs, ours):
    if not (isinstance(theirs, str) and isinstance(ours, str)):
        return False
    try:
        return instant(theirs) == instant(ours)
    except ValueError:
        return False


# The keys that the SDK's models rename; everything below free-form maps stays as it is.
MODELS = {
    "": {"data"},
    "data": {"identity", "request", "response", "stateChange"},
    "identity": set(), "request": set(), "response": set(), "stateChange": set(),
}


def snake(event, block=""):
    named = {}
    for key, value in event.items():
        if key in MODELS[block] and isinstance(value, dict):
            value = snake(value, key)
        named["".join(f"_{c.lower()}" if c.isupper() else c for c in key)] = value
    return named


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (oci.exceptions.ServiceError, oci.exceptions.RequestException, OSError, KeyError, ValueError) as error:
        print(f"the comparison could not be made: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(2)
