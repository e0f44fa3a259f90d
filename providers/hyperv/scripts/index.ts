/**
 * The scripts that run on Hyper-V hosts: their texts (*.ps1, beside this file), what each is told and answers (contract.ts), how one travels
 * (below) and how an answer is read (answer.ts). The texts are sent exactly as they are shipped. No value ever becomes part of a text or of a
 * command: input is JSON on the standard input. What opens connections lies in winrm/ and ssh/.
 */
import { readFileSync } from 'node:fs';
import { SCRIPTS, type ScriptInput, type ScriptName } from './contract.ts';

const texts = new Map<string, string>();

/** The text that runs for a script: the preamble that all share, then its own. */
export function scriptText(name: ScriptName): string {
  return `${shipped('preamble')}\n${shipped(name)}`;
}

/** The fixed command that reads script and input from its standard input. Below cmd.exe's limit of 8191 characters, and without a character that it would bend. */
export function command(): { readonly program: string; readonly args: readonly string[] } {
  const encoded = Buffer.from(shipped('bootstrap'), 'utf16le').toString('base64');
  return {
    program: 'powershell.exe',
    args: ['-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-EncodedCommand', encoded],
  };
}

/** Everything that goes to the command's standard input, in ASCII; its end follows. */
export function standardInput<Name extends ScriptName>(name: Name, input: ScriptInput<Name>): string {
  const told = JSON.stringify(SCRIPTS[name].input.parse(input));
  return `${base64(scriptText(name))}\n${base64(told)}\n`;
}

/** Read once a process: the files belong to the program and lie beside this one, in the source tree as in the package. */
function shipped(name: ScriptName | 'bootstrap' | 'preamble'): string {
  const known = texts.get(name);
  if (known !== undefined) return known;
  const text = readFileSync(new URL(`./${name}.ps1`, import.meta.url), 'utf8');
  texts.set(name, text);
  return text;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
