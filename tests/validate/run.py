#!/usr/bin/env python3
"""tests/validate/run.py [FILE]... - the cases of qtc-validate, a line of JSON each; prints TAP.

    {"case": what it shows, "options": [...], "tools": JSON or text, "input": [record or text, ...],
     "expect": [line of the report without "in:", ...], "status": N, "out": [record, ...], "fixed": [line, ...]}

`in` has the records, one a line. With "out" the command writes records (--fix, --pass), and its report comes on
standard error with what was repaired ("fixed"). --fill writes what the command now says into the files.
All codes must be in some case, or in the list below.
"""
import json
import os
import subprocess
import sys
import tempfile

# Codes that other tests cause.
ELSEWHERE = set()


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def run(case, folder):
    with open(os.path.join(folder, "in"), "w", encoding="utf-8", newline="") as f:
        f.writelines(text_of(record) + "\n" for record in case["input"])
    command = ["qtc-validate", *case.get("options", [])]
    if "tools" in case:
        with open(os.path.join(folder, "tools"), "w", encoding="utf-8") as f:
            f.write(text_of(case["tools"]))
        command += ["-t", "tools"]
    done = subprocess.run([*command, "in"], cwd=folder, capture_output=True, text=True, check=False)
    records = "--fix" in command or "--pass" in command
    report = (done.stderr if records else done.stdout).splitlines()
    got = {"expect": [line.removeprefix("in:") for line in report if not line.startswith("qtc-validate: ")],
           "status": done.returncode}
    if records:
        got["out"] = [json.loads(line) for line in done.stdout.splitlines()]
        got["fixed"] = [line.removeprefix("qtc-validate: in:") for line in report if line.startswith("qtc-validate: ")]
    elif done.stderr:
        got["stderr"] = done.stderr
    return got


def all_codes():
    listed = subprocess.run(["qtc-validate", "--list-findings"], capture_output=True, text=True, check=True)
    return {line.split("\t")[0] for line in listed.stdout.splitlines()}


def main():
    fill = "--fill" in sys.argv
    files = [a for a in sys.argv[1:] if a != "--fill"]
    seen = set()
    number = 0
    failed = False
    for file in files:
        with open(file, encoding="utf-8") as f:
            cases = [json.loads(line) for line in f if line.strip()]
        for case in cases:
            with tempfile.TemporaryDirectory() as folder:
                got = run(case, folder)
            number += 1
            seen |= {line.rsplit("[", 1)[-1].rstrip("]") for line in got["expect"]}
            same = all(case.get(key) == value for key, value in got.items())
            failed |= not same
            print("ok" if same else "not ok", number, "-", case["case"])
            if not same:
                wanted = {key: case.get(key) for key in got}
                print("# wanted", json.dumps(wanted), "\n# got   ", json.dumps(got))
            case.update(got)
        if fill:
            with open(file, "w", encoding="utf-8") as f:
                f.writelines(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    missing = all_codes() - seen - ELSEWHERE
    print("not ok" if missing else "ok", number + 1, "- all codes are in some case", *sorted(missing))
    print(f"1..{number + 1}")
    return 1 if failed or missing else 0


sys.exit(main())
