/** `config.extraConfig`: settings that have no field of their own, without VMware's bookkeeping and without secrets. */
import type { ExtraFact } from '../../../src/model/vm.ts';
import type { ExtraConfig } from './disks.ts';

const MAX_VALUE = 500;
const WITHHELD = '(withheld)';

const SECRET =
  /passw|passphrase|secret|token|credential|private.?key|keysafe|encryption\.|datafilekey|vnc\.key|guestinfo\.(userdata|metadata|vendordata|ovfenv)|licen[cs]e.?key/i;

/** What the host writes for itself, and what is told elsewhere. */
const NOISE =
  /^(nvram$|svga\.|pcibridge\d|hpet0\.|viv\.|vmware\.tools\.|toolsinstallmanager\.|tools\.|migrate\.|guestinfo\.(vmtools|detailed|appinfo|vmware\.|toolsinstallerror|driver|vmtoolsd)|vmotion\.|monitor\.phys_bits_used|softpoweroff|sched\.swap\.|replay\.|evcmask|ethernet\d+\.pcislotnumber|.*\.pcislotnumber$|.*\.ctkenabled$|ctkenabled$|disk\.enableuuid$|numa\.(nodeaffinity|vcpu\.maxpervirtualnode|autosize)|cpuid\.corespersocket|set\.|vmxstats\.|govcsim|extendedconfigfile|config\.readonly)/;

export function readExtras(extra: ExtraConfig, names: ReadonlyMap<string, string>): readonly ExtraFact[] {
  const facts: ExtraFact[] = [];
  for (const [key, value] of extra) {
    if (value === '' || NOISE.test(key)) continue;
    const path = `extraConfig/${names.get(key) ?? key}`;
    if (SECRET.test(key)) facts.push({ path, value: WITHHELD });
    else
      facts.push({
        path,
        value: value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}… (${value.length} characters)` : value,
      });
  }
  return facts;
}
