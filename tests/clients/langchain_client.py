#!/usr/bin/env python3
"""A turn with tools by LangChain's ChatOpenAI: langchain_client.py URL [two]

Prints a JSON line a turn, {"content", "calls"}. "two": the calls are answered, and the model is asked again.
"""
import json
import pathlib
import sys

from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI

TOOLS = json.loads((pathlib.Path(__file__).parent.parent / "captures/tools.json").read_text())


def turn(model, messages):
    """One streamed answer, joined by the library."""
    message = None
    for chunk in model.stream(messages):
        message = chunk if message is None else message + chunk
    calls = [{"name": c["name"], "arguments": json.dumps(c["args"])} for c in message.tool_calls]
    print(json.dumps({"content": message.content, "calls": calls}))
    return message


def main():
    model = ChatOpenAI(base_url=sys.argv[1], api_key="none", model="m", max_retries=0, timeout=20)
    model = model.bind_tools(TOOLS)
    messages = [HumanMessage("Look at the two files that matter.")]
    message = turn(model, messages)
    if sys.argv[2:] == ["two"]:
        messages.append(message)
        messages += [ToolMessage("int main(void);", tool_call_id=c["id"]) for c in message.tool_calls]
        turn(model, messages)


main()
