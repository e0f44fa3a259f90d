/**
 * cloud-init configures the network of what it takes for a new machine, and a guest on another hypervisor looks like one: it would overwrite the
 * addresses that the guest has. It is told to leave the network alone, as its documentation ("Disabling network configuration") has it. Pure.
 */
import type { GuestPlan, GuestText } from '../finish/edit.ts';

const MAIN = '/etc/cloud/cloud.cfg';
const OFF = '/etc/cloud/cloud-init.disabled';
const OURS = '/etc/cloud/cloud.cfg.d/99-kubeferry-network.cfg';

export const CLOUD_FILES = [MAIN, '/etc/cloud/cloud.cfg.d/*.cfg', OFF];

export function planCloudInit(files: readonly GuestText[]): GuestPlan {
  const isThere = files.some(({ path }) => path === MAIN);
  const isOff = files.some(
    ({ path, text }) => path === OFF || /^\s*network:\s*(\{\s*config:|\n\s+config:)\s*["']?disabled\b/m.test(text),
  );
  if (!isThere || isOff) return { edits: [], warnings: [] };
  const what = 'cloud-init leaves the network alone from now on: the guest keeps the addresses that it has.';
  return {
    edits: [{ path: OURS, text: 'network: {config: disabled}\n', change: { subject: 'network', what, file: OURS } }],
    warnings: [],
  };
}
