// A turn with tools by openai for node: client.mjs URL [two]
//
// Prints a JSON line a turn, {"content", "calls"}. "two": the calls are answered, and the model is asked again.
// The package is found from QTC_CLIENTS, where it was installed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const OpenAI = createRequire(`${process.env.QTC_CLIENTS}/`)("openai").default;
const tools = JSON.parse(readFileSync(new URL("../captures/tools.json", import.meta.url)));

// One streamed answer, joined by the library.
async function turn(client, messages) {
    const stream = client.chat.completions.stream({ model: "m", messages, tools });
    const message = (await stream.finalChatCompletion()).choices[0].message;
    const calls = (message.tool_calls ?? []).map((c) => ({ name: c.function.name, arguments: c.function.arguments }));
    console.log(JSON.stringify({ content: message.content, calls }));
    return message;
}

const [url, turns] = process.argv.slice(2);
const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0, timeout: 20000 });
const messages = [{ role: "user", content: "Look at the two files that matter." }];
const message = await turn(client, messages);
if (turns === "two") {
    messages.push(message);
    for (const call of message.tool_calls) {
        messages.push({ role: "tool", tool_call_id: call.id, content: "int main(void);" });
    }
    await turn(client, messages);
}
