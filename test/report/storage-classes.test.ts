import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Report } from '../../src/model/report.ts';
import { GiB } from '../../src/model/units.ts';
import { REPORT_FORMATS, renderReport } from '../../src/report/index.ts';
import { fakeReport } from '../fakes/vm.ts';

const report: Report = {
  ...fakeReport(),
  storageClasses: [
    {
      name: 'ceph-block',
      provisioner: 'rbd.csi.ceph.com',
      claims: 3,
      bytes: 60 * GiB,
      liveMigration: { ability: 'yes', because: 'Every claim is ReadWriteMany.' },
      snapshots: { ability: 'no', because: 'No VolumeSnapshotClass names the driver.' },
      expansion: { ability: 'unknown', because: 'The facts do not say.' },
      clone: { ability: 'yes', because: 'The StorageProfile names csi-clone.' },
    },
  ],
};

test('text says in one line what a storage class can do', () => {
  assert.match(renderReport(report, 'text', 'full'), /ceph-block +3 +60\.0 GiB +yes +no +unknown +yes/);
});

test('every format that has room says why', () => {
  for (const format of REPORT_FORMATS) {
    if (format !== 'text')
      assert.ok(renderReport(report, format, 'full').includes('No VolumeSnapshotClass names the driver.'), format);
  }
});

test('a run without storage classes does not mention them', () => {
  for (const format of REPORT_FORMATS)
    assert.doesNotMatch(renderReport(fakeReport(), format, 'full'), /storage classes can do|Storage classes/i, format);
});
