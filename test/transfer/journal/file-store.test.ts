import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { MigrationError } from '../../../src/model/errors.ts';
import { openJournal } from '../../../src/transfer/journal/disk-journal.ts';
import { FileJournalStore } from '../../../src/transfer/journal/file-store.ts';
import { seededWords } from '../../fakes/seeded.ts';
import { failingDisk } from '../../peers/failing-disk.ts';
import { loopDevice } from '../../peers/loop-device.ts';
import { run, scratch } from '../fixture.ts';
import { BLOCKS, digestOf, JOURNAL, journalIn, versionsIn } from './killed-writer.ts';

async function contentOf(store: FileJournalStore): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of store.load()) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('a store holds what was appended or put in its place, in a file for its owner only', async () => {
  await using place = await scratch();
  await using store = new FileJournalStore(place.path('journal'));
  assert.equal(await contentOf(store), '');
  await store.replace([Buffer.from('one '), Buffer.from('two ')]);
  await store.append(Buffer.from('three'));
  await using other = new FileJournalStore(place.path('journal'));
  assert.equal(await contentOf(other), 'one two three');
  await store.replace([Buffer.from('four ')]);
  await store.append(Buffer.from('five'));
  assert.equal(await readFile(place.path('journal'), 'utf8'), 'four five');
  assert.equal((await stat(place.path('journal'))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(place.folder), ['journal']);
  await store.remove();
  assert.deepEqual(await readdir(place.folder), []);
  assert.equal(await contentOf(store), '');
});

test('a store goes on behind what it has loaded, and over what a crash left aside', async () => {
  await using place = await scratch();
  await writeFile(place.path('journal'), 'one ');
  await writeFile(place.path('journal.new'), 'half of a rep');
  await using store = new FileJournalStore(place.path('journal'));
  assert.equal(await contentOf(store), 'one ');
  await store.append(Buffer.from('two'));
  assert.equal(await readFile(place.path('journal'), 'utf8'), 'one two');
  await store.replace([Buffer.from('three')]);
  assert.deepEqual(await readdir(place.folder), ['journal']);
});

test('what cannot be read is told as such', async () => {
  await using place = await scratch();
  await mkdir(place.path('journal'));
  await assert.rejects(
    contentOf(new FileJournalStore(place.path('journal'))),
    (error) => error instanceof MigrationError && error.code === 'state-unreadable' && error.place.file === place.path('journal'),
  );
});

test('after a failed append the next one takes its place', async () => {
  await using place = await scratch();
  await using disk = await failingDisk(32 * 1024 * 1024);
  await using device = await loopDevice(disk.path);
  // Without its own journal, which would end the file system at the first error.
  await run('mkfs.ext4', '-q', '-O', '^has_journal', device.path);
  const folder = place.path('mounted');
  await mkdir(folder);
  await run('mount', device.path, folder);
  try {
    await using store = new FileJournalStore(path.join(folder, 'journal'));
    await using journal = await openJournal({ store, ...JOURNAL });
    await journal.intend(0, 2);
    const { size } = await stat(path.join(folder, 'journal'));
    await disk.fail();
    await assert.rejects(
      Promise.all([journal.intend(2, 3), journal.intend(3, 4)]),
      (error) => error instanceof MigrationError && error.code === 'target-write-failed',
    );
    await disk.heal();
    await journal.intend(4, 5);
    assert.equal((await stat(path.join(folder, 'journal'))).size, size + 17);
    await using again = await openJournal({ store: new FileJournalStore(path.join(folder, 'journal')), ...JOURNAL });
    assert.deepEqual(
      [0, 2, 4].map((block) => again.stateOf(block)),
      ['dirty', 'untouched', 'dirty'],
    );
  } finally {
    await disk.heal();
    await run('umount', folder);
  }
});

test('bytes behind the last record are removed before anything is appended', async () => {
  await using place = await scratch();
  const file = place.path('journal');
  {
    await using journal = await openJournal({ store: new FileJournalStore(file), ...JOURNAL });
    await journal.intend(0, 2);
  }
  await appendFile(file, Buffer.alloc(5000, 7));
  await using journal = await openJournal({ store: new FileJournalStore(file), ...JOURNAL });
  assert.ok((await stat(file)).size < 1000);
  await journal.intend(5, 6);
  await using again = await openJournal({ store: new FileJournalStore(file), ...JOURNAL });
  assert.deepEqual(
    [0, 2, 5].map((block) => again.stateOf(block)),
    ['dirty', 'untouched', 'dirty'],
  );
});

test('a process killed at any moment leaves a journal that says only what is on the disk', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'killed-writer-'));
  try {
    const word = seededWords(20);
    let known = 0;
    await versionsIn(folder);
    for (let round = 0; round < 20; round += 1) {
      const child = spawn(process.execPath, [path.join(import.meta.dirname, 'killed-writer.ts'), folder, String(word())], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      // So many commits, and then in the middle of whatever it does.
      const commits = 1 + (word() % 8);
      let seen = 0;
      for await (const dots of child.stdout) {
        seen += dots.length;
        if (seen >= commits) child.kill('SIGKILL');
      }
      if (child.signalCode === null) await once(child, 'exit');
      assert.equal(child.signalCode, 'SIGKILL');
      await using journal = await openJournal({ store: journalIn(folder), ...JOURNAL });
      const versions = await versionsIn(folder);
      for (let block = 0; block < BLOCKS; block += 1) {
        const version = versions[block] ?? 0n;
        if (journal.stateOf(block) === 'dirty') continue;
        if (!journal.mayHoldData(block)) assert.equal(version, 0n, `block ${block} is said to be blank`);
        else assert.deepEqual(Buffer.from(journal.hashes.get(block)), digestOf(version), `block ${block}`);
        known += 1;
      }
    }
    assert.ok(known > 20 * BLOCKS * 0.5, `only ${known} blocks were not dirty`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
