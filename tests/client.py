#!/usr/bin/env python3
"""What a plain client makes of a chat completion's stream on standard input.

Joins the deltas as the usual client libraries do: content to content, tool_calls by
their index; names and ids are appended, not compared. It knows no markup.
  client.py           the message for people
  client.py --calls   a JSON line a call, {"name", "arguments"}
"""
import json
import sys
import textwrap


def deltas(lines):
    for line in lines:
        if line.startswith("data:") and line[5:].strip() != "[DONE]":
            for choice in json.loads(line[5:]).get("choices") or []:
                yield choice.get("delta") or {}, choice.get("finish_reason")


def read_message(lines):
    content, calls, finish = "", {}, None
    for delta, reason in deltas(lines):
        content += delta.get("content") or ""
        finish = reason or finish
        for piece in delta.get("tool_calls") or []:
            call = calls.setdefault(piece["index"], {"name": "", "arguments": ""})
            function = piece.get("function") or {}
            call["name"] += function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
    return content, [calls[i] for i in sorted(calls)], finish


def show(content, calls, finish):
    print("content:")
    for line in content.rstrip("\n").split("\n"):
        print("  " + line)
    print("tool_calls:" if calls else "tool_calls: none")
    for call in calls:
        wrapped = textwrap.wrap(call["arguments"], 48, break_on_hyphens=False)
        print("  " + call["name"], *wrapped, sep="\n    ")
    print("finish_reason:", finish)


def main():
    content, calls, finish = read_message(sys.stdin)
    if "--calls" in sys.argv[1:]:
        for call in calls:
            print(json.dumps(call, ensure_ascii=False))
    else:
        show(content, calls, finish)


if __name__ == "__main__":
    main()
