"""validate.py TOOLS CALLS: the whole job with jsonschema-rs, as people write it: tools by name, each schema compiled
once, arguments unwrapped, every error printed on a line."""
import json
import sys

import jsonschema_rs

tools_file, calls_file = sys.argv[1:]
with open(tools_file, encoding="utf-8") as f:
    sets = {r["id"]: {t["function"]["name"]: t["function"]["parameters"] for t in r["tools"]} for r in map(json.loads, f)}
compiled = {}
write = sys.stdout.write
with open(calls_file, encoding="utf-8") as f:
    for number, line in enumerate(f, 1):
        call = json.loads(line)
        name = call["function"]["name"]
        key = (call["x"]["tools"], name)
        schema = sets.get(key[0], {}).get(name)
        if schema is None:
            write(f"{calls_file}:{number}: unknown tool {name}\n")
            continue
        try:
            arguments = json.loads(call["function"]["arguments"])
        except ValueError as error:
            write(f"{calls_file}:{number}: {error}\n")
            continue
        validator = compiled.get(key)
        if validator is None:
            validator = compiled[key] = jsonschema_rs.Draft202012Validator(schema)
        if not validator.is_valid(arguments):
            for error in validator.iter_errors(arguments):
                pointer = "".join("/" + str(p) for p in error.instance_path)
                write(f"{calls_file}:{number}: {name}: {pointer}: {error.message}\n")
