/** What API servers, admission and proxies say, as codes. The texts are those of Kubernetes 1.36 and of its admission plugins. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStatus, statusError } from '../../../src/kube/client/status.ts';

const PODS = { group: '', version: 'v1', kind: 'Pod', plural: 'pods' };
const ATTEMPT = { host: 'api', verb: 'create', type: PODS, ref: { namespace: 'ns', name: 'p' } };

const SAID: readonly (readonly [http: number, body: unknown, code: string, message: RegExp])[] = [
  [
    403,
    {
      reason: 'Forbidden',
      message: 'pods is forbidden: User "u" cannot create resource "pods" in API group "" in the namespace "ns"',
    },
    'cluster-forbidden',
    /The login may not create pods ns\/p\./,
  ],
  [
    403,
    { reason: 'Forbidden', message: 'pods "p" is forbidden: violates PodSecurity "restricted:latest": privileged (…)' },
    'cluster-refused',
    /refuses to create pods ns\/p: .*PodSecurity/,
  ],
  [403, { message: 'pods "p" is forbidden: exceeded quota: team, requested: pods=1' }, 'quota-exceeded', /exceeded quota: team/],
  [
    400,
    { reason: 'BadRequest', message: 'admission webhook "v.io" denied the request: no' },
    'cluster-refused',
    /denied the request/,
  ],
  [
    422,
    { reason: 'Invalid', message: 'Pod "p" is invalid: spec.containers: Required value' },
    'cluster-refused',
    /Required value/,
  ],
  [404, '404 page not found', 'cluster-kind-missing', /The cluster has no pods\./],
  [404, { details: { name: 'ns', kind: 'namespaces' } }, 'cluster-namespace-missing', /no such namespace/],
  [404, { details: { name: 'p', kind: 'pods' } }, 'cluster-object-missing', /no such object/],
  [409, { reason: 'AlreadyExists', details: { name: 'p' } }, 'cluster-object-exists', /there already/],
  [409, { reason: 'Conflict', details: { name: 'p' } }, 'cluster-conflict', /faster/],
  [
    409,
    { reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict' }] } },
    'cluster-field-conflict',
    /holds fields/,
  ],
  [410, { reason: 'Expired', message: 'too old resource version' }, 'cluster-expired', /too old/],
  [429, { reason: 'TooManyRequests' }, 'cluster-busy', /busy/],
  [503, '<html>upstream is away</html>', 'cluster-busy', /create pods ns\/p\.$/],
  [500, { reason: 'InternalError', message: 'etcdserver: request timed out' }, 'cluster-answer-broken', /etcdserver/],
  [302, undefined, 'cluster-answer-broken', /failed to create/],
];

for (const [http, body, code, message] of SAID) {
  test(`${http} ${typeof body === 'object' ? JSON.stringify(body).slice(0, 70) : body} is ${code}`, () => {
    const error = statusError(http, parseStatus(body), ATTEMPT);
    assert.equal(error.code, code);
    assert.match(error.message, message);
  });
}

test('a server that says a lot is not repeated in full', () => {
  const error = statusError(422, parseStatus({ message: 'x'.repeat(100_000) }), ATTEMPT);
  assert.ok(error.message.length < 1200);
});
