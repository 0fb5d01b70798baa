#!/usr/bin/env python3
"""A turn with tools by openai for Python: client.py URL [two]

Prints a JSON line a turn, {"content", "calls"}. "two": the calls are answered, and the model is asked again.
"""
import json
import pathlib
import sys

import openai

TOOLS = json.loads((pathlib.Path(__file__).parent.parent / "captures/tools.json").read_text())


def turn(client, messages):
    """One streamed answer, joined by the library. It takes only strict tools."""
    tools = [{**tool, "function": {**tool["function"], "strict": True}} for tool in TOOLS]
    with client.chat.completions.stream(model="m", messages=messages, tools=tools) as stream:
        message = stream.get_final_completion().choices[0].message
    calls = [{"name": c.function.name, "arguments": c.function.arguments} for c in message.tool_calls or []]
    print(json.dumps({"content": message.content, "calls": calls}))
    return message


def main():
    client = openai.OpenAI(base_url=sys.argv[1], api_key="none", max_retries=0, timeout=20)
    messages = [{"role": "user", "content": "Look at the two files that matter."}]
    message = turn(client, messages)
    if sys.argv[2:] == ["two"]:
        messages.append(message.model_dump(include={"role", "content", "tool_calls"}, exclude_none=True))
        for call in message.tool_calls:
            messages.append({"role": "tool", "tool_call_id": call.id, "content": "int main(void);"})
        turn(client, messages)


main()
