import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rule } from '../../../src/assess/tables/map-source-missing.ts';
import { tableFindings, tableVerdicts } from '../table-verdicts.ts';

const pod = { type: 'pod' } as const;

test('what a given map leaves out is named in one warning each', () => {
  const found = tableFindings(rule, {
    networkMap: { entries: [{ source: 'LAN', target: pod }] },
    storageMap: { entries: [{ source: 'fast', target: {} }] },
  });
  assert.deepEqual(
    found.map(({ assessment }) => assessment),
    ['Networks without an entry: DMZ (VLAN 7), NICs: 1.', 'Storages without an entry: slow, disks: 1.'],
  );
});

test('no map at all leaves nothing out, and neither do generated networks or an entry for all storages', () => {
  assert.deepEqual(tableVerdicts(rule, {}), []);
  assert.deepEqual(
    tableVerdicts(rule, {
      networkMap: { entries: [{ source: 'LAN', target: pod }] },
      options: { devices: 'virtio', generateNetworks: { kind: 'bridge', bridge: 'br1' } },
      storageMap: {
        entries: [
          { source: 'fast', target: {} },
          { source: '*', target: {} },
        ],
      },
    }),
    [],
  );
});
