#!/usr/bin/env python3
"""Drives qtc-sse as a shell cannot: input cut at given places, events in lockstep.

  drive.py pieces FILE [OPTION...]    any cut of the input gives the same output
  drive.py lockstep FILE OPTION...    each piece of text is out before the next event goes in
  drive.py cuts FILE STEP [OPTION...] the input ends too early, at every STEP-th byte

A piece is one read of the command: its standard input is a socket that keeps the
bounds of what was sent. Prints what is wrong; exit status 1 where something was.
"""
import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile

COMMAND = os.environ.get("QTC_SSE", "qtc-sse")
EVENT = re.compile(rb".*?(?:\n\n|\r\n\r\n|\Z)", re.S)


def fail(message):
    fail.count += 1
    if fail.count <= 20:
        print(message)


fail.count = 0


def read(path):
    with open(path, "rb") as file:
        return file.read()


# ---- pieces ------------------------------------------------------------------


def run_pieces(pieces, options):
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with subprocess.Popen([COMMAND, *options], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as p:
        theirs.close()
        try:
            for piece in pieces:
                ours.sendall(piece)
        except OSError:
            pass  # it has read enough: what comes is not for it
        ours.close()
        return p.stdout.read(), p.wait()


def check_pieces(path, *options):
    """Byte by byte; and, where it is short, in two at every byte."""
    data = read(path)
    whole = run_pieces([data[i:i + 60000] for i in range(0, len(data), 60000)], options)
    if run_pieces([data[i:i + 1] for i in range(len(data))], options) != whole:
        fail(f"{path}: another output byte by byte")
    for i in range(1, len(data) if len(data) < 1000 else 0):
        if run_pieces([data[:i], data[i:]], options) != whole:
            fail(f"{path}: another output when cut at byte {i}")


# ---- lockstep ----------------------------------------------------------------


def texts_of(event):
    """The content of an event, as it must come out."""
    if not event.startswith(b"data: {"):
        return ""
    choices = json.loads(event[6:])["choices"]
    return "".join(c["delta"].get("content") or "" for c in choices)


def readable(fd, seconds):
    return bool(select.select([fd], [], [], seconds)[0])


def read_until(fd, got, wanted):
    """Reads on until `wanted` stands in what was got."""
    while wanted not in got:
        if not readable(fd, 5):
            return got, False
        more = os.read(fd, 65536)
        if not more:
            return got, False
        got += more
    return got, True


def check_lockstep(path, *options):
    """Words that begin with a "~" are awaited as soon as they are sent."""
    events = [e for e in EVENT.findall(read(path)) if e]
    awaited = 0
    with subprocess.Popen([COMMAND, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as p:
        got = b""
        for event in events:
            p.stdin.write(event)
            p.stdin.flush()
            for word in re.findall(r"~\w+", texts_of(event)):
                awaited += 1
                got, found = read_until(p.stdout.fileno(), got, word.encode())
                if not found:
                    fail(f"{path}: {word} is held back")
        p.stdin.close()
        p.stdout.read()
    if awaited == 0:
        fail(f"{path}: nothing to await")


# ---- cuts --------------------------------------------------------------------


class Answer:
    """What a client reads from a written stream."""

    def __init__(self, text):
        self.calls, self.finish, self.error, self.content = {}, None, None, ""
        events = text.split("\n\n")
        self.done = events[-2:] == ["data: [DONE]", ""]
        for event in events[:-2]:
            for line in event.split("\n"):
                if line.startswith("data:"):
                    self.take(line[5:])

    def take(self, data):
        try:
            chunk = json.loads(data)
        except json.JSONDecodeError:
            fail(f"an event that is not JSON: {data!r}")
            return
        self.error = chunk.get("error", self.error)
        for choice in chunk.get("choices", []):
            self.finish = choice.get("finish_reason") or self.finish
            self.content += choice["delta"].get("content") or ""
            for piece in choice["delta"].get("tool_calls", []):
                call = self.calls.setdefault(piece["index"], ["", ""])
                call[0] += piece["function"].get("name", "")
                call[1] += piece["function"].get("arguments", "")

    def list(self):
        return [tuple(self.calls[i]) for i in sorted(self.calls)]


def check_cut(at, answer, full):
    """No call is passed for whole that is not."""
    calls, whole = answer.list(), full.list()
    if full.error:
        whole.pop()  # that one is cut already
    cut = calls[:-1] == whole[:len(calls) - 1] and calls and calls[-1] not in whole
    # Markup that is cut before it is a call is text.
    if not full.content.startswith(answer.content) and not answer.content.startswith(full.content):
        fail(f"cut at byte {at}: the content is not what it was")
    if not answer.done:
        fail(f"cut at byte {at}: no [DONE] at the end")
    if not cut and calls != whole[:len(calls)]:
        fail(f"cut at byte {at}: other calls: {calls}")
    if cut and (answer.finish != "length" or (answer.error or {}).get("code") != "truncated-call"):
        fail(f"cut at byte {at}: half a call ends in {answer.finish}, error {answer.error}")
    if not cut and answer.error:
        fail(f"cut at byte {at}: an error without a cut call")
    if calls and not cut and answer.finish not in ("tool_calls", "length"):
        fail(f"cut at byte {at}: calls end in {answer.finish}")
    if not calls and answer.finish not in (None, "stop", "length"):
        fail(f"cut at byte {at}: no call, {answer.finish}")
    return bool(cut)


def run(options, files):
    p = subprocess.run([COMMAND, *options, *files], capture_output=True, check=False)
    if p.returncode not in (0, 2):
        fail(f"{files[0]}: exit status {p.returncode}")
    return p.stdout.decode()


def check_cuts(path, step, *options):
    data, cuts = read(path), 0
    with tempfile.TemporaryDirectory() as folder:
        full = Answer(run(["-o", "sse", *options], [path]))
        name = os.path.join(folder, "cut")
        # Before the first event there may be nothing to write. Each stream that is written ends in [DONE],
        # by which those of a batch are told apart; it may go out without its blank line if it came so.
        first = len(EVENT.match(data)[0])
        places = list(range(first, len(data) - 2, int(step)))
        for begin in range(0, len(places), 200):
            batch = places[begin:begin + 200]
            for at in batch:
                with open(f"{name}{at}", "wb") as file:
                    file.write(data[:at])
            files = [f"{name}{at}" for at in batch]
            written = run(["-o", "sse", *options], files).split("data: [DONE]\n\n")
            if len(written) != len(batch) + 1 or written[-1]:
                fail(f"cuts from byte {batch[0]}: {len(written) - 1} streams for {len(batch)} files")
            for at, text in zip(batch, written):
                cuts += check_cut(at, Answer(text + "data: [DONE]\n\n"), full)
            for file in files:
                os.unlink(file)
    if cuts == 0:
        fail("no cut went through a call")


MODES = {"pieces": check_pieces, "lockstep": check_lockstep, "cuts": check_cuts}

if __name__ == "__main__":
    MODES[sys.argv[1]](*sys.argv[2:])
    sys.exit(1 if fail.count > 0 else 0)
