/**
 * Values of the vSphere API as they come over the wire: one node an XML element, nothing converted before it is asked for.
 * The type attribute is resolved by namespace, an array is an array however many members it has, and types that nobody here
 * knows stay as they are. There is no schema behind this: whoever reads a field knows what it is, and says so by the accessor.
 */

/** How vSphere names one of its objects: `VirtualMachine`, `vm-42`. */
export interface MoRef {
  readonly type: string;
  readonly id: string;
}

const NONE: VimNode[] = [];

export class VimNode {
  /** Local name of the element. */
  readonly name: string;
  /** `xsi:type` without its prefix. */
  readonly type: string | undefined;
  /** Type of the managed object where the element is a reference. */
  readonly refType: string | undefined;
  text = '';
  children: VimNode[] = NONE;

  constructor(name: string, type: string | undefined, refType: string | undefined) {
    this.name = name;
    this.type = type;
    this.refType = refType;
  }

  append(child: VimNode): void {
    if (this.children === NONE) this.children = [child];
    else this.children.push(child);
  }

  /** The first child of this name. */
  get(name: string): VimNode | undefined {
    for (const child of this.children) if (child.name === name) return child;
    return undefined;
  }

  /** The node at the end of a path of names: `at('spec', 'vlanId')`. */
  at(...path: readonly string[]): VimNode | undefined {
    let node: VimNode | undefined = this;
    for (const name of path) {
      node = node.get(name);
      if (node === undefined) return undefined;
    }
    return node;
  }

  /** All children of this name: an array property of a data object. */
  list(name: string): readonly VimNode[] {
    return this.children.filter((child) => child.name === name);
  }

  /** Text of the child at the path; undefined when it is missing or empty. */
  string(...path: readonly string[]): string | undefined {
    const text = this.at(...path)?.text;
    return text === undefined || text === '' ? undefined : text;
  }

  /** Number of the child at the path; undefined when it is missing, no number, or beyond what a double holds exactly. */
  number(...path: readonly string[]): number | undefined {
    const text = this.string(...path);
    if (text === undefined || !/^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim())) return undefined;
    const value = Number(text);
    return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : value;
  }

  /** XML Schema boolean: `true`, `false`, `1`, `0`. */
  flag(...path: readonly string[]): boolean | undefined {
    const text = this.string(...path)?.trim();
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : undefined;
  }

  /** The reference at the path. */
  ref(...path: readonly string[]): MoRef | undefined {
    const node = this.at(...path);
    return node === undefined ? undefined : asRef(node);
  }
}

/** A node as a reference. A server that leaves the attribute out still gives the id. */
export function asRef(node: VimNode): MoRef | undefined {
  return node.text === '' ? undefined : { type: node.refType ?? '', id: node.text };
}

/** Members of an `ArrayOf…` value: every child of it, whatever the server calls them. */
export function members(node: VimNode | undefined): readonly VimNode[] {
  return node?.children ?? NONE;
}

/** What is sent: a data object with its fields in the order of the schema. vCenter is strict about the order. */
export interface Struct {
  /** `xsi:type`, needed where the schema declares a base type. */
  readonly xsi?: string;
  readonly fields: Readonly<Record<string, Argument>>;
}

/** An argument or a field; undefined is left out, an array is the element repeated. */
export type Argument = string | number | boolean | MoRef | Struct | readonly Argument[] | undefined;

export type Arguments = Readonly<Record<string, Argument>>;

export function struct(xsi: string, fields: Arguments): Struct {
  return { xsi, fields };
}
