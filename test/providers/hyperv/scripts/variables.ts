/**
 * Variables of PowerShell. Strict mode is off in our scripts, so that a property that a Windows does not have reads as nothing; a misspelt variable
 * would read as nothing too. So here each function may read only what it, or the top of the text, has set.
 */
import type { Node } from 'web-tree-sitter';
import { nodes } from './powershell.ts';

/** Set by PowerShell itself. */
const AUTOMATIC = new Set(['_', 'args', 'false', 'input', 'null', 'psversiontable', 'true']);
/** Set by PowerShell as well: whoever sets one changes more than he wants. */
const RESERVED =
  /^(_|args|consolefilename|error|event|executioncontext|false|foreach|home|host|input|lastexitcode|matches|myinvocation|null|pid|profile|ps\w+|pwd|sender|shellid|stacktrace|switch|this|true)$/;
/** How the engine is told to behave. */
const PREFERENCE = /^(erroractionpreference|progresspreference|warningpreference)$/;

/** What is wrong with the variables of a text: one sentence each, with its line. */
export function strangers(root: Node): readonly string[] {
  const functions = [...nodes(root)].filter(({ type }) => type === 'function_statement');
  const top = [...nodes(root)].filter((node) => !isIn(node, 'function_statement'));
  const shared = new Set(setBy(top.filter((node) => !isIn(node, 'script_block_expression'))).map(({ name }) => name));
  return [top, ...functions.map((one) => [...nodes(one)])].flatMap((scope) => strangersOf(scope, shared));
}

function strangersOf(scope: readonly Node[], shared: ReadonlySet<string>): readonly string[] {
  const set = setBy(scope);
  const known = new Set(set.map(({ name }) => name));
  const reserved = set
    .filter(({ name }) => RESERVED.test(name))
    .map(({ name, node }) => `${at(node)}$${name} is PowerShell's own`);
  const unset = scope
    .filter(({ type }) => type === 'variable')
    .filter((node) => {
      const name = nameOf(node);
      return !known.has(name) && !shared.has(name) && !AUTOMATIC.has(name) && !PREFERENCE.test(name);
    })
    .map((node) => `${at(node)}nobody sets ${node.text}`);
  return [...reserved, ...unset];
}

/** Variables that assignments, parameters and loops set. `$list[0] = 1` sets an element of what must be there already. */
function setBy(scope: readonly Node[]): readonly { readonly name: string; readonly node: Node }[] {
  return scope.flatMap((node) => {
    if (node.type === 'left_assignment_expression' && /^(\[[\w.]+\])?\$\w+$/.test(node.text)) return variablesIn(node);
    if (node.type === 'script_parameter' || node.type === 'foreach_statement') return variablesIn(node).slice(0, 1);
    return [];
  });
}

function variablesIn(node: Node): readonly { readonly name: string; readonly node: Node }[] {
  return [...nodes(node)].filter(({ type }) => type === 'variable').map((one) => ({ name: nameOf(one), node: one }));
}

/** As PowerShell compares them: `$Name`, `@name`. */
function nameOf({ text }: Node): string {
  return text.replace(/^[$@]/, '').toLowerCase();
}

function isIn(node: Node, type: string): boolean {
  return node.type === type || (node.parent !== null && isIn(node.parent, type));
}

function at(node: Node): string {
  return `line ${node.startPosition.row + 1}: `;
}
