/**
 * Plays KubeVirt's API of subresources: pictures of screens, behind the real aggregation layer of the API server with its authorization. Its answers are those
 * of virt-api 1.9 to `vnc/screenshot`; that a display gives such a picture is not proven by it.
 */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from './certificate.ts';
import { type ApiServer, callApi, expectApi } from './kubernetes-api.ts';

export interface PlayedScreens extends AsyncDisposable {
  /** Paths that were asked for. */
  readonly asked: readonly string[];
}

const GROUP = 'subresources.kubevirt.io';

/** @param picture of the screen of an instance; undefined: the machine does not run */
export async function playScreens(api: ApiServer, picture: (instance: string) => Buffer | undefined): Promise<PlayedScreens> {
  const asked: string[] = [];
  const { certificate, key } = selfSigned({ hosts: ['localhost'] });
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'https://localhost');
    const json = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (pathname === `/apis/${GROUP}/v1`)
      return json(200, { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: `${GROUP}/v1`, resources: [] });
    const [, name] = /\/virtualmachineinstances\/([^/]+)\/vnc\/screenshot$/.exec(pathname) ?? [];
    if (name === undefined) return json(404, { kind: 'Status', status: 'Failure', message: 'not found', code: 404 });
    asked.push(pathname);
    const bytes = picture(name);
    if (bytes === undefined)
      return json(400, { kind: 'Status', status: 'Failure', reason: 'BadRequest', message: 'VMI is not running', code: 400 });
    response.writeHead(200, { 'content-type': 'image/png' }).end(bytes);
  });
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
