import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type Kubelet, STORAGE_CLASSES, startKubelet } from './kubelet.ts';
import { expectApi } from './kubernetes-api.ts';

const IMAGE = 'worker.example/shell:1';

interface Job {
  readonly status?: {
    readonly succeeded?: number;
    readonly failed?: number;
    readonly conditions?: readonly { readonly type: string }[];
  };
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: {
      readonly phase?: string;
      readonly containerStatuses?: readonly {
        readonly state: {
          readonly waiting?: { readonly reason: string };
          readonly terminated?: { readonly exitCode: number; readonly message?: string };
        };
      }[];
    };
  }[];
}

let plane: ControlPlane;
let kubelet: Kubelet;
let namespace: string;
before(async () => {
  plane = await startControlPlane();
  kubelet = await startKubelet({ api: plane.api, images: { [IMAGE]: ['sh', '-c'] } });
  namespace = plane.name('pods');
  await expectApi(plane.api, 'POST', '/api/v1/namespaces', { metadata: { name: namespace, labels: kubelet.namespaceLabels } });
});
after(async () => {
  await kubelet[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});

test('a Job writes to a folder that its claim got when it was scheduled, as the user and group that it asks for', async () => {
  await claim('folder', { storageClassName: STORAGE_CLASSES.late, volumeMode: 'Filesystem' });
  await startJob('writer', {
    script: 'id -u > /disk/who; id -G >> /disk/who; echo done > /dev/termination-log',
    pod: { securityContext: { runAsUser: 107, runAsGroup: 107, fsGroup: 107 } },
    container: { volumeMounts: [{ name: 'disk', mountPath: '/disk' }] },
    claim: 'folder',
  });
  assert.equal(await outcome('writer'), 'Complete');
  assert.equal(await readFile(join(await kubelet.volumePath(namespace, 'folder'), 'who'), 'utf8'), '107\n107\n');
  const [pod] = (await podsOf('writer')).items;
  assert.equal(pod?.status?.containerStatuses?.[0]?.state.terminated?.message, 'done\n');
});

test('a block claim is a true block device of the size that was asked for, and belongs to the user', async () => {
  await claim('device', { storageClassName: STORAGE_CLASSES.immediate, volumeMode: 'Block' });
  await startJob('blocks', {
    script: 'blockdev --getsize64 /dev/target; printf block | dd of=/dev/target bs=5 seek=1 conv=notrunc,fsync',
    pod: { securityContext: { runAsUser: 107, runAsGroup: 107, fsGroup: 107 } },
    container: { volumeDevices: [{ name: 'disk', devicePath: '/dev/target' }] },
    claim: 'device',
  });
  assert.equal(await outcome('blocks'), 'Complete');
  const [pod] = (await podsOf('blocks')).items;
  assert.match(kubelet.logs(namespace, pod?.metadata.name ?? ''), /^16777216\n/);
  const bytes = await readFile(await kubelet.volumePath(namespace, 'device'));
  assert.equal(bytes.subarray(5, 10).toString(), 'block');
});

test('secrets come as environment and as files, and nothing of the machine is changed', async () => {
  await expectApi(plane.api, 'POST', `/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name: 'login' },
    stringData: { password: 'geheim' },
  });
  const variable = { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } };
  await startJob('secrets', {
    script: 'test "$PASSWORD" = geheim && test "$(cat /secret/password)" = geheim && touch /root/left-behind /usr/left-behind',
    pod: { volumes: [{ name: 'secret', secret: { secretName: 'login' } }] },
    container: { env: [variable], volumeMounts: [{ name: 'secret', mountPath: '/secret' }] },
  });
  assert.equal(await outcome('secrets'), 'Complete');
  await assert.rejects(readFile('/usr/left-behind'), { code: 'ENOENT' });
});

test('the token of a Pod may do what its account may, and no more', async () => {
  const token = '$(cat /var/run/secrets/kubernetes.io/serviceaccount/token)';
  const ca = '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt';
  const ask = `curl -s -o /dev/null -w '%{http_code} ' --cacert ${ca} -H "Authorization: Bearer ${token}"`;
  const server = 'https://$KUBERNETES_SERVICE_HOST:$KUBERNETES_SERVICE_PORT';
  await startJob('token', { script: `${ask} ${server}/version; ${ask} ${server}/api/v1/namespaces/${namespace}/secrets` });
  assert.equal(await outcome('token'), 'Complete');
  const [pod] = (await podsOf('token')).items;
  assert.equal(kubelet.logs(namespace, pod?.metadata.name ?? ''), '200 403 ');
});

test('a failed container fails its Pod with its exit code, and the Job tries again as often as it may', async () => {
  await startJob('failing', { script: 'exit 3', job: { backoffLimit: 0 } });
  assert.equal(await outcome('failing'), 'Failed');
  const [pod] = (await podsOf('failing')).items;
  assert.equal(pod?.status?.containerStatuses?.[0]?.state.terminated?.exitCode, 3);
});

test('a deleted Job ends its process by SIGTERM', async () => {
  await startJob('deleted', { script: 'trap "echo asked; exit 0" TERM; echo up; while :; do sleep 0.1; done' });
  const name = await until(async () => {
    const [pod] = (await podsOf('deleted')).items;
    return pod !== undefined && kubelet.logs(namespace, pod.metadata.name).includes('up') ? pod.metadata.name : undefined;
  });
  await expectApi(plane.api, 'DELETE', `/apis/batch/v1/namespaces/${namespace}/jobs/deleted?propagationPolicy=Foreground`);
  await until(async () => ((await podsOf('deleted')).items.length === 0 ? true : undefined));
  assert.equal(kubelet.logs(namespace, name), 'up\nasked\n');
});

test('a Pod whose node fails is replaced by its Job', async () => {
  await startJob('replaced', {
    script: 'test -e /disk/again && exit 0; touch /disk/again; echo up; sleep 60',
    claim: 'folder',
    container: { volumeMounts: [{ name: 'disk', mountPath: '/disk' }] },
  });
  await until(async () => {
    const [pod] = (await podsOf('replaced')).items;
    if (pod === undefined || !kubelet.logs(namespace, pod.metadata.name).includes('up')) return undefined;
    kubelet.kill(namespace, pod.metadata.name);
    return true;
  });
  await until(async () => {
    const { status } = await expectApi<Job>(plane.api, 'GET', `/apis/batch/v1/namespaces/${namespace}/jobs/replaced`);
    return (status?.failed ?? 0) > 0 ? true : undefined;
  });
  assert.equal(await outcome('replaced'), 'Complete');
});

test('an image that nobody knows is not started', async () => {
  await startJob('unknown', { script: 'true', container: { image: 'nobody.example/none:1' } });
  const reason = await until(
    async () => (await podsOf('unknown')).items[0]?.status?.containerStatuses?.[0]?.state.waiting?.reason,
  );
  assert.equal(reason, 'ErrImagePull');
});

interface JobParts {
  readonly script: string;
  readonly container?: object;
  readonly pod?: object;
  readonly job?: object;
  readonly claim?: string;
}

async function startJob(name: string, { script, container, pod, job, claim: claimName }: JobParts): Promise<void> {
  const volumes = claimName === undefined ? {} : { volumes: [{ name: 'disk', persistentVolumeClaim: { claimName } }] };
  await expectApi(plane.api, 'POST', `/apis/batch/v1/namespaces/${namespace}/jobs`, {
    metadata: { name },
    spec: {
      ...job,
      template: {
        spec: {
          restartPolicy: 'Never',
          containers: [{ name: 'main', image: IMAGE, args: [script], ...container }],
          ...volumes,
          ...pod,
        },
      },
    },
  });
}

async function claim(name: string, spec: object): Promise<void> {
  await expectApi(plane.api, 'POST', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '16Mi' } }, ...spec },
  });
}

async function outcome(job: string): Promise<string> {
  return await until(async () => {
    const { status } = await expectApi<Job>(plane.api, 'GET', `/apis/batch/v1/namespaces/${namespace}/jobs/${job}`);
    return status?.conditions?.find(({ type }) => type === 'Complete' || type === 'Failed')?.type;
  });
}

async function podsOf(job: string): Promise<PodList> {
  return await expectApi<PodList>(plane.api, 'GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=job-name%3D${job}`);
}

/** The test's own time limit ends a wait in vain. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await sleep(100);
  }
}
