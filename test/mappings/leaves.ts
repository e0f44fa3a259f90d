/** What an object without members is: a value of its own (`bios: {}` in a manifest), or nothing stated (`cpu: {}` of a source). */
export type EmptyObject = 'leaf' | 'nothing';

/** Paths of all leaves of a value, written as Decisions write them: `disks[0].slot.unit`, `annotations["a.b/c"]`. */
export function leaves(value: unknown, empty: EmptyObject, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, empty, `${path}[${index}]`));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return empty === 'leaf' ? [path] : [];
    return entries.flatMap(([key, item]) => leaves(item, empty, join(path, key)));
  }
  return value === undefined ? [] : [path];
}

/** True when `path` is `ancestor` or below it. */
export function covers(ancestor: string, path: string): boolean {
  if (!path.startsWith(ancestor)) return false;
  const rest = path.slice(ancestor.length);
  return rest === '' || rest.startsWith('.') || rest.startsWith('[');
}

function join(path: string, key: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(key)) return `${path}["${key}"]`;
  return path === '' ? key : `${path}.${key}`;
}
