#!/usr/bin/env python3
"""naive-parser.py KIND - a client of event streams as too many are written: the tests' example of a COMMAND
whose output depends on where its input is cut.

lines    takes what a read returns for whole lines
deltas   looks for a marker in each delta alone
none     has no such fault
"""
import json
import os
import sys

kind = sys.argv[1]


def reads():
    while data := os.read(0, 65536):
        yield data


def lines():
    if kind == "lines":
        for data in reads():
            yield from data.split(b"\n")
    else:
        yield from b"".join(reads()).split(b"\n")


def texts():
    for line in lines():
        if line.startswith(b"data: {"):
            try:
                for choice in json.loads(line[6:])["choices"]:
                    yield choice["delta"].get("content") or ""
            except ValueError:
                print("not JSON", file=sys.stderr)


if kind == "deltas":
    found = any("<tool_call>" in text for text in texts())
else:
    found = "<tool_call>" in "".join(texts())
print("an answer")
print("with a call" if found else "of text")
sys.exit(0 if found else 1)
