/** As much of a VirtualMachine and of its instance as tells whether its guest comes up. Read as KubeVirt 1.6 to 1.9 write it; pure. */
import type { KubeObject } from '../client/kube-client.ts';
import { at, listAt, numberAt, textAt, textsAt } from '../facts/json.ts';

/** A VirtualMachineInstance: the machine itself, from its start to its end. */
export interface InstanceSight {
  readonly uid: string;
  /** `Pending`, `Scheduling`, `Scheduled`, `Running`, `Succeeded`, `Failed`, `Unknown`. */
  readonly phase: string;
  readonly node?: string;
  /** What the guest agent says of its system; absent while no agent is connected. */
  readonly agent?: string;
  /** The processor is emulated. */
  readonly emulated: boolean;
  /** Why it stands still, and since when nobody has to care: `PausedByUser`. */
  readonly paused?: Condition;
  /** Why no node takes it. */
  readonly unschedulable?: string;
  /** Why KubeVirt cannot make of it what it is to be. */
  readonly unsynced?: Condition;
  readonly nics: readonly NicSight[];
}

export interface NicSight {
  /** Of its network in the VirtualMachine. */
  readonly network: string;
  /** In lower case; absent where KubeVirt does not say. */
  readonly mac?: string;
  readonly addresses: readonly string[];
  /** The guest agent said so; otherwise KubeVirt knows it from its own networking. */
  readonly byGuest: boolean;
}

export interface MachineSight {
  readonly runStrategy: string;
  /** KubeVirt's word for people: `Starting`, `ErrorUnschedulable`, `CrashLoopBackOff`. */
  readonly status: string;
  /** Why it has no instance: the API server refuses to make one. */
  readonly refused?: Condition;
  /** Instances in a row that ended before they ran. */
  readonly failedStarts: number;
}

export interface Condition {
  readonly reason: string;
  readonly message: string;
}

export function instanceSight(instance: KubeObject): InstanceSight {
  const status = at(instance, 'status');
  const conditions = listAt(status, 'conditions');
  const connected = conditionOf(conditions, 'AgentConnected', 'True') !== undefined;
  const unscheduled = conditionOf(conditions, 'PodScheduled', 'False');
  const paused = conditionOf(conditions, 'Paused', 'True');
  const unsynced = conditionOf(conditions, 'Synchronized', 'False');
  const node = textAt(status, 'nodeName');
  return {
    uid: instance.metadata.uid ?? '',
    phase: textAt(status, 'phase') ?? 'Pending',
    emulated: conditionOf(conditions, 'SoftwareEmulation', 'True') !== undefined,
    nics: listAt(status, 'interfaces').map(nicSight),
    ...(node !== undefined && { node }),
    ...(connected && { agent: systemOf(at(status, 'guestOSInfo')) }),
    ...(unscheduled?.reason === 'Unschedulable' && { unschedulable: unscheduled.message }),
    ...(paused !== undefined && { paused }),
    ...(unsynced !== undefined && { unsynced }),
  };
}

export function machineSight(machine: KubeObject): MachineSight {
  const refused = conditionOf(listAt(machine, 'status', 'conditions'), 'Failure', 'True');
  return {
    runStrategy: textAt(machine, 'spec', 'runStrategy') ?? '',
    status: textAt(machine, 'status', 'printableStatus') ?? 'Unknown',
    failedStarts: numberAt(machine, 'status', 'startFailure', 'consecutiveFailCount') ?? 0,
    ...(refused !== undefined && { refused }),
  };
}

function nicSight(nic: unknown): NicSight {
  const mac = textAt(nic, 'mac')?.toLowerCase();
  const [first, ...more] = [textAt(nic, 'ipAddress'), ...textsAt(nic, 'ipAddresses')];
  return {
    network: textAt(nic, 'name') ?? '',
    addresses: [...new Set([first, ...more])].filter((address) => address !== undefined),
    byGuest: (textAt(nic, 'infoSource') ?? '').includes('guest-agent'),
    ...(mac !== undefined && { mac }),
  };
}

/** Guests without an /etc/os-release, and some agents, say nothing. */
function systemOf(info: unknown): string {
  const name = textAt(info, 'prettyName') ?? textAt(info, 'name');
  const kernel = textAt(info, 'kernelRelease');
  if (name === undefined) return 'a system that it does not name';
  return kernel === undefined ? name : `${name}, kernel ${kernel}`;
}

function conditionOf(conditions: readonly unknown[], type: string, status: 'True' | 'False'): Condition | undefined {
  const found = conditions.find((each) => textAt(each, 'type') === type && textAt(each, 'status') === status);
  if (found === undefined) return undefined;
  return { reason: textAt(found, 'reason') ?? type, message: textAt(found, 'message') ?? '' };
}
