#!/usr/bin/env python3
"""Checks what `auditui export -o ocsf` wrote against the part of the OCSF schema that is used, .ci/ocsf.json.

    auditui export ... -o ocsf > events.ocsf
    python3 .ci/ocsf.py events.ocsf

ocsf-lib compiles a schema but holds none, and fetches it from where CI may not go; so the part that is used stands here as
a table. Exit 0: every line agrees. 1: something does not. 2: there is nothing to check.
"""

import json
import pathlib
import sys

TYPES = {"string": str, "integer": int}
SHOWN = 10


def main():
    table = json.loads(pathlib.Path(__file__).with_name("ocsf.json").read_text())
    with open(sys.argv[1], encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    if not documents:
        print("there is no event to check", file=sys.stderr)
        return 2
    wrong, used = [], set()
    for number, document in enumerate(documents, 1):
        found = list(check(table, "api_activity", document, "", used))
        if document.get("type_uid") != 600300 + document.get("activity_id", -1):
            found.append("type_uid is not that of activity_id")
        wrong += [f"line {number}: {what}" for what in found]
    for what in wrong[:SHOWN]:
        print(what)
    print(f"ocsf: {len(documents)} events, {len(used)} attributes, {len(wrong)} problems")
    return 1 if wrong else 0


def check(table, name, value, place, used):
    """What is wrong with an object of that name."""
    if not isinstance(value, dict):
        yield f"{place or 'event'} is no object"
        return
    rule = table[name]
    for attribute in rule.get("required", []):
        if attribute not in value:
            yield f"{place}{attribute} is missing"
    one_of = rule.get("one_of")
    if one_of and not any(attribute in value for attribute in one_of):
        yield f"{place or 'event'} has none of {', '.join(one_of)}"
    for attribute, inner in value.items():
        kind = rule["attributes"].get(attribute)
        here = f"{place}{attribute}"
        if kind is None:
            yield f"{here} is not in the table"
            continue
        used.add(f"{name}.{attribute}")
        ids = rule.get("ids", {}).get(attribute)
        if ids and inner not in ids:
            yield f"{here} is {inner!r}"
        yield from check_type(table, kind, inner, here, used)


def check_type(table, kind, value, place, used):
    if kind.endswith("[]"):
        if not isinstance(value, list) or not value:
            yield f"{place} is no array with something in it"
            return
        for inner in value:
            yield from check_type(table, kind[:-2], inner, place, used)
    elif kind in TYPES:
        # In Python a boolean is an integer, in JSON it is none.
        if not isinstance(value, TYPES[kind]) or isinstance(value, bool) or value == "":
            yield f"{place} is no {kind}: {value!r}"
    elif kind != "any":
        yield from check(table, kind, value, f"{place}.", used)


if __name__ == "__main__":
    sys.exit(main())
