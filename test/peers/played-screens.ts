/**
 * Plays KubeVirt's API of subresources: pictures of screens, behind the real aggregation layer of the API server with its authorization. Its answers are those
 * of virt-api 1.9 to `vnc/screenshot`, which asks the API server itself whether a login may see it; that a display gives such a picture is not proven by it.
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from './certificate.ts';
import { type ApiServer, callApi, expectApi } from './kubernetes-api.ts';

export interface PlayedScreens extends AsyncDisposable {
  /** Paths that were asked for. */
  readonly asked: readonly string[];
}

interface Review {
  readonly status: { readonly allowed: boolean };
}

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body: string | Buffer;
}

const GROUP = 'subresources.kubevirt.io';
const SCREEN = /\/namespaces\/([^/]+)\/virtualmachineinstances\/([^/]+)\/vnc\/screenshot$/;

/** @param picture of the screen of an instance; undefined: the machine does not run */
export async function playScreens(api: ApiServer, picture: (instance: string) => Buffer | undefined): Promise<PlayedScreens> {
  const asked: string[] = [];
  const { certificate, key } = selfSigned({ hosts: ['localhost'] });
  const server = createServer({ cert: certificate, key }, (request, response) => {
    void answer(request).then(
      ({ status, type = 'application/json', body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.destroy(),
    );
  });

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { pathname } = new URL(request.url ?? '/', 'https://localhost');
    if (pathname === `/apis/${GROUP}/v1`)
      return { status: 200, body: JSON.stringify({ kind: 'APIResourceList', groupVersion: `${GROUP}/v1`, resources: [] }) };
    const [, namespace, name] = SCREEN.exec(pathname) ?? [];
    if (namespace === undefined || name === undefined) return failure(404, 'NotFound', 'the server could not find it');
    asked.push(pathname);
    if (!(await mayLook(request, { namespace, name }))) return failure(403, 'Forbidden', 'the login may not see screens');
    const bytes = picture(name);
    return bytes === undefined
      ? failure(400, 'BadRequest', 'VMI is not running')
      : { status: 200, type: 'image/png', body: bytes };
  }

  /** The aggregation layer says whose request it is. */
  async function mayLook({ headersDistinct }: IncomingMessage, instance: { readonly namespace: string; readonly name: string }) {
    const [user] = headersDistinct['x-remote-user'] ?? [];
    const resourceAttributes = {
      ...{ group: GROUP, version: 'v1', resource: 'virtualmachineinstances', subresource: 'vnc/screenshot', verb: 'get' },
      ...instance,
    };
    const spec = { user, groups: headersDistinct['x-remote-group'] ?? [], resourceAttributes };
    const reviews = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    return (await expectApi<Review>(api, 'POST', reviews, { spec })).status.allowed;
  }

  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await expectApi(api, 'POST', '/api/v1/namespaces/default/services', {
    metadata: { name: 'played-virt-api' },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  });
  const services = '/apis/apiregistration.k8s.io/v1/apiservices';
  await expectApi(api, 'POST', services, {
    metadata: { name: `v1.${GROUP}` },
    spec: {
      ...{ group: GROUP, version: 'v1', groupPriorityMinimum: 1000, versionPriority: 15, insecureSkipTLSVerify: true },
      service: { namespace: 'default', name: 'played-virt-api', port },
    },
  });
  while ((await callApi(api, 'GET', `/apis/${GROUP}/v1`)).status !== 200) await sleep(50);
  return {
    asked,
    [Symbol.asyncDispose]: async () => {
      await callApi(api, 'DELETE', `${services}/v1.${GROUP}`);
      await callApi(api, 'DELETE', '/api/v1/namespaces/default/services/played-virt-api');
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function failure(code: number, reason: string, message: string): Answer {
  return { status: code, body: JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code }) };
}
