import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/guest/guest-ntfs-unclean.ts';
import { findings, verdicts } from '../verdicts.ts';
import { asked, inspected } from './sample.ts';

const STATES = inspected({
  filesystems: [
    { device: '/dev/sda1', kind: 'ntfs', state: 'clean' },
    { device: '/dev/sda2', kind: 'ntfs', state: 'hibernated' },
    { device: '/dev/sdb1', kind: 'ntfs', state: 'dirty' },
    { device: '/dev/sdc1', kind: 'ext4' },
  ],
});

test('nothing can be written to a sleeping or unchecked NTFS', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('convert'), inspection: STATES }), [
    'Critical inspection.filesystems[1].state',
    'Critical inspection.filesystems[2].state',
  ]);
  const [asleep, dirty] = findings(rule, {}, { guest: asked('convert'), inspection: STATES });
  assert.match(asleep?.assessment ?? '', /powercfg/);
  assert.match(dirty?.assessment ?? '', /chkdsk/);
});

test('where nothing is written only a sleeping one is a warning', () => {
  assert.deepEqual(verdicts(rule, {}, { guest: asked('compatibility'), inspection: STATES }), [
    'Warning inspection.filesystems[1].state',
  ]);
});
