/** A table with a title and a few sentences, which every format renders in its own way. */
export interface Exhibit {
  readonly title: string;
  /** Above the table. */
  readonly lines: readonly string[];
  readonly head: readonly string[];
  /** As long as the head; the first cell names the row. None: the sentences are all there is. */
  readonly rows: readonly (readonly string[])[];
  readonly picture?: Picture;
  /** Lines that somebody else wrote, shown as they are below everything. */
  readonly quote?: { readonly title: string; readonly lines: readonly string[] };
}

export interface Picture {
  /** As in the report: relative to the folder that the report lies in, `data:image/png;base64,…`, or an absolute path that no page shows. */
  readonly source: string;
  /** What is on it, for those who do not see it. */
  readonly about: string;
}

/**
 * What a page below the report's folder may show: a PNG file beside it, or one that is part of the report. Undefined for everything else.
 * @param up from where the page lies to the report's folder: nothing, or `../`
 */
export function pictureLink({ source }: Picture, up: '' | '../'): string | undefined {
  if (source.startsWith('data:image/png;base64,')) return source;
  const parts = source.split('/');
  if (!source.endsWith('.png') || parts.some((part) => part === '' || part === '..')) return undefined;
  return up + parts.map(encodeURIComponent).join('/');
}
