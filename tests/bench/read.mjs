// read.mjs - an event stream on standard input, read as a JavaScript client reads it.
//
//     node read.mjs MODULES [PROTOCOL]
//
// MODULES: a folder with node_modules in it; without eventsource-parser there, a small reader stands in.
// PROTOCOL: qwen3CoderProtocol or hermesProtocol of @ai-sdk-tool/parser turns the content into calls.
// Prints how many chunks, characters of content and calls there were.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [modules, protocolName] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/package.json`));

const tools = [
    ['get_weather', { city: 'string', days: 'integer' }],
    ['search', { query: 'string', exact: 'boolean' }],
    ['write_file', { path: 'string', content: 'string' }],
].map(([name, types]) => ({
    type: 'function',
    name,
    inputSchema: {
        type: 'object',
        properties: Object.fromEntries(Object.entries(types).map(([key, type]) => [key, { type }])),
    },
}));

function smallParser({ onEvent }) {
    let rest = '';
    return {
        feed(text) {
            const lines = (rest + text).split('\n');
            rest = lines.pop();
            for (const line of lines) {
                if (line.startsWith('data: ')) {
                    onEvent({ data: line.slice(6) });
                }
            }
        },
    };
}

function eventParser() {
    try {
        return require('eventsource-parser').createParser;
    } catch {
        return smallParser;
    }
}

const counts = { chunks: 0, characters: 0, calls: 0 };
const pieces = [];

const parser = eventParser()({
    onEvent({ data }) {
        if (data === '[DONE]') {
            return;
        }
        const text = JSON.parse(data).choices[0].delta.content;
        counts.chunks++;
        if (text) {
            counts.characters += text.length;
            pieces.push(text);
        }
    },
});

async function* textParts() {
    const decoder = new TextDecoder();
    yield { type: 'text-start', id: '1' };
    for await (const bytes of process.stdin) {
        parser.feed(decoder.decode(bytes, { stream: true }));
        for (const delta of pieces.splice(0)) {
            yield { type: 'text-delta', id: '1', delta };
        }
    }
    yield { type: 'text-end', id: '1' };
    yield { type: 'finish', finishReason: 'stop', usage: {} };
}

if (protocolName) {
    const protocol = require('@ai-sdk-tool/parser')[protocolName];
    const made = typeof protocol === 'function' ? protocol() : protocol;
    const parts = ReadableStream.from(textParts()).pipeThrough(made.createStreamParser({ tools }));
    for await (const part of parts) {
        counts.calls += part.type === 'tool-call' ? 1 : 0;
    }
} else {
    const decoder = new TextDecoder();
    for await (const bytes of process.stdin) {
        parser.feed(decoder.decode(bytes, { stream: true }));
        pieces.length = 0;
    }
}
console.log(JSON.stringify(counts));
