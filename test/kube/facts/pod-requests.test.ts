import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestsOf } from '../../../src/kube/facts/pod-requests.ts';

const container = (cpu: string, more: object = {}) => ({ resources: { requests: { cpu } }, ...more });
const sidecar = (cpu: string) => container(cpu, { restartPolicy: 'Always' });
const cpus = (spec: object): number => requestsOf({ metadata: { name: 'p' }, spec }, 'cpu');

test('containers run together', () => {
  assert.equal(cpus({ containers: [container('1'), container('500m'), { name: 'asks-for-nothing' }] }), 1.5);
});

test('init containers run one after the other, beside the sidecars that were started before them', () => {
  assert.equal(cpus({ containers: [container('1')], initContainers: [container('3'), container('2')] }), 3);
  assert.equal(cpus({ containers: [container('1')], initContainers: [container('3'), sidecar('1')] }), 3);
  assert.equal(cpus({ containers: [container('1')], initContainers: [sidecar('1'), container('3')] }), 4);
  assert.equal(cpus({ containers: [container('1')], initContainers: [sidecar('1'), sidecar('1')] }), 3);
});

test('what the pod itself asks for counts instead, and overhead on top', () => {
  const containers = [container('1')];
  assert.equal(cpus({ containers, overhead: { cpu: '250m' } }), 1.25);
  assert.equal(cpus({ containers, resources: { requests: { cpu: '2' } }, overhead: { cpu: '250m' } }), 2.25);
});
