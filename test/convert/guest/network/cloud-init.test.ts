import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planCloudInit } from '../../../../src/convert/guest/network/cloud-init.ts';

const MAIN = { path: '/etc/cloud/cloud.cfg', text: 'users:\n  - default\n' };
const OFF = '/etc/cloud/cloud.cfg.d/99-off.cfg';

describe('cloud-init', () => {
  it('is told to leave the network alone', () => {
    const { edits } = planCloudInit([MAIN, { path: '/etc/cloud/cloud.cfg.d/x.cfg', text: '# network: {config: disabled}\n' }]);
    assert.deepEqual(
      edits.map(({ path, change }) => [path, change?.subject]),
      [['/etc/cloud/cloud.cfg.d/99-kubeferry-network.cfg', 'network']],
    );
  });

  it('is left alone where it does so already, is off, or is not there', () => {
    for (const text of ['network: {config: disabled}\n', 'network:\n  config: disabled\n', 'network: { config: "disabled" }\n']) {
      assert.deepEqual(planCloudInit([MAIN, { path: OFF, text }]).edits, []);
    }
    assert.deepEqual(planCloudInit([MAIN, { path: '/etc/cloud/cloud-init.disabled', text: '' }]).edits, []);
    assert.deepEqual(planCloudInit([]).edits, []);
  });
});
