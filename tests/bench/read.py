"""An event stream on standard input, read as a Python client reads it.

With httpx and httpx-sse, where they are installed; else by hand. Prints how many chunks and characters of
content there were.
"""
import json
import sys


def blocks():
    while True:
        data = sys.stdin.buffer.read1(65536)
        if not data:
            return
        yield data


def events():
    try:
        import httpx
        import httpx_sse
    except ImportError:
        for line in sys.stdin.buffer:
            if line.startswith(b"data: "):
                yield line[6:].rstrip(b"\n").decode()
        return
    response = httpx.Response(200, headers={"content-type": "text/event-stream"}, content=blocks())
    for event in httpx_sse.EventSource(response).iter_sse():
        yield event.data


def main():
    chunks = characters = 0
    for data in events():
        if data == "[DONE]":
            continue
        chunks += 1
        characters += len(json.loads(data)["choices"][0]["delta"].get("content") or "")
    print(json.dumps({"chunks": chunks, "characters": characters}))


main()
