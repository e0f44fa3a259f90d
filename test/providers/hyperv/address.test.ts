import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHypervUrl, nameOf, parseAddress } from '../../../providers/hyperv/address.ts';

test('HTTPS is the way unless the port is that of HTTP', () => {
  assert.deepEqual(parseAddress('hyperv://hv1.example.com'), { way: 'winrm', host: 'hv1.example.com', port: 5986, tls: true });
  assert.deepEqual(parseAddress('hyperv://HV1:5985/'), { way: 'winrm', host: 'hv1', port: 5985, tls: false });
  assert.deepEqual(parseAddress('hyperv://hv1:443'), { way: 'winrm', host: 'hv1', port: 443, tls: true });
  assert.deepEqual(parseAddress('Hyperv://hv1:80'), { way: 'winrm', host: 'hv1', port: 80, tls: true });
});

test('SSH is asked for by the scheme', () => {
  assert.deepEqual(parseAddress('hyperv+ssh://admin@hv1'), { way: 'ssh', host: 'hv1', port: 22, tls: false, user: 'admin' });
  assert.equal(parseAddress('hyperv+ssh://hv1:5985').tls, false);
  assert.equal(parseAddress('hyperv+ssh://hv1:2222').port, 2222);
});

test('users of a domain are written in any of their forms', () => {
  for (const [source, user] of [
    ['hyperv://CORP%5Canna@hv1', 'CORP\\anna'],
    ['hyperv://CORP\\anna@hv1', 'CORP\\anna'],
    ['hyperv://anna%40corp.local@hv1', 'anna@corp.local'],
    ['hyperv://anna@corp.local@hv1', 'anna@corp.local'],
    ['hyperv://J%C3%B6rg@hv1', 'Jörg'],
    ['hyperv://50%25off@hv1', '50%off'],
  ] as const) {
    const address = parseAddress(source);
    assert.equal(address.user, user);
    assert.equal(address.host, 'hv1');
  }
});

test('hosts are names in any alphabet, or addresses of both kinds', () => {
  assert.equal(parseAddress('hyperv://10.0.0.5').host, '10.0.0.5');
  assert.equal(parseAddress('hyperv://admin@[fe80::1]:5985').host, 'fe80::1');
  assert.equal(parseAddress('hyperv://bücher.example').host, 'xn--bcher-kva.example');
});

test('what is no host, or says too much, is refused without repeating a password', () => {
  for (const source of [
    'hyperv://',
    'hyperv://:5986',
    'hyperv://admin@',
    'hyperv://a b',
    'hyperv://hv1:port',
    'hyperv://hv1:99999',
    'hyperv://hv1/folder',
    'hyperv://hv1/?a=b',
    'hyperv://hv1#x',
    'hyperv://admin:geheim@hv1',
  ]) {
    assert.throws(
      () => parseAddress(source),
      (error: Error & { code?: string }) => error.code === 'usage' && !error.message.includes('geheim'),
      source,
    );
  }
});

test('only its own URLs are claimed', () => {
  assert.ok(isHypervUrl('hyperv://hv1') && isHypervUrl('HYPERV+SSH://hv1'));
  for (const other of ['hyperv', 'hyperv:/hv1', './hyperv://hv1', 'vsphere://hv1', 'hyperv+http://hv1', 'xhyperv://hv1'])
    assert.equal(isHypervUrl(other), false);
});

test('the name leaves out the user and the usual port, and leads back to the same host', () => {
  assert.equal(nameOf(parseAddress('hyperv://anna@HV1:5986')), 'hyperv://hv1');
  assert.equal(nameOf(parseAddress('hyperv://hv1:5985')), 'hyperv://hv1:5985');
  assert.equal(nameOf(parseAddress('hyperv+ssh://hv1:22')), 'hyperv+ssh://hv1');
  assert.equal(nameOf(parseAddress('hyperv://[fe80::1]:5985')), 'hyperv://[fe80::1]:5985');
});
