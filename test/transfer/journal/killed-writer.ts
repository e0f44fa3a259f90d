/**
 * A process that writes a disk and its journal until it is killed: `killed-writer.ts FOLDER SEED`. Blocks are eight bytes here, the number
 * of their version. What was not synced is held back from the disk file, as a cache would, so that it is really lost with the
 * process. Prints a dot after each commit.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { MiB } from '../../../src/model/units.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import { FileJournalStore } from '../../../src/transfer/journal/file-store.ts';
import { seededWords } from '../../fakes/seeded.ts';

export const BLOCKS = 300;
export const JOURNAL = { size: BLOCKS * MiB, identity: 'disk of a test' };
const VERSION_BYTES = 8;

export function digestOf(version: bigint): Uint8Array {
  return createHash('sha256').update(String(version)).digest();
}

export function journalIn(folder: string): FileJournalStore {
  return new FileJournalStore(path.join(folder, 'journal'));
}

/** Versions of all blocks that are on the disk; 0 for one that was never written. */
export async function versionsIn(folder: string): Promise<readonly bigint[]> {
  await using file = await open(path.join(folder, 'disk'), 'a+');
  const bytes = Buffer.alloc(BLOCKS * VERSION_BYTES);
  await file.read(bytes, 0, bytes.length, 0);
  return Array.from({ length: BLOCKS }, (_, block) => bytes.readBigUInt64LE(block * VERSION_BYTES));
}

async function writeForever(folder: string, seed: number): Promise<void> {
  const word = seededWords(seed);
  await using journal = await openJournal({ store: journalIn(folder), ...JOURNAL });
  await using disk = await open(path.join(folder, 'disk'), 'r+');
  const cache = new Map<number, bigint>();
  const sync = async (): Promise<void> => {
    const taken = [...cache];
    cache.clear();
    for (const [block, version] of taken) {
      const bytes = Buffer.alloc(VERSION_BYTES);
      bytes.writeBigUInt64LE(version);
      await disk.write(bytes, 0, VERSION_BYTES, block * VERSION_BYTES);
    }
  };
  const touch = async (): Promise<void> => {
    const from = word() % BLOCKS;
    const to = Math.min(BLOCKS, from + 1 + (word() % 20));
    await journal.intend(from, to);
    for (let block = from; block < to; block += 1) {
      const version = BigInt(1 + word());
      cache.set(block, version);
      journal.add([{ index: block, digest: digestOf(version) }]);
    }
  };
  for (;;) {
    if (word() % 20 === 0) await journal.begin({ id: String(word()), kind: 'delta' });
    await Promise.all([touch(), touch(), touch()]);
    // The next blocks are touched while these are committed.
    await Promise.all([journal.commit(sync), touch()]);
    process.stdout.write('.');
  }
}

const [, program, folder, seed] = process.argv;
if (program === import.meta.filename && folder !== undefined) await writeForever(folder, Number(seed));
