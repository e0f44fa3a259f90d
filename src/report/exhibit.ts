/** A table with a title and a few sentences, which every format renders in its own way. */
export interface Exhibit {
  readonly title: string;
  /** Above the table. */
  readonly lines: readonly string[];
  readonly head: readonly string[];
  /** As long as the head; the first cell names the row. None: the sentences are all there is. */
  readonly rows: readonly (readonly string[])[];
}
