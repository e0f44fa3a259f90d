/**
 * Offline inventory from an RVTools export: an .xlsx workbook, or the CSV files of one export. It lets a fleet be assessed and planned before
 * anybody hands out a vCenter password. It never opens a disk.
 *
 *   workbook (xlsx/, csv/) ──► headers ──► fleet: rows joined by VM ──► to-vm ──► SourceVm
 *
 * Sources: `fleet.xlsx`; `RVTools_tabvInfo.csv`, which brings the files named alike beside it; `rvtools:PATH`, where PATH may also be a folder
 * that holds one export. A bare folder is left to the provider of image files, as claims are made by the text alone.
 *
 * Own XML scanner: measured on a sheet of 20,000 rows, the best streaming reader in the registry held 1.1 GB; readers that hold whole sheets
 * are out of the question for 100,000 VMs.
 */
import { stat } from 'node:fs/promises';
import type { Connection, ConnectOptions, Provider } from '../../src/contracts/provider.ts';
import { MigrationError } from '../../src/model/errors.ts';
import { RvtoolsConnection } from './connection.ts';
import { CsvWorkbook } from './csv/csv-workbook.ts';
import type { Workbook } from './workbook.ts';
import { XlsxWorkbook } from './xlsx/xlsx-workbook.ts';

const PREFIX = /^rvtools:(?:\/\/(?=\/))?/i;
const EXTENSION = /\.(?:xlsx|xlsm|csv)$/i;

export const rvtoolsProvider: Provider = {
  kind: 'rvtools',
  claims(source) {
    return PREFIX.test(source) || (EXTENSION.test(source) && !/^[a-z][a-z0-9+.-]+:/i.test(source));
  },
  connect,
};

async function connect(source: string, { signal, configuration }: ConnectOptions): Promise<Connection> {
  if (configuration !== undefined) {
    throw new MigrationError('ovf-config-unknown', 'An RVTools export has no deployment configurations.', {
      file: source,
      hint: 'Leave out --config.',
    });
  }
  signal.throwIfAborted();
  const path = source.replace(PREFIX, '');
  return new RvtoolsConnection(path, await openWorkbook(path, signal));
}

async function openWorkbook(path: string, signal: AbortSignal): Promise<Workbook> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return await CsvWorkbook.openFolder(path);
    if (!found.isFile())
      throw new MigrationError('source-unrecognised', 'The source is neither a file nor a folder.', { file: path });
    if (/\.csv$/i.test(path)) return await CsvWorkbook.openFile(path);
    return await XlsxWorkbook.open(path, signal);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof MigrationError) throw error;
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') {
      throw new MigrationError('source-not-found', 'There is no such file or folder.', { file: path, cause: error });
    }
    throw new MigrationError('source-unreadable', `The source cannot be read: ${error.message}.`, { file: path, cause: error });
  }
}
