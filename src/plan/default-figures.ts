/** What is assumed where nobody says better: each number with its origin. Change a number only together with its `why`. */
import type { Assumption } from '../model/estimate.ts';
import { MiB } from '../model/units.ts';

export const TRANSFER_RATE: Assumption = {
  id: 'transfer-rate',
  value: 77.6e6,
  unit: 'bytes/s',
  source: 'assumed',
  why: "Planning default of Red Hat's Migration Advisor (620 Mbit/s, 500 GB in 110 minutes). Best: 162 MiB/s, the most published for one disk (Forklift 2.6, VDDK, 10 GbE). Worst: 27.8 MB/s, measured for one export stream of a vCenter (NFC lease).",
  range: { best: 162 * MiB, worst: 27.8e6 },
};

export const LINK_RATE: Assumption = {
  id: 'link-rate',
  value: 294 * MiB,
  unit: 'bytes/s',
  source: 'measured',
  why: 'Where one ESXi host levels off with ten or more VMs (Forklift 2.6, VDDK, 10 GbE, vendor lab). Best: 1,173 MiB/s from eight hosts in the same lab. Worst: a link of 1 Gbit/s (assumed).',
  range: { best: 1173 * MiB, worst: 125e6 },
};

export const PROOF_RATE: Assumption = {
  id: 'proof-rate',
  value: 400e6,
  unit: 'bytes/s',
  source: 'assumed',
  why: 'Reading the copied bytes back and hashing them, one transfer. Best: 1.3 GB/s, measured for SHA-256 of the allocated extents of a 2 GiB disk in memory. Worst: 40 MB/s, published for a checksum scan of 60 GB by ProxCenter.',
  range: { best: 1.3e9, worst: 40e6 },
};

export const SHUTDOWN: Assumption = {
  id: 'shutdown-seconds',
  value: 30,
  unit: 'seconds',
  source: 'assumed',
  why: 'An orderly shutdown of the guest; services that are slow to stop take longer.',
  range: { best: 5, worst: 180 },
};

export const SNAPSHOT: Assumption = {
  id: 'snapshot-seconds',
  value: 5,
  unit: 'seconds',
  source: 'assumed',
  why: 'Making a checkpoint, asking for its changed extents and removing it, once a precopy.',
  range: { best: 1, worst: 60 },
};

export const CHANGE_SHARE: Assumption = {
  id: 'change-share',
  value: 0.05,
  unit: 'share of the data a day',
  source: 'assumed',
  why: 'Used where the change rate of a VM is unknown. Nobody publishes one; measure it with the first precopy, or give it.',
  range: { best: 0.01, worst: 0.2 },
};

export const DOWNTIME_GOAL: Assumption = {
  id: 'downtime-goal',
  value: 60,
  unit: 'seconds',
  source: 'assumed',
  why: 'Precopies are repeated until the final delta is copied within this time.',
};

export const MAX_PRECOPIES: Assumption = {
  id: 'max-precopies',
  value: 8,
  unit: 'copies',
  source: 'assumed',
  why: 'More precopies than this gain little: each delta shrinks by the same factor.',
};
