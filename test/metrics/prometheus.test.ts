/**
 * A real Prometheus scrapes a real operator while it migrates a running VM of a vCenter, beside a plan that is blocked and a provider that does not
 * let anybody in. Then it is asked everything that the dashboard and the alerts ask.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { FOLDER, namedIn, type Question, questionsOfAlerts, questionsOfPanels } from '../deploy/monitoring/questions.ts';
import { monitoringDefinitions } from '../peers/definitions.ts';
import { STORAGE_CLASSES } from '../peers/kubelet.ts';
import { callApi, expectApi } from '../peers/kubernetes-api.ts';
import { kustomizeBuild } from '../peers/kustomize.ts';
import { type Prometheus, promtool, startPrometheus } from '../peers/prometheus.ts';
import { startVcenter, type Vcenter } from '../peers/vcenter.ts';
import { Ground, type Operator } from '../scenarios/cluster/ground.ts';

const VM = 'DC0_H0_VM0';
const WARM = 'always-at-work';
const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** What never happens in this story, so that nobody can say anything about it. */
const UNHEARD: ReadonlySet<string> = new Set(['KubeferryVmFailed', 'KubeferryQueueStuck']);

let ground: Ground;
let vcenter: Vcenter;
let operator: Operator;
let prometheus: Prometheus;
let namespace: string;

before(async () => {
  [ground, vcenter] = await Promise.all([Ground.start(), startVcenter({ vms: 1, clusters: 0 })]);
  await vcenter.guest(VM, { capacity: 6 * 1024 * 1024, seed: 5 });
  await vcenter.guest(WARM, { capacity: 1024 * 1024, seed: 6, writeEvery: 5 });
  namespace = ground.name('metrics');
  await ground.namespace(namespace, {});
  operator = ground.operate(namespace);
  await ground.until(() => Promise.resolve(addressOf('/metrics') !== undefined));
  const labels = { namespace: 'kubeferry', pod: 'kubeferry-operator-0' };
  prometheus = await startPrometheus({ target: addressOf('/metrics') ?? '', labels });
  // It begins to scrape some seconds after it has started: nothing may be over by then.
  await ground.until(async () => (await prometheus.range('kubeferry_leader', 1)).length > 0, { namespace, operator });
  await story();
});
after(async () => {
  await prometheus?.[Symbol.asyncDispose]();
  await operator?.[Symbol.asyncDispose]();
  await Promise.all([ground?.[Symbol.asyncDispose](), vcenter?.[Symbol.asyncDispose]()]);
});

/** Where the operator says that it serves a page. */
function addressOf(page: string): string | undefined {
  const lines = operator
    .log()
    .split('\n')
    .filter((line) => line.includes(`"${page}"`));
  return lines.map((line): string => JSON.parse(line).address).at(0);
}

async function story(): Promise<void> {
  const url = `vsphere://${vcenter.host}:${vcenter.port}`;
  const thumbprint = vcenter.thumbprint.sha256;
  await ground.secret(namespace, 'vcenter', { user: vcenter.username, password: vcenter.password, thumbprint });
  await ground.secret(namespace, 'outdated', { user: 'retired@vsphere.local', password: 'no longer', thumbprint });
  for (const name of ['vcenter', 'outdated'])
    await ground.make(namespace, 'providers', name, { type: 'vsphere', url, secretRef: { name } });
  const planned = (storageClass: string, name = VM) => ({
    providerRef: { name: 'vcenter' },
    selection: { names: [name] },
    shutdown: { graceSeconds: 0, otherwise: 'force' },
    storageMap: { entries: [{ source: { storage: '*' }, target: { storageClass, volumeMode: 'Filesystem' } }] },
  });
  await ground.make(namespace, 'migrationplans', 'blocked', planned('nowhere'));
  await ground.make(namespace, 'migrationplans', 'first', planned(STORAGE_CLASSES.immediate));
  await ground.make(namespace, 'migrationplans', 'warm', { ...planned(STORAGE_CLASSES.immediate, WARM), type: 'warm' });
  const told = { namespace, operator };
  await ground.until(async () => (await ground.stateOf(namespace, 'first')) === 'Completed', told);
  await ground.until(async () => (await ground.stateOf(namespace, 'blocked')) === 'Blocked', told);
  await ground.until(async () => (await figures()).includes('source-login-failed'), told);
  await ground.until(async () => (await figures()).includes('kubeferry_predicted_downtime_seconds{'), told);
  // Once more, so that everything has been scraped.
  const moved = `kubeferry_vms{phase="Completed"} == 1 and on () kubeferry_errors_total{code="source-login-failed"} and on () kubeferry_predicted_downtime_seconds`;
  await ground.until(async () => (await prometheus.range(moved, 1)).some(({ values }) => values.length > 1), told);
}

async function figures(): Promise<string> {
  const answer = await fetch(`http://${addressOf('/metrics')}/metrics`);
  assert.equal(answer.status, 200);
  return await answer.text();
}

/** Metric → labels of its samples, as the operator serves them. */
async function exposed(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>();
  for (const line of (await figures()).split('\n')) {
    const [, metric = '', labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    const known = found.get(metric) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) known.add(label);
    found.set(metric, known);
  }
  return found;
}

test('Prometheus takes what the operator serves, and promtool finds no fault with it', async () => {
  assert.equal(await prometheus.health(), 'up');
  // Names of Node's own figures are not ours to judge.
  const ours = (await figures()).split('\n').filter((line) => /^(# (HELP|TYPE) )?kubeferry_/.test(line));
  assert.equal(await promtool(['check', 'metrics'], `${ours.join('\n')}\n`), '');
});

test('probes of a leader that knows what there is say ok', async () => {
  for (const page of ['/healthz', '/readyz']) {
    const answer = await fetch(`http://${addressOf(page)}${page}`);
    assert.deepEqual([answer.status, await answer.text()], [200, 'ok\n']);
  }
});

test('the figures tell the story', async () => {
  const value = async (expr: string): Promise<number> => Number((await prometheus.range(expr, 5)).at(0)?.values.at(-1)?.[1]);
  const [vm] = (await ground.migrations(namespace)).filter(({ status }) => status?.phase === 'Completed');
  const [disk] = (vm?.status?.['disks'] ?? []) as readonly { readonly allocated: number; readonly moved: number }[];
  assert.equal(await value('kubeferry_copied_bytes_total{plan="first"}'), disk?.allocated);
  assert.equal(await value('kubeferry_proven_bytes_total{plan="first"}'), disk?.allocated);
  assert.ok((await value('kubeferry_transfer_size_bytes_sum{pass="full"}')) > (disk?.moved ?? 0), 'the warm VM was copied too');
  assert.ok((await value('kubeferry_transfer_size_bytes_sum{pass="delta"}')) > 0);
  assert.ok((await value('kubeferry_precopies_total{result="ended"}')) >= 2);
  assert.equal(await value('kubeferry_plan_downtime_budget_seconds{plan="warm"}'), 1800);
  assert.equal(await value('kubeferry_vms_ended_total{result="completed"}'), 1);
  assert.equal(await value('kubeferry_downtime_seconds_count{type="cold"}'), 1);
  const history = (vm?.status?.['history'] ?? []) as readonly {
    readonly phase: string;
    readonly startedAt: string;
    readonly endedAt: string;
  }[];
  const [off, made] = ['PowerOffSource', 'CreateVm'].map((name) => history.find(({ phase }) => phase === name));
  const downtime = (Date.parse(made?.endedAt ?? '') - Date.parse(off?.startedAt ?? '')) / 1000;
  assert.equal(await value('kubeferry_downtime_seconds_sum{type="cold"}'), downtime);
  assert.equal(await value('kubeferry_provider_up{provider="vcenter"}'), 1);
  assert.equal(await value('kubeferry_provider_up{provider="outdated"}'), 0);
  assert.equal(await value('kubeferry_plan_state{plan="blocked",state="Blocked"}'), 1);
  assert.equal(await value('kubeferry_leader'), 1);
  assert.ok((await value('sum(kubeferry_api_requests_total{code="200"})')) > 10);
  assert.ok((await value('sum(kubeferry_queue_wait_seconds_count{queue="transfers"})')) >= 1);
});

test('whatever is named in a question is exposed, with the labels that are asked for', async () => {
  const known = await exposed();
  for (const { asker, expr } of [...questionsOfPanels('5s'), ...(await questionsOfAlerts())]) {
    for (const { metric, labels } of namedIn(expr)) {
      // A gauge that nothing can be said about now has no samples, but Prometheus has those of earlier.
      const earlier = known.has(metric) ? [] : await prometheus.range(metric, 5);
      const has = known.get(metric) ?? new Set(earlier.flatMap((series) => Object.keys(series.metric)));
      assert.ok(has.size > 0 || known.has(metric), `${asker} asks for ${metric}, which nobody tells`);
      for (const label of labels) assert.ok(has.has(label), `${asker} asks for the label ${label} of ${metric}`);
    }
  }
});

test('every panel shows something after this story, with series that have names', async () => {
  const silent: string[] = [];
  for (const question of questionsOfPanels('5s')) {
    const answer = await prometheus.range(question.expr, 5);
    if (answer.length === 0) silent.push(`${question.asker}: ${question.expr}`);
    assertNamed(
      question,
      answer.map(({ metric }) => metric),
    );
  }
  assert.deepEqual(silent, []);
});

function assertNamed({ asker, legend }: Question, series: readonly Readonly<Record<string, string>>[]): void {
  for (const labels of series) {
    for (const label of legend) assert.ok(labels[label], `a series of "${asker}" has no ${label}: ${JSON.stringify(labels)}`);
  }
  const names = series.map((labels) => legend.map((label) => labels[label]).join('\n'));
  if (legend.length > 0) assert.equal(new Set(names).size, names.length, `two series of "${asker}" have one name`);
}

test('Prometheus understands every alert, and those that this story is about would fire', async () => {
  const fired: string[] = [];
  for (const { asker, expr } of await questionsOfAlerts()) {
    if ((await prometheus.range(expr, 5)).length > 0) fired.push(asker);
  }
  assert.deepEqual(
    fired.filter((alert) => UNHEARD.has(alert)),
    [],
  );
  for (const alert of ['KubeferryPlanBlocked', 'KubeferryProviderDegraded']) assert.ok(fired.includes(alert), alert);
});

test('a plan that is deleted is told about no more', async () => {
  assert.ok((await figures()).includes('plan="blocked"'));
  await ground.remove(namespace, 'migrationplans', 'blocked');
  await ground.until(async () => !(await figures()).includes('plan="blocked"'), { namespace, operator });
  assert.ok((await figures()).includes('plan="first"'));
});

test('the API server takes the monitors and the rules by the definitions of Prometheus’ own operator', async () => {
  const definitions = await monitoringDefinitions();
  assert.equal(definitions.length, 3);
  const { api } = ground.plane;
  for (const definition of definitions) {
    const at = `${DEFINITIONS}/${definition.metadata.name}?fieldManager=kubeferry-test&force=true`;
    await expectApi(api, 'PATCH', at, definition, 'application/apply-patch+yaml');
  }
  const objects = (await Promise.all([FOLDER, path.join(FOLDER, 'service-monitor')].map(kustomizeBuild))).flat();
  const kinds = objects.map(({ kind }) => kind).toSorted();
  assert.deepEqual(kinds, ['ConfigMap', 'PodMonitor', 'PrometheusRule', 'Service', 'ServiceMonitor']);
  for (const object of objects) {
    const definition = definitions.find(({ spec }) => spec.names.kind === object.kind);
    const group = definition === undefined ? '/api/v1' : `/apis/${object.apiVersion}`;
    const plural = definition?.spec.names.plural ?? `${object.kind.toLowerCase()}s`;
    const url = `${group}/namespaces/${namespace}/${plural}`;
    await ground.until(async () => (await callApi(api, 'GET', url)).status === 200);
    await expectApi(api, 'POST', `${url}?dryRun=All&fieldValidation=Strict`, object);
    const wrong = { ...object, selektor: {} };
    assert.equal(
      (await callApi(api, 'POST', `${url}?dryRun=All&fieldValidation=Strict`, wrong)).status,
      400,
      'typing errors are seen',
    );
  }
});
