// node validate.mjs DIRECTORY TOOLS CALLS: the whole job with ajv 8 from DIRECTORY/node_modules, as people write it:
// tools by name, each schema compiled once, arguments unwrapped, every error printed on a line.
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

const [directory, toolsFile, callsFile] = process.argv.slice(2);
const require = createRequire(`${directory}/`);
const Ajv = require('ajv/dist/2020').default;
const ajv = new Ajv({ allErrors: true, strict: false, validateFormats: false });
const lines = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean);
const sets = new Map();
for (const line of lines(toolsFile)) {
  const { id, tools } = JSON.parse(line);
  sets.set(id, new Map(tools.map((t) => [t.function.name, t.function.parameters])));
}
const compiled = new Map();
let out = '';
const say = (line, text) => {
  out += `${callsFile}:${line}: ${text}\n`;
  if (out.length > 65536) {
    writeSync(1, out);
    out = '';
  }
};
lines(callsFile).forEach((text, i) => {
  const call = JSON.parse(text);
  const schema = sets.get(call.x.tools)?.get(call.function.name);
  if (!schema) {
    say(i + 1, `unknown tool ${call.function.name}`);
    return;
  }
  let args;
  try {
    args = JSON.parse(call.function.arguments);
  } catch (error) {
    say(i + 1, error.message);
    return;
  }
  let validate = compiled.get(schema);
  if (!validate) {
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  if (!validate(args)) {
    for (const e of validate.errors) {
      say(i + 1, `${call.function.name}: ${e.instancePath}: ${e.message}`);
    }
  }
});
writeSync(1, out);
