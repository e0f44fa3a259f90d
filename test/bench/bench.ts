/**
 * `npm run bench [-- NAME…] [--save]`: measures kubeferry against the tools one would otherwise use. Ratios of medians from
 * one interleaved run count; absolute times only describe the machine. Not a test: nothing fails when a goal is missed.
 */
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MiB } from '../../src/model/units.ts';
import { clusterScale } from './cluster-scale.ts';
import { delta } from './delta.ts';
import { guest } from './guest.ts';
import { describeMachine } from './machine.ts';
import { memory } from './memory.ts';
import { ovaToFolder } from './ova-to-folder.ts';
import { proofCost } from './proof-cost.ts';
import { pureMiddle } from './pure-middle.ts';
import { rangeHttps } from './range-https.ts';
import { type Bench, renderResult } from './result.ts';
import { smb } from './smb.ts';
import { streamOptimized } from './stream-optimized.ts';
import { vhdx } from './vhdx.ts';
import { vsphereInventory } from './vsphere-inventory.ts';
import { warm } from './warm.ts';

const BENCHES: readonly Bench[] = [
  ovaToFolder,
  pureMiddle,
  vsphereInventory,
  rangeHttps,
  streamOptimized,
  vhdx,
  smb,
  delta,
  warm,
  proofCost,
  memory,
  guest,
  clusterScale,
];
const RESULTS = path.join(import.meta.dirname, 'RESULTS.md');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Appends the result to RESULTS.md. */
    save: { type: 'boolean', default: false },
    /** Fewer than 5 are only good for trying the bench itself. */
    rounds: { type: 'string', default: '5' },
    /** 100,000 VMs of a vCenter as well. */
    full: { type: 'boolean', default: false },
    'size-mib': { type: 'string', default: '2048' },
  },
});

process.exitCode = await main();

async function main(): Promise<number> {
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    say(`no bench is called ${unknown.join(', ')}; there are: ${BENCHES.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const machine = await describeMachine();
  const chosen = BENCHES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  const parts = [`## ${new Date().toISOString().slice(0, 10)}`, '', ...machine.map((line) => `- ${line}`), ''];
  for (const bench of chosen) {
    say(bench.name);
    const diskBytes = Number(values['size-mib']) * MiB;
    const result = await bench.run({ diskBytes, rounds: Number(values.rounds), full: values.full, say });
    parts.push(renderResult(result));
  }
  const text = `${parts.join('\n')}\n`;
  process.stdout.write(text);
  if (values.save) await appendFile(RESULTS, text);
  return 0;
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
