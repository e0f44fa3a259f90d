import type { InspectedSystem } from '../../model/guest-inspection.ts';
import { systemOf } from '../../model/guest-readiness.ts';
import { found } from '../each-device.ts';
import type { Rule } from '../rule.ts';

/** Before Windows 8 and Server 2012, and those two with their R2. By ids of the catalogue. */
const BEFORE_8: ReadonlySet<string> = new Set([
  'windows-2008r2',
  'windows-2008',
  'windows-7',
  'windows-vista',
  'windows-2003',
  'windows-xp',
]);
const BEFORE_10: ReadonlySet<string> = new Set(['windows-2012', 'windows-8']);

/** Where virtio-win's makers say so: kvm-guest-drivers-windows issues 485 and 1112, virtio-win-pkg-scripts issue 40. */
const OLDEST =
  'its drivers have not been made since the end of 2019: take virtio-win up to 0.1.173, of which 0.1.171 is the last that nobody had trouble with.';
const OLD = 'newer builds (0.1.240 among them) carry signatures that it refuses at its boot: take virtio-win 0.1.215 or older.';

export const rule: Rule = {
  id: 'windows-old-drivers',
  category: 'Warning',
  label: 'Windows too old for current drivers',
  about:
    'Current builds of virtio-win hold no drivers for Windows before 8 and Server 2012, and drivers for these two whose signatures they refuse. With the wrong build Windows stops with an inaccessible boot device.',
  subject: 'guest.osId',
  remedy: 'Give a build of virtio-win from the time of this Windows.',
  check(_vm, { policy, os, inspection }) {
    if (policy !== 'convert') return [];
    const system = inspection && systemOf(inspection);
    if (system?.type === 'windows' && system.version !== undefined)
      return found('inspection.systems', ofVersion(system, system.version));
    if (os === undefined) return [];
    const advice = BEFORE_8.has(os.id) ? OLDEST : BEFORE_10.has(os.id) ? OLD : undefined;
    return found('guest.osId', advice && `${os.name}: ${advice}`);
  },
};

/** 6.1 is Windows 7 and Server 2008 R2; 6.2 and 6.3 are 8, 8.1 and Server 2012 with its R2; 10.0 is everything since. */
function ofVersion(
  { product = 'Windows' }: InspectedSystem,
  { major, minor }: NonNullable<InspectedSystem['version']>,
): string | undefined {
  if (major >= 10) return undefined;
  return `${product}: ${major < 6 || (major === 6 && minor < 2) ? OLDEST : OLD}`;
}
