/** A record with the unknown left out: what a source did not state is absent, not `undefined`. */
export type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Copies the record without the keys whose value is `undefined`. */
export function defined<T extends object>(record: T): Defined<T> {
  const copy: Record<string, unknown> = {};
  for (const key in record) if (record[key] !== undefined) copy[key] = record[key];
  return copy as Defined<T>;
}
