// Stands where powershell.exe is on a Hyper-V host. It runs nothing: it checks that command, script and input come as they were sent, and answers
// from answers.json of the folder above; where the test listens there, it is asked instead. Knows scripts by their text only.
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

const folder = path.dirname(import.meta.dirname);
const scripts = path.join(folder, 'scripts');

function refuse(why: string): never {
  process.stderr.write(`fake powershell.exe: ${why}\n`);
  process.exit(64);
}

const given = readFileSync(0);
const socket = path.join(folder, 'answers.socket');
if (existsSync(socket)) {
  const line = connect({ path: socket, allowHalfOpen: true });
  line.end(JSON.stringify({ args: process.argv.slice(2).join(' '), input: given.toString('base64') }));
  const { stdout, stderr = '', exitCode = 0 } = JSON.parse(await text(line));
  process.stderr.write(stderr);
  process.stdout.write(stdout);
  process.exit(exitCode);
}

const command = process.argv.slice(2, -1).join(' ');
const encoded = process.argv.at(-1) ?? '';
if (command !== '-NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand') refuse(`not the command: ${command}`);
const bootstrap = readFileSync(path.join(scripts, 'bootstrap.ps1'), 'utf8');
if (Buffer.from(encoded, 'base64').toString('utf16le') !== bootstrap) refuse('the encoded command is not the bootstrap');

const lines = given.toString('latin1').split('\n');
if (lines.length !== 3 || lines[2] !== '') refuse(`standard input has ${lines.length - 1} lines`);
const [sent, input = ''] = lines.map((line) => Buffer.from(line, 'base64').toString('utf8'));
const preamble = readFileSync(path.join(scripts, 'preamble.ps1'), 'utf8');
const script = readdirSync(scripts)
  .filter((name) => name.endsWith('.ps1'))
  .find((name) => sent === `${preamble}\n${readFileSync(path.join(scripts, name), 'utf8')}`);
if (script === undefined) refuse('unknown script');
const name = path.basename(script, '.ps1');
appendFileSync(path.join(folder, 'told'), `${JSON.stringify({ script: name, input: JSON.parse(input) })}\n`);
const answer = JSON.parse(readFileSync(path.join(folder, 'answers.json'), 'utf8'))[name];
if (answer === undefined) refuse(`no answer for ${name}`);
await sleep(answer.after ?? 0);
process.stderr.write(answer.stderr ?? '');
process.stdout.write(answer.stdout);
process.exitCode = answer.exitCode ?? 0;
