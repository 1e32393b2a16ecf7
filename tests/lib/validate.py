#!/usr/bin/python3
"""Validates records, one JSON object a line, against man/schema.

usage: validate.py [--types TYPE,...] [FILE...]

The schema is chosen by the member `type`. A line that is no JSON object, names
a member twice or has an unknown type is an error, and so is no record at all.
Status 0 when every record is valid, 1 otherwise.
"""
import datetime
import json
import pathlib
import sys

import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "man" / "schema"
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_time(value):
    if isinstance(value, str):
        datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")
    return True


def load_schemas():
    """Type -> validator, with the shared definitions put into each schema."""
    shared = json.loads((SCHEMAS / "common.schema.json").read_text("utf-8"))
    validators = {}
    for path in SCHEMAS.glob("*.schema.json"):
        text = path.read_text("utf-8").replace('"common.schema.json#', '"#')
        schema = json.loads(text)
        schema["$defs"] = json.loads(json.dumps(shared["$defs"]))
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        name = path.name[: -len(".schema.json")]
        validators[name] = kind(schema, format_checker=FORMATS)
    del validators["common"]
    return validators


def no_duplicates(pairs):
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"member {name!r} stands twice")
    return dict(pairs)


def no_constant(word):
    raise ValueError(f"{word} is not JSON")


def problems(line, validators, types):
    """Yields what is wrong with one line."""
    try:
        record = json.loads(line, object_pairs_hook=no_duplicates,
                            parse_constant=no_constant)
    except ValueError as error:
        yield f"not a JSON record: {error}"
        return
    if not isinstance(record, dict):
        yield "not an object"
        return
    kind = record.get("type")
    if kind not in validators:
        yield f"no schema for type {kind!r}"
        return
    if types and kind not in types:
        yield f"type {kind!r} was not expected"
    for error in validators[kind].iter_errors(record):
        where = "/".join(str(part) for part in error.absolute_path)
        yield f"{kind} {where or '(record)'}: {error.message}"


def main(arguments):
    types = []
    if arguments and arguments[0] == "--types":
        types = arguments[1].split(",")
        arguments = arguments[2:]
    validators = load_schemas()
    records = bad = 0
    for name in arguments or ["-"]:
        with open(0 if name == "-" else name, "rb") as file:
            for number, line in enumerate(file, 1):
                records += 1
                try:
                    text = line.decode("utf-8")
                except UnicodeDecodeError as error:
                    found = [str(error)]
                else:
                    found = list(problems(text, validators, types))
                bad += bool(found)
                for problem in found:
                    print(f"{name}:{number}: {problem[:400]}")
    if records == 0:
        print("validate: no record to validate")
    return 1 if bad or records == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
