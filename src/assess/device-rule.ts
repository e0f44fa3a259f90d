/** Rules that speak of every plugged-in device of one kind differ in their words only. */
import type { OtherDevice } from '../model/vm.ts';
import type { Rule } from './rule.ts';

type DeviceRule = Omit<Rule, 'check' | 'subject'> & {
  readonly kind: OtherDevice['kind'];
  readonly assess: (label: string) => string;
};

export function deviceRule({ kind, assess, ...words }: DeviceRule): Rule {
  return {
    ...words,
    subject: 'devices[]',
    check(vm) {
      return vm.devices.flatMap((device, index) =>
        device.kind === kind ? [{ subject: `devices[${index}]`, assessment: assess(device.label) }] : [],
      );
    },
  };
}
