/** A cluster with more than fits into memory. No API server is as large as this in a test, so one pretends to be. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { ClusterFacts } from '../../../src/model/cluster-facts.ts';
import { withFile } from '../cluster.ts';
import { startOddServer } from '../odd-server.ts';

const VMS = 1600;
/** More than a VirtualMachine with its managed fields and conditions has: few large ones are quicker than many small ones. */
const VM_BYTES = 100_000;
const HEAP_MB = 144;
const MAIN = path.join(import.meta.dirname, '../../../src/cli/main.ts');

test('more VMs than fit into memory are read page by page', async () => {
  const sizes = new Set<number>();
  await using server = await startOddServer((request, response) => {
    const url = new URL(request.url ?? '', 'https://x');
    if (url.pathname === '/version') response.end('{"gitVersion":"v1.36.3"}');
    else if (url.pathname === '/apis') response.end('{"groups":[]}');
    else if (url.pathname === '/apis/kubevirt.io/v1/virtualmachines') {
      const limit = Number(url.searchParams.get('limit'));
      sizes.add(limit);
      writePage(response, Number(url.searchParams.get('continue') ?? 0), limit);
    } else response.writeHead(404).end('404 page not found');
  });
  const { stdout } = await withFile(server.kubeconfig, (file) =>
    promisify(execFile)(
      process.execPath,
      [`--max-old-space-size=${HEAP_MB}`, MAIN, 'facts', '--kubeconfig', file, '-o', 'json'],
      {
        maxBuffer: 64 * 1024 * 1024,
      },
    ),
  );
  const { virtualMachines }: ClusterFacts = JSON.parse(stdout);
  assert.equal(virtualMachines?.length, VMS);
  assert.deepEqual(virtualMachines?.at(-1), { namespace: 'a', name: `vm-${VMS - 1}` });
  assert.ok(VMS * VM_BYTES > HEAP_MB * 1024 * 1024);
  assert.deepEqual([...sizes], [100]);
});

const FILLING = 'x'.repeat(VM_BYTES);

function writePage(response: ServerResponse, from: number, limit: number): void {
  const to = Math.min(VMS, from + limit);
  const items = Array.from({ length: to - from }, (_, index) => ({
    metadata: { namespace: 'a', name: `vm-${from + index}` },
    status: { filling: FILLING },
  }));
  response.end(JSON.stringify({ metadata: { resourceVersion: '1', continue: to < VMS ? String(to) : '' }, items }));
}
