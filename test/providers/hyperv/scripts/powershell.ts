/**
 * Reads PowerShell with the grammar of tree-sitter-powershell, which is nobody's PowerShell: what parses here is well-formed, and no more. Whether
 * names mean anything is judged by names.json, which was written down from Microsoft's pages.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Language, type Node, Parser } from 'web-tree-sitter';

const GRAMMAR = fileURLToPath(import.meta.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm'));

export interface Names {
  readonly cmdlets: Readonly<Record<string, { readonly page: string; readonly parameters: readonly string[] }>>;
  readonly classes: Readonly<
    Record<
      string,
      {
        readonly page: string;
        readonly properties: readonly string[];
        readonly methods?: Readonly<Record<string, { readonly in: readonly string[]; readonly out: readonly string[] }>>;
      }
    >
  >;
  readonly objects: Readonly<Record<string, readonly string[]>>;
  readonly net: readonly string[];
}

export const NAMES: Names = JSON.parse(readFileSync(path.join(import.meta.dirname, 'names.json'), 'utf8'));

let parser: Parser | undefined;

export async function parsePowerShell(text: string): Promise<Node> {
  if (parser === undefined) {
    await Parser.init();
    parser = new Parser();
    parser.setLanguage(await Language.load(GRAMMAR));
  }
  const tree = parser.parse(text);
  if (tree === null) throw new Error('No tree.');
  return tree.rootNode;
}

/** Everything below a node, itself first. */
export function* nodes(root: Node): Generator<Node> {
  yield root;
  for (const child of root.children) if (child !== null) yield* nodes(child);
}

/** What is wrong with a text: one sentence each, with its line. */
export async function troubles(text: string): Promise<readonly string[]> {
  const root = await parsePowerShell(text);
  const all = [...nodes(root)];
  const functions = functionsOf(all);
  return all.flatMap((node) =>
    [...brokenAt(node), ...commandAt(node, functions), ...textAt(node), ...memberAt(node), ...argumentsAt(node)].map(
      (trouble) => `line ${node.startPosition.row + 1}: ${trouble}`,
    ),
  );
}

function brokenAt(node: Node): readonly string[] {
  return node.isError || node.isMissing ? [`no PowerShell: ${node.text.slice(0, 40)}`] : [];
}

/** Parameters of the functions that a text has. */
function functionsOf(all: readonly Node[]): ReadonlyMap<string, readonly string[]> {
  return new Map(
    all
      .filter(({ type }) => type === 'function_statement')
      .map((node) => [
        childOf(node, 'function_name')?.text ?? '',
        [...nodes(node)].filter(({ type }) => type === 'script_parameter').map(({ text }) => /\$(\w+)/.exec(text)?.[1] ?? ''),
      ]),
  );
}

/** A command is a documented cmdlet by its full name or a function of the text, and has the parameters that it is given. */
function commandAt(node: Node, functions: ReadonlyMap<string, readonly string[]>): readonly string[] {
  if (node.type !== 'command') return [];
  const name = node.childForFieldName('command_name')?.text ?? '';
  // A block that the text itself holds: & $Body.
  if (name.startsWith('$') || name.startsWith('([ScriptBlock]::Create(')) return [];
  const known = functions.get(name) ?? NAMES.cmdlets[name]?.parameters;
  if (known === undefined) return [`nobody documents the command ${name}`];
  return [...nodes(node)]
    .filter(({ type, parent }) => type === 'command_parameter' && isOf(parent, node))
    .map(({ text }) => text.replace(/^-/, '').replace(/:$/, ''))
    .filter((parameter) => !known.includes(parameter))
    .map((parameter) => `${name} has no parameter -${parameter}`);
}

/** Whether the nearest command around a part is this one. */
function isOf(part: Node | null, command: Node): boolean {
  if (part === null || part.type === 'script_block_expression') return false;
  return part.type === 'command' ? part.id === command.id : isOf(part.parent, command);
}

const CLASS = /\b(?:Msvm|CIM|MSFT|MSCluster|Win32)_\w+/g;
const DANGEROUS = /^(Invoke-Expression|Add-Type|Invoke-Command|Start-Process)$/i;

/** Words: classes by their documented names, and nothing that becomes part of a text or a command. */
function textAt(node: Node): readonly string[] {
  if (node.type === 'command_name' && DANGEROUS.test(node.text)) return [`${node.text} is not used here`];
  if (node.type === 'expandable_string_literal' || node.type === 'expandable_here_string_literal') {
    const isFilled = [...nodes(node)].some(({ type }) => type === 'variable' || type === 'sub_expression');
    if (isFilled) return [`a value becomes part of a text: ${node.text.slice(0, 40)}`];
  }
  if (!/^(generic_token|string_literal|verbatim_string_characters|expandable_string_literal)$/.test(node.type)) return [];
  return (node.text.match(CLASS) ?? [])
    .filter((name) => NAMES.classes[name] === undefined)
    .map((name) => `nobody documents the class ${name}`);
}

const MEMBERS = new Set([
  ...NAMES.net,
  ...Object.values(NAMES.objects).flat(),
  ...Object.values(NAMES.classes).flatMap(({ properties, methods = {} }) => [
    ...properties,
    ...Object.values(methods).flatMap((method) => method.out),
  ]),
]);

/** Our own dictionaries and the input have names in lower case; all others are documented. */
function memberAt(node: Node): readonly string[] {
  if (node.type !== 'member_name' || /^[a-z]\w*$/.test(node.text) || MEMBERS.has(node.text)) return [];
  return [`nobody documents the member ${node.text}`];
}

/** Methods exist, and what is handed over around a call are parameters of the method. */
function argumentsAt(node: Node): readonly string[] {
  if (node.type !== 'command' || node.childForFieldName('command_name')?.text !== 'Invoke-CimMethod') return [];
  const method = /-MethodName\s+'?(\w+)/.exec(node.text)?.[1] ?? '';
  const found = Object.values(NAMES.classes).flatMap(({ methods = {} }) => methods[method] ?? []);
  if (found.length === 0) return [`nobody documents the method ${method}`];
  const inputs = found.flatMap((one) => one.in);
  return keysBefore(node)
    .filter((key) => !inputs.includes(key))
    .map((key) => `${method} takes no ${key}`);
}

/** Keys of the last `$arguments = @{…}` before a call, or of the dictionary in the call. */
function keysBefore(call: Node): readonly string[] {
  const own = [...nodes(call)].filter(({ type }) => type === 'key_expression');
  if (own.length > 0) return own.map(({ text }) => text);
  const scope = enclosing(call);
  const last = [...nodes(scope)]
    .filter(
      ({ type, text, endIndex }) =>
        type === 'assignment_expression' && /^\$arguments\s*=/.test(text) && endIndex <= call.startIndex,
    )
    .at(-1);
  return last === undefined
    ? []
    : [...nodes(last)]
        .filter(({ type, parent }) => type === 'key_expression' && depthOf(parent, last) === 1)
        .map(({ text }) => text);
}

/** How many dictionaries are around a key, up to the whole assignment. */
function depthOf(node: Node | null, whole: Node): number {
  if (node === null || node.id === whole.id) return 0;
  return (node.type === 'hash_literal_expression' ? 1 : 0) + depthOf(node.parent, whole);
}

function enclosing(node: Node): Node {
  const { parent } = node;
  if (parent === null || node.type === 'function_statement' || node.type === 'script_block_expression') return node;
  return enclosing(parent);
}

function childOf(node: Node, type: string): Node | undefined {
  return node.children.find((child) => child?.type === type) ?? undefined;
}
