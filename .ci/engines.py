#!/usr/bin/env python3
"""Exports a simulated tenancy as JSON lines and as Parquet, and compares what engines read in the one with the other.

    .ci/engines          DuckDB and Polars
    .ci/engines all      ClickHouse and Spark as well

Each engine is asked for the number of events, of ids, and the first and last time; for all rows with all columns, whose
hash must be that of the rows made here out of the JSON lines; and what stands in docs/engines, whose answer is computed
here as well. Exit 1: something differs.
"""

import argparse
import collections
import contextlib
import datetime
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys

UTC = datetime.timezone.utc
HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent / "docs"
DAYS = 2
TIMES = ["event_time", "processed_window_start"]
JSONS = ["freeform_tags", "defined_tags", "parameters", "state_previous", "state_current", "additional_details", "ext"]
COLUMNS = """event_id event_time processed_window_start event_type event_name source tenancy tenancy_ocid region
compartment_id compartment_name principal_id principal_name auth_type caller_id caller_name ip user_agent
console_session_id credential_fingerprint action path request_id status status_text message resource_id resource_name
resource_type availability_domain grouping_id is_write_method is_write_meaning freeform_tags defined_tags parameters
state_previous state_current additional_details raw raw_sha256 ext""".split()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--auditui", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("engines", nargs="+", choices=sorted(ENGINES))
    args = parser.parse_args()
    shutil.rmtree(args.work, ignore_errors=True)
    args.work.mkdir(parents=True)
    export(args)
    rows = rows_of_lines(args.work)
    expected = {"bounds": bounds(rows), "rows": digest(rows), "refused": refused(rows)}
    count, ids, first, last = expected["bounds"]
    print(f"JSON lines: {count} events, {ids} ids, {stamp(first)} to {stamp(last)}, rows {expected['rows'][:12]}")
    wrong = check_docs()
    for name in args.engines:
        with contextlib.chdir(args.work):
            found, version = ENGINES[name]()
        differs = [what for what in expected if found[what] != expected[what]]
        print(f"{name} {version}: " + ("the same" if not differs else "DIFFERS in " + ", ".join(differs)))
        for what in differs:
            print(f"  {what}: {found[what]} instead of {expected[what]}")
        if "rows" in differs:
            explain(rows, found["all"])
        wrong += len(differs)
    return 1 if wrong else 0


# What is compared


def export(args):
    """Both of the same events of a simulated tenancy."""
    home = args.work / "home"
    hour = datetime.datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    server = subprocess.Popen([args.auditui, "simulate", "--scenario", "small", "--port", "0", "--home", home],
                              stdout=subprocess.PIPE, text=True)
    try:
        endpoint = server.stdout.readline().removeprefix("serving ").strip()
        assert endpoint.startswith("http://127.0.0.1:"), endpoint
        for name, options in [("events.jsonl", ["--meta"]), ("events.csv", ["-o", "csv"]), ("events.parquet", ["-o", "parquet"])]:
            command = [args.auditui, "export", "--config-file", home / "config", "--endpoint", endpoint,
                       "--since", wire(hour - datetime.timedelta(days=DAYS)), "--until", wire(hour), "-q",
                       "--output-file", args.work / name, "--coverage", args.work / f"{name}.coverage.json", *options]
            # One compartment is denied.
            status = subprocess.run(command, stderr=subprocess.PIPE, text=True)
            assert status.returncode == 3, status.stderr
    finally:
        server.terminate()
        server.wait()


def rows_of_lines(work):
    """All columns of each event, made of the JSON lines; how writes are told by meaning is taken from the CSV."""
    import csv
    with open(work / "events.csv", encoding="utf-8", newline="") as file:
        meant = {row["raw_sha256"]: row["is_write_meaning"] == "true" for row in csv.DictReader(file)}
    rows = []
    for line in (work / "events.jsonl").read_bytes().splitlines():
        raw = line.split(b',"event":', 1)[1].removesuffix(b"}")
        document = json.loads(line)
        rows.append(row_of(document["_meta"], document["event"], raw, meant))
    return rows


def row_of(meta, event, raw, meant):
    data = event.get("data") or {}
    identity, request, response = (data.get(name) or {} for name in ("identity", "request", "response"))
    state = data.get("stateChange") or {}
    status, action = response.get("status"), request.get("action") or ""
    fingerprint = (identity.get("credentials") or "").rsplit("/", 1)[-1]
    sha256 = hashlib.sha256(raw).hexdigest()
    name = event.get("eventType", "").removesuffix(".begin").removesuffix(".end").rsplit(".", 1)[-1]
    resource = re.match(r"ocid1\.([^.]+)\.", data.get("resourceId") or "")
    kept = {"compartmentId": meta["compartmentId"], "windowEnd": meta["windowEnd"], "flags": meta["flags"], "self": meta.get("self")}
    row = {
        "event_id": event.get("eventId"), "event_time": micros(event.get("eventTime")),
        "processed_window_start": micros(meta["windowStart"]), "event_type": event.get("eventType"),
        "event_name": data.get("eventName") or name, "source": event.get("source"), "tenancy": slug(meta["tenancy"]),
        "tenancy_ocid": meta["tenancy"], "region": meta["region"], "compartment_id": data.get("compartmentId"),
        "compartment_name": data.get("compartmentName"), "principal_id": identity.get("principalId"),
        "principal_name": identity.get("principalName"), "auth_type": identity.get("authType"),
        "caller_id": identity.get("callerId"), "caller_name": identity.get("callerName"), "ip": identity.get("ipAddress"),
        "user_agent": identity.get("userAgent"), "console_session_id": identity.get("consoleSessionId"),
        "credential_fingerprint": fingerprint if re.fullmatch("([0-9a-f]{2}:){15}[0-9a-f]{2}", fingerprint) else None,
        "action": action, "path": request.get("path"), "request_id": request.get("id"),
        "status": int(status) if (status or "").strip().isdigit() else None, "status_text": status,
        "message": response.get("message") or data.get("message"), "resource_id": data.get("resourceId"),
        "resource_name": data.get("resourceName"), "resource_type": resource and resource[1],
        "availability_domain": data.get("availabilityDomain"), "grouping_id": data.get("eventGroupingId"),
        "is_write_method": action.upper() in ("POST", "PUT", "PATCH", "DELETE"), "is_write_meaning": meant[sha256],
        "freeform_tags": data.get("freeformTags"), "defined_tags": data.get("definedTags"),
        "parameters": request.get("parameters"), "state_previous": state.get("previous"),
        "state_current": state.get("current"), "additional_details": data.get("additionalDetails"),
        "raw": raw, "raw_sha256": sha256, "ext": {name: value for name, value in kept.items() if value},
    }
    assert list(row) == COLUMNS
    return {name: value if value != "" else None for name, value in row.items()}


def slug(tenancy):
    """The name of the simulated tenancy, and the digits that belong to its id."""
    return f"acme-small-{hashlib.sha256(tenancy.encode()).hexdigest()[:8]}"


def bounds(rows):
    times = [row["event_time"] for row in rows if row["event_time"] is not None]
    return len(rows), len({row["event_id"] for row in rows} - {None}), min(times), max(times)


def refused(rows):
    """The answer to what stands in docs/engines."""
    those = [row for row in rows if (row["status"] or 0) >= 400 and row["principal_name"]]
    counts = collections.Counter((row["principal_name"], row["event_name"]) for row in those)
    return [(*names, count) for names, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))][:10]


def canonical(row):
    """The same for the same values, however an engine holds them."""
    values = []
    for name in COLUMNS:
        value = row[name]
        if name in JSONS and isinstance(value, str):
            value = json.loads(value)
        if name == "raw":
            value = bytes(value).hex()
        values.append(value)
    return json.dumps(values, sort_keys=True)


def digest(rows):
    return hashlib.sha256("\n".join(sorted(map(canonical, rows))).encode()).hexdigest()


def explain(expected, found):
    """The first difference in a row of the same event."""
    found = {row["raw_sha256"]: row for row in found}
    for row in expected:
        other = found.get(row["raw_sha256"])
        if other is None:
            print(f"  the event {row['event_id']} is not there")
            return
        for name in COLUMNS:
            mine, theirs = (canonical({**dict.fromkeys(COLUMNS), "raw": b"", name: of[name]}) for of in (row, other))
            if mine != theirs:
                print(f"  {row['event_id']}, {name}: {other[name]!r} instead of {row[name]!r}")
                return


def check_docs():
    """What is shown there is what is run here."""
    page = (DOCS / "engines.md").read_text(encoding="utf-8")
    missing = [path.name for path in sorted((DOCS / "engines").iterdir()) if path.read_text(encoding="utf-8").strip() not in page]
    for name in missing:
        print(f"docs/engines.md does not show docs/engines/{name} as it is")
    return len(missing)


def wire(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def micros(text):
    if text is None:
        return None
    whole, _, fraction = text.removesuffix("Z").partition(".")
    second = datetime.datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return int(second.timestamp()) * 1_000_000 + int(fraction[:6].ljust(6, "0"))


def stamp(time):
    return datetime.datetime.fromtimestamp(time / 1e6, UTC).isoformat(timespec="milliseconds")


def statements(name):
    """The statements of a file in docs/engines, without their comments."""
    text = (DOCS / "engines" / name).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [statement for statement in "\n".join(lines).split(";") if statement.strip()]


def found(rows, count, answer):
    """`count`: number, ids, first, last by the engine itself."""
    return {"bounds": tuple(count), "rows": digest(rows), "refused": [tuple(row) for row in answer], "all": rows}


# Engines, each in the directory of the exports


def duckdb():
    import duckdb as engine
    session = engine.connect()
    session.execute("SET TimeZone = 'UTC'")
    read = "read_parquet('events.parquet')"
    count = session.execute(f"SELECT count(*), count(DISTINCT event_id), epoch_us(min(event_time)), epoch_us(max(event_time)) FROM {read}").fetchone()
    lines = session.execute("""SELECT count(*), count(DISTINCT json->>'$.event.eventId'),
        epoch_us(min((json->>'$.event.eventTime')::TIMESTAMPTZ)), epoch_us(max((json->>'$.event.eventTime')::TIMESTAMPTZ))
        FROM read_ndjson_objects('events.jsonl')""").fetchone()
    assert lines == count, f"of the JSON lines: {lines}, of the Parquet: {count}"
    times = ", ".join(f"epoch_us({name}) AS {name}" for name in TIMES)
    rows = session.execute(f"SELECT * REPLACE ({times}) FROM {read}").fetchall()
    answer, tenancies = (session.execute(statement).fetchall() for statement in statements("duckdb.sql"))
    assert tenancies == [(1,)], tenancies
    return found([dict(zip(COLUMNS, row, strict=True)) for row in rows], count, answer), engine.__version__


def polars():
    import polars as engine
    table = engine.read_parquet("events.parquet")
    assert table.columns == COLUMNS, table.columns
    table = table.with_columns(engine.col(TIMES).dt.epoch("us"))
    time = table["event_time"]
    count = (table.height, table["event_id"].n_unique(), time.min(), time.max())
    schema = {"event": engine.Struct({"eventId": engine.String, "eventTime": engine.String})}
    lines = engine.read_ndjson("events.jsonl", schema=schema)["event"].struct.unnest()
    of_lines = (lines.height, lines["eventId"].n_unique(), micros(lines["eventTime"].min()), micros(lines["eventTime"].max()))
    assert of_lines == count, f"of the JSON lines: {of_lines}, of the Parquet: {count}"
    names = {}
    exec((DOCS / "engines" / "polars.py").read_text(encoding="utf-8"), names)
    return found(table.to_dicts(), count, names["refused"].rows()), engine.__version__


def clickhouse():
    import chdb
    read = "file('events.parquet')"

    def ask(statement):
        text = chdb.query(statement, "JSONCompactEachRow").data()
        return [json.loads(line) for line in text.splitlines()]
    times = ", ".join(f"toUnixTimestamp64Micro({name}) AS {name}" for name in TIMES)
    count = ask(f"SELECT toUInt32(count()), toUInt32(uniqExact(event_id)), toString(min(toUnixTimestamp64Micro(event_time))), toString(max(toUnixTimestamp64Micro(event_time))) FROM {read}")[0]
    rows = ask(f"SELECT * REPLACE ({times}, hex(raw) AS raw) FROM {read}")
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    for row in rows:
        row["raw"] = bytes.fromhex(row["raw"])
        row.update({name: int(row[name]) if row[name] is not None else None for name in TIMES})
        row.update({name: bool(row[name]) for name in ("is_write_method", "is_write_meaning")})
    answer = [(*names, int(events)) for *names, events in ask(statements("clickhouse.sql")[0])]
    return found(rows, [int(value) for value in count], answer), chdb.__version__


def spark():
    import pyspark.sql
    session = (pyspark.sql.SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
               .config("spark.sql.session.timeZone", "UTC").config("spark.log.level", "ERROR").getOrCreate())
    session.read.parquet("events.parquet").createOrReplaceTempView("events")
    ask = lambda statement: [row.asDict() for row in session.sql(statement).collect()]
    count = ask("SELECT count(*) AS a, count(DISTINCT event_id) AS b, unix_micros(min(event_time)) AS c, unix_micros(max(event_time)) AS d FROM events")[0]
    columns = ", ".join(f"unix_micros({name}) AS {name}" if name in TIMES else name for name in COLUMNS)
    rows = ask(f"SELECT {columns} FROM events")
    answer = [tuple(row.values()) for row in ask(statements("spark.sql")[0])]
    version = session.version
    session.stop()
    return found(rows, count.values(), answer), version


ENGINES = {"duckdb": duckdb, "polars": polars, "clickhouse": clickhouse, "spark": spark}

if __name__ == "__main__":
    sys.exit(main())
