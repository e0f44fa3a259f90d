/** What an .xlsx file and a folder of CSV files have in common: named tables of cells, read from top to bottom. Types only. */

/** A cell as stored: numbers and booleans where the file says so, else text; undefined when empty. */
export type Cell = string | number | boolean | undefined;

export interface Workbook extends AsyncDisposable {
  /** `workbook` with several sheets, or `table` where only one CSV file is there. */
  readonly kind: 'workbook' | 'table';
  /** Sheet names as written, in order. CSV files of RVTools lose their `RVTools_tab` prefix: `vInfo`. */
  readonly sheets: readonly string[];
  /**
   * First row of a sheet that is not empty; empty when there is none.
   * @throws MigrationError `workbook-malformed`, `workbook-too-large`
   */
  header(sheet: string, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Rows below the header in batches. A row has one cell for each of `columns` (indices into the header), in that order; empty rows are left out.
   * @throws MigrationError `workbook-malformed`, `workbook-too-large`
   */
  rows(sheet: string, columns: readonly number[], signal: AbortSignal): AsyncIterable<readonly (readonly Cell[])[]>;
}
