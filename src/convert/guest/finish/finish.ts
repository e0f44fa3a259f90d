/**
 * What follows the converter, in one appliance: what it does not do, and what KubeVirt expects of a guest. Decisions are pure (the plans
 * beside this file and in ../network and ../windows); here is their order.
 */
import type { AgentState, ConfiguredNic, ConversionChange, ConversionRequest } from '../../../model/conversion.ts';
import { MigrationError } from '../../../model/errors.ts';
import type { InspectedSystem } from '../../../model/guest-inspection.ts';
import { type Guestfish, type GuestfishOptions, quoted, withGuestfish } from '../guestfish.ts';
import { type OpenVolumesOptions, openVolumes, readSystem } from '../inspect.ts';
import { readNetworkFiles } from '../inspect-software.ts';
import { planCloudInit } from '../network/cloud-init.ts';
import { configuredNics } from '../network/configured.ts';
import { planNetwork } from '../network/plan.ts';
import type { Overlay } from '../overlay.ts';
import { finishWindows } from '../windows/finish.ts';
import { planConsole } from './console.ts';
import { applyEdits, changesIn, type GuestPlan, together } from './edit.ts';
import { readLinuxFacts } from './facts.ts';
import { planFirstBoot } from './first-boot.ts';
import { finishLoader } from './loader.ts';
import { quickLook } from './quick-look.ts';
import { firstBootScripts, runScripts } from './scripts.ts';
import { agentState, planAgent, planClock } from './services.ts';
import { planTools } from './tools.ts';

export interface FinishOutcome {
  /** The system by name. */
  readonly guest?: string;
  readonly changes: readonly ConversionChange[];
  readonly warnings: readonly string[];
  readonly configured?: readonly ConfiguredNic[];
  readonly agent?: AgentState;
  /** Kernels that it could start. */
  readonly kernels?: number;
}

/**
 * @throws MigrationError `guest-root-ambiguous`, `guest-script-failed`, `conversion-failed` when a file cannot be written, `appliance-failed`,
 *   `canceled`
 */
export async function finishGuest(
  request: ConversionRequest,
  overlays: readonly Overlay[],
  options: GuestfishOptions & OpenVolumesOptions,
): Promise<FinishOutcome> {
  const disks = overlays.map(({ overlay }) => ({ path: overlay, format: 'qcow2' as const }));
  return await withGuestfish(disks, { ...options, write: true }, async (session) => {
    await openVolumes(session, options.keys ?? []);
    return await finishSystem(session, request);
  });
}

/** The same in a session whose volumes are open. Takes all mounts away. */
export async function finishSystem(
  session: Guestfish,
  request: Omit<ConversionRequest, 'disks' | 'copy'>,
): Promise<FinishOutcome> {
  const system = await mountSystem(session, request);
  const about = { request, system };
  const done = system.type === 'windows' ? await finishWindows(session, about) : await finishLinux(session, about);
  const loader = request.firmware === 'uefi' ? await finishLoader(session) : undefined;
  return {
    ...done,
    guest: nameOfSystem(system),
    changes: [...done.changes, ...(loader?.changes ?? [])],
    warnings: [...done.warnings, ...(loader?.warnings ?? [])],
  };
}

async function mountSystem(session: Guestfish, request: Pick<ConversionRequest, 'root' | 'vm'>): Promise<InspectedSystem> {
  const system = (await quickLook(session, request.root)) ?? (await inspectedSystem(session, request));
  for (const { path, device } of system.mounts) await session.ask(`mount ${quoted(device)} ${quoted(path)}`);
  return system;
}

async function inspectedSystem(
  session: Guestfish,
  { root: named, vm }: Pick<ConversionRequest, 'root' | 'vm'>,
): Promise<InspectedSystem> {
  const roots = await session.lines('inspect-os');
  const root = named ?? (roots.length === 1 ? roots[0] : undefined);
  if (root === undefined || !roots.includes(root)) {
    throw new MigrationError('guest-root-ambiguous', `The systems on the disks are ${roots.join(', ') || 'none'}.`, { vm });
  }
  return await readSystem(session, root);
}

async function finishLinux(
  session: Guestfish,
  { request, system }: { readonly request: Pick<ConversionRequest, 'nics' | 'scripts' | 'vm'>; readonly system: InspectedSystem },
): Promise<FinishOutcome> {
  const { nics, scripts = [], vm } = request;
  const facts = await readLinuxFacts(session);
  const agent = planAgent(facts.agent);
  const first = [...(agent.firstBoot === undefined ? [] : [agent.firstBoot]), ...firstBootScripts(scripts)];
  const files = nics.length === 0 ? [] : await readNetworkFiles(session);
  const network: GuestPlan = nics.length === 0 ? { edits: [], warnings: [] } : planNetwork(system, files, nics);
  const { edits, warnings } = together(
    network,
    planCloudInit(facts.cloud),
    planConsole(facts.boot),
    planTools(facts.tools),
    agent,
    planClock(facts.clock),
    planFirstBoot(first, facts.init),
  );
  await applyEdits(session, edits, vm);
  const ran = await runScripts(session, scripts, { vm });
  const state = agentState(facts.agent, facts.init);
  const removed: ConversionChange = {
    subject: 'tools',
    what: 'The VMware tools are no more in the guest: virt-v2v removed them.',
  };
  return {
    changes: [...(facts.toolsRemoved ? [removed] : []), ...changesIn(edits), ...ran],
    warnings,
    configured: configuredNics(files, nics),
    ...(state !== undefined && { agent: state }),
    kernels: facts.kernels,
  };
}

/** libguestfs (1.48) calls a Debian by the text of its debian_version alone: `12.5`. */
function nameOfSystem({ product, distro, type }: InspectedSystem): string {
  if (product !== undefined && /[a-z]/i.test(product)) return product;
  return [distro ?? type, product].filter((part) => part !== undefined).join(' ');
}
