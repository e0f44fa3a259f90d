/** Bulk reading of properties: pages of bounded size, objects handed out one by one, lost sessions and vanished objects healed. */
import type { Session } from './session.ts';
import { isFault } from './vim/fault.ts';
import { type Arguments, asRef, type MoRef, struct, type VimNode } from './vim/node.ts';

/** Objects per answer. */
export const PAGE = 250;

export interface PropertyRequest {
  /** Type of the objects: `VirtualMachine`. Subtypes are included. */
  readonly type: string;
  readonly paths: readonly string[];
}

/** One object with those of its properties that were asked for and exist. */
export class ObjectProperties {
  readonly ref: MoRef;
  readonly #values = new Map<string, VimNode>();

  constructor(ref: MoRef, values: Iterable<readonly [string, VimNode]>) {
    this.ref = ref;
    for (const [path, value] of values) this.#values.set(path, value);
  }

  node(path: string): VimNode | undefined {
    return this.#values.get(path);
  }

  string(path: string): string | undefined {
    const text = this.#values.get(path)?.text;
    return text === '' ? undefined : text;
  }

  number(path: string): number | undefined {
    const text = this.string(path);
    const value = Number(text);
    return text === undefined || !Number.isSafeInteger(value) ? undefined : value;
  }

  flag(path: string): boolean | undefined {
    const text = this.string(path);
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined;
  }

  reference(path: string): MoRef | undefined {
    const node = this.#values.get(path);
    return node === undefined ? undefined : asRef(node);
  }

  /** Applies a change of the property collector: an absent value removes the property. */
  set(path: string, value: VimNode | undefined): void {
    if (value === undefined) this.#values.delete(path);
    else this.#values.set(path, value);
  }
}

/** `ObjectContent` of the property collector. */
function toProperties(content: VimNode): ObjectProperties | undefined {
  const ref = content.ref('obj');
  if (ref === undefined) return undefined;
  return new ObjectProperties(
    ref,
    content.children.flatMap((child) => {
      const path = child.name === 'propSet' ? child.string('name') : undefined;
      const value = child.get('val');
      return path === undefined || value === undefined ? [] : [[path, value] as const];
    }),
  );
}

/**
 * Everything of the wanted types below `container`, in the server's order. When the session is lost in the middle, the view is
 * made anew and what was delivered is left out.
 */
export async function* below(
  session: Session,
  container: MoRef,
  requests: readonly PropertyRequest[],
  signal: AbortSignal,
): AsyncGenerator<ObjectProperties> {
  const delivered = new Set<string>();
  for (;;) {
    const { generation } = session;
    try {
      const view = await createView(session, container, requests, signal);
      try {
        for await (const found of retrieve(session, { requests, objects: [viewSpec(view)] }, signal)) {
          if (delivered.has(found.ref.id)) continue;
          delivered.add(found.ref.id);
          yield found;
        }
      } finally {
        // Views go with the session; leaving one behind until then is no harm.
        await session.call('DestroyView', view, {}, { signal }).catch(() => undefined);
      }
      return;
    } catch (error) {
      if (isFault(error, 'NotAuthenticated')) await session.renew(generation, signal);
      else if (generation === session.generation) throw error;
    }
  }
}

/** These objects, in order of arrival; those that no longer exist are left out. */
export async function* these(
  session: Session,
  refs: readonly MoRef[],
  request: PropertyRequest,
  signal: AbortSignal,
): AsyncGenerator<ObjectProperties> {
  const left = new Map(refs.map((ref) => [ref.id, ref]));
  while (left.size > 0) {
    const { generation } = session;
    try {
      const objects = [...left.values()].map((obj) => ({ fields: { obj } }));
      for await (const found of retrieve(session, { requests: [request], objects }, signal)) {
        left.delete(found.ref.id);
        yield found;
      }
      return;
    } catch (error) {
      if (isFault(error, 'NotAuthenticated')) await session.renew(generation, signal);
      else if (isFault(error, 'ManagedObjectNotFound')) {
        // One missing object makes the server refuse all of them.
        if (!left.delete(error.detail?.string('obj') ?? '')) throw error;
      } else if (generation === session.generation) throw error;
    }
  }
}

/** One object; undefined when it does not exist. */
export async function properties(
  session: Session,
  ref: MoRef,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<ObjectProperties | undefined> {
  for await (const found of these(session, [ref], { type: ref.type, paths }, signal)) return found;
  return undefined;
}

export function propertySets(requests: readonly PropertyRequest[]): Arguments['propSet'] {
  return requests.map(({ type, paths }) => ({ fields: { type, all: false, pathSet: [...paths] } }));
}

export async function createView(
  session: Session,
  container: MoRef,
  requests: readonly PropertyRequest[],
  signal: AbortSignal,
): Promise<MoRef> {
  const type = [...new Set(requests.map((request) => request.type))];
  const answer = await session.call(
    'CreateContainerView',
    session.manager('viewManager'),
    { container, type, recursive: true },
    { signal },
  );
  const view = answer.ref('returnval');
  if (view === undefined) throw new Error('CreateContainerView gave no view');
  return view;
}

/** Everything that a view shows, without the view itself. */
export function viewSpec(view: MoRef): ReturnType<typeof struct> {
  const selectSet = struct('TraversalSpec', { name: 'view', type: 'ContainerView', path: 'view', skip: false });
  return { fields: { obj: view, skip: true, selectSet } };
}

async function* retrieve(
  session: Session,
  {
    requests,
    objects,
  }: { readonly requests: readonly PropertyRequest[]; readonly objects: readonly ReturnType<typeof struct>[] },
  signal: AbortSignal,
): AsyncGenerator<ObjectProperties> {
  const on = session.manager('propertyCollector');
  const emit = { element: 'objects', depth: 5 };
  const unknown = new Set<string>();
  let token: string | undefined;
  for (;;) {
    const known = requests.map(({ type, paths }) => ({ type, paths: paths.filter((path) => !unknown.has(path)) }));
    const call =
      token === undefined
        ? {
            operation: 'RetrievePropertiesEx' as const,
            args: {
              specSet: { fields: { propSet: propertySets(known), objectSet: objects } },
              options: { fields: { maxObjects: PAGE } },
            },
          }
        : { operation: 'ContinueRetrievePropertiesEx' as const, args: { token } };
    try {
      const rest = yield* converted(session.stream({ ...call, on, emit }, signal));
      token = rest.string('returnval', 'token');
      if (token === undefined) return;
    } catch (error) {
      // A server that is older than a property does not know it and refuses the whole request.
      const path = isFault(error, 'InvalidProperty') ? error.detail?.string('name') : undefined;
      if (path === undefined || unknown.has(path)) throw error;
      unknown.add(path);
    }
  }
}

async function* converted(stream: AsyncGenerator<VimNode, VimNode>): AsyncGenerator<ObjectProperties, VimNode> {
  try {
    for (;;) {
      const { done, value } = await stream.next();
      if (done) return value;
      const found = toProperties(value);
      if (found !== undefined) yield found;
    }
  } finally {
    // Whoever stops early cuts the answer off.
    await stream.return(undefined as never);
  }
}
