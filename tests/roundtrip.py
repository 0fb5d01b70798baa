#!/usr/bin/env python3
"""roundtrip.py - what -o sse writes says the same as -o message, for every text of the corpus.

Each record becomes a stream of deltas of a few characters. It goes through qtc-sse twice: once to a
message, once to a stream that is then read again. Prints a line for each record that differs."""
import glob
import json
import os
import subprocess
import sys
import tempfile


def stream(text, size):
    def chunk(delta, reason=None):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        envelope = {"id": "r", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        return "data: " + json.dumps(envelope) + "\n\n"

    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    deltas = [{"role": "assistant", "content": ""}] + [{"content": p} for p in pieces]
    return "".join(map(chunk, deltas)) + chunk({}, "stop") + "data: [DONE]\n\n"


def run(arguments, data):
    return subprocess.run(["qtc-sse"] + arguments, input=data, capture_output=True, check=False).stdout


def options(record, tools):
    found = ["-f", record["format"], "--recover", record.get("recover", "normal")]
    found += ["--reasoning", record.get("reasoning", "split")]
    if record.get("starts_in_reasoning"):
        found.append("--starts-in-reasoning")
    if record.get("tools") is not None:
        with open(tools, "w", encoding="utf-8") as out:
            json.dump(record["tools"], out)
        found += ["-t", tools]
    return found


def message(output):
    """A written stream says by its error event, not on the call, that it was cut."""
    found = json.loads(output or "null")
    for call in (found or {}).get("tool_calls", []):
        call.pop("truncated", None)
    return found


def compare(record, size, tools):
    data = stream("".join(record["chunks"]), size).encode("utf-8", "surrogatepass")
    given = options(record, tools)
    written = run(given + ["-o", "sse"], data)
    again = message(run(["-f", "none", "--reasoning", "inline", "-o", "message"], written))
    direct = message(run(given + ["-o", "message"], data))
    return again == direct, again, direct


def main():
    root = os.path.dirname(os.path.abspath(__file__))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in sorted(glob.glob(root + "/corpus/*.jsonl")):
            for number, line in enumerate(open(path, encoding="utf-8")):
                record = json.loads(line)
                if record["id"].endswith(("parameter-twice", "wrapper-twice", "repeats")) or "duplicate" in record["id"]:
                    continue  # a stream has sent the first value, a message takes the last
                same, again, direct = compare(record, 1 + number % 7, folder + "/tools.json")
                if not same:
                    failed += 1
                    print(record["id"], again, direct, sep="\n  ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
