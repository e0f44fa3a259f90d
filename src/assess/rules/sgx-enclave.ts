import { deviceRule } from '../device-rule.ts';

export const rule = deviceRule({
  id: 'sgx-enclave',
  kind: 'sgx',
  category: 'Critical',
  label: 'SGX enclave memory',
  about: 'Enclaves are bound to the processor of the old host, and what is sealed in them cannot be moved.',
  remedy: 'Leave the VM, or change the software that needs enclaves.',
  assess: (label) => `${label} does not exist on the target: software that seals its data in an enclave will not start.`,
});
