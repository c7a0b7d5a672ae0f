#!/usr/bin/env python3
"""validate_json.py SCHEMA DOCUMENT...: holds JSON documents against a JSON Schema (draft 2020-12).

Knows the keywords that our schemas use, and refuses a schema with any other: a keyword that is not
checked would be a promise that nobody keeps. Exit code 0: all valid; 1: not; 2: not usable.
"""
import json
import sys

ANNOTATIONS = {"$schema", "$id", "$defs", "$comment", "title", "description"}
TYPES = {
    "null": lambda v: v is None,
    "boolean": lambda v: isinstance(v, bool),
    "integer": lambda v: is_number(v) and v == int(v),
    "number": lambda v: is_number(v),
    "string": lambda v: isinstance(v, str),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(a, b):
    """Equal as JSON values: Python takes True for 1."""
    return a == b and isinstance(a, bool) == isinstance(b, bool)


class Validator:
    def __init__(self, root):
        self.root = root

    def resolve(self, reference):
        if not reference.startswith("#/"):
            raise ValueError(f"$ref {reference} leaves the schema")
        found = self.root
        for step in reference[2:].split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        return found

    def errors(self, value, schema, path="$"):
        for keyword, wanted in schema.items():
            if keyword in ANNOTATIONS:
                continue
            check = getattr(self, "check_" + keyword.replace("$", ""), None)
            if check is None:
                raise ValueError(f"keyword {keyword} is not known here")
            yield from check(value, wanted, schema, path)

    def check_ref(self, value, wanted, _, path):
        yield from self.errors(value, self.resolve(wanted), path)

    def check_type(self, value, wanted, _, path):
        names = [wanted] if isinstance(wanted, str) else wanted
        if not any(TYPES[name](value) for name in names):
            yield f"{path}: {json.dumps(value)[:60]} is not of type {' or '.join(names)}"

    def check_enum(self, value, wanted, _, path):
        if not any(same(value, each) for each in wanted):
            yield f"{path}: {json.dumps(value)[:60]} is none of {json.dumps(wanted)}"

    def check_const(self, value, wanted, _, path):
        if not same(value, wanted):
            yield f"{path}: {json.dumps(value)[:60]} is not {json.dumps(wanted)}"

    def check_minimum(self, value, wanted, _, path):
        if is_number(value) and value < wanted:
            yield f"{path}: {value} is below {wanted}"

    def check_maximum(self, value, wanted, _, path):
        if is_number(value) and value > wanted:
            yield f"{path}: {value} is above {wanted}"

    def check_required(self, value, wanted, _, path):
        if isinstance(value, dict):
            for name in wanted:
                if name not in value:
                    yield f"{path}: {name} is missing"

    def check_properties(self, value, wanted, _, path):
        if isinstance(value, dict):
            for name, schema in wanted.items():
                if name in value:
                    yield from self.errors(value[name], schema, f"{path}.{name}")

    def check_additionalProperties(self, value, wanted, schema, path):
        if not isinstance(value, dict):
            return
        for name in value:
            if name in schema.get("properties", {}):
                continue
            if wanted is False:
                yield f"{path}: {name} is not described"
            elif wanted is not True:
                yield from self.errors(value[name], wanted, f"{path}.{name}")

    def check_items(self, value, wanted, _, path):
        if isinstance(value, list):
            for i, item in enumerate(value):
                yield from self.errors(item, wanted, f"{path}[{i}]")

    def check_minItems(self, value, wanted, _, path):
        if isinstance(value, list) and len(value) < wanted:
            yield f"{path}: fewer than {wanted} items"

    def check_maxItems(self, value, wanted, _, path):
        if isinstance(value, list) and len(value) > wanted:
            yield f"{path}: more than {wanted} items"


def main(arguments):
    if len(arguments) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        schema = json.load(file)
    code = 0
    for name in arguments[1:]:
        with open(name, encoding="utf-8") as file:
            document = json.load(file)
        for error in Validator(schema).errors(document, schema):
            print(f"{name}: {error}")
            code = 1
    return code


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, KeyError) as problem:
        print(f"validate_json.py: {problem!r}", file=sys.stderr)
        sys.exit(2)
