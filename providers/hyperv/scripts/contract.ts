/**
 * What each script is told (one JSON document) and what it answers (another one). The scripts run on the Hyper-V host in Windows PowerShell 5.1;
 * their texts lie beside this file, under these names. The rules that keep 5.1 from bending the answers:
 *
 *  - lists are lists, also with one or no entry; numbers above 2^53 and all ids, dates and enums are strings; what is unknown is absent or null
 *  - ids are GUIDs in lower case without braces; MAC addresses are twelve hexadecimal digits; dates are ISO 8601 in UTC
 *  - bytes and sizes are decimal strings (uint64 of the cmdlets)
 *  - texts of the host that people read may be in any language, and decide nothing
 *
 * A script that fails answers `Failed`, and nothing else.
 */
import { z } from 'zod';
import { Host } from './host-answer.ts';
import { Guid, Maybe, Size, Text } from './values.ts';
import { HardDisk, Vm } from './vm-answer.ts';

/** `code`: ours where the script knows what happened, else `failed`. Category and id are PowerShell's own, in no language. */
export const Failed = z.object({
  failed: z.object({
    code: z.enum([
      'failed',
      'vm-not-found',
      'vm-elsewhere',
      'access-denied',
      'checkpoint-not-found',
      'job-failed',
      'tracking-unknown',
      'tracking-unavailable',
      'guest-not-reachable',
      'busy',
      'module-missing',
    ]),
    message: Text,
    category: Maybe(Text),
    errorId: Maybe(Text),
    /** Of a job of the virtualization API: `Msvm_ConcreteJob.ErrorCode`. */
    jobError: Maybe(z.number().int()),
  }),
});
export type Failed = z.infer<typeof Failed>;

/** `vms`: all VMs of the host, or those of `ids` that it has. */
const VmsInput = z.object({ ids: z.array(Guid).optional() });
const Vms = z.object({ vms: z.array(Vm) });

/**
 * `power`. `shutdown` asks the guest through its integration service and returns at once; `turn-off` cuts the power, `start` starts. Each
 * returns the state after it. Fails with `vm-not-found`, `guest-not-reachable` (no shutdown service), `busy`.
 */
const PowerInput = z.object({ vm: Guid, action: z.enum(['state', 'shutdown', 'turn-off', 'start']) });
const Power = z.object({ state: Text });

/** Disks of a VM (`checkpoint` absent), or as a checkpoint froze them. */
const DisksInput = z.object({ vm: Guid, checkpoint: z.string().optional() });
const Disks = z.object({ disks: z.array(HardDisk) });

/**
 * `checkpoint`: recovery checkpoints of ours, told from those of others by their name.
 * `create` finds one of this name or makes it and waits; `find` looks; `remove` destroys it and merges, and with it a reference point of this name that a lost `settle` made of it; `settle` converts it to a reference
 * point of the same name, or finds the one that an earlier call made of it. Fails with `job-failed`, `checkpoint-not-found` (remove and settle: it is
 * gone, and for settle so is what it became), `busy` (a backup is under way), `vm-not-found`, `vm-elsewhere`.
 */
const CheckpointInput = z.object({
  vm: Guid,
  action: z.enum(['create', 'find', 'remove', 'settle']),
  name: z.string(),
  /** Of remove and settle. */
  id: z.string().optional(),
  /** Of create: `application` asks the guest to flush, `crash` does not. */
  consistency: z.enum(['application', 'crash']).optional(),
});
const Checkpoint = z.object({
  /** `InstanceID` of the checkpoint's settings; absent: there is none of this name. */
  id: Maybe(Text),
  consistency: Maybe(z.enum(['application', 'crash'])),
  /** Of settle. */
  referencePoint: Maybe(
    z.object({
      id: Text,
      /** Drive id (`HardDisk.id`) and RCT id of each disk that is tracked. */
      disks: z.array(z.object({ drive: Text, rct: Text })),
    }),
  ),
});

/** `forget`: destroys reference points by their ids; those that are gone stay gone. */
const ForgetInput = z.object({ vm: Guid, referencePoints: z.array(z.string()) });
const Forget = z.object({ destroyed: z.array(Text) });

/**
 * `changes`: `GetVirtualDiskChanges` of one image of the chain from `offset` on; asked again from `processed` until the disk's end. Bytes of the virtual
 * disk, as decimal strings. Fails with `tracking-unknown` when the id is not known any more, `tracking-unavailable` when the call cannot be used.
 */
const ChangesInput = z.object({ vm: Guid, path: z.string(), since: z.string(), offset: Size, length: Size });
const Changes = z.object({
  /** Bytes from `offset` on that the ranges tell of. */
  processed: Size,
  ranges: z.array(z.tuple([Size, Size])),
});

/** `retire`: renames the VM, disconnects its adapters, forbids its automatic start; what is so already stays. */
const RetireInput = z.object({
  vm: Guid,
  name: z.string().optional(),
  disconnect: z.boolean(),
  noAutomaticStart: z.boolean(),
});
const Retire = z.object({ name: Text, disconnected: z.array(Text) });

/** Every script by its name. */
export const SCRIPTS = {
  host: { input: z.object({}), answer: Host },
  vms: { input: VmsInput, answer: Vms },
  power: { input: PowerInput, answer: Power },
  disks: { input: DisksInput, answer: Disks },
  checkpoint: { input: CheckpointInput, answer: Checkpoint },
  forget: { input: ForgetInput, answer: Forget },
  changes: { input: ChangesInput, answer: Changes },
  retire: { input: RetireInput, answer: Retire },
} as const;

export type ScriptName = keyof typeof SCRIPTS;
export type ScriptInput<Name extends ScriptName> = z.input<(typeof SCRIPTS)[Name]['input']>;
export type ScriptAnswer<Name extends ScriptName> = z.output<(typeof SCRIPTS)[Name]['answer']>;
