import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GiB } from '../../../src/model/units.ts';
import { planLine, plansTable, planTable, vmLine } from '../../../src/report/index.ts';
import { failed, plan, vm } from './sample.ts';

const NOW = Date.parse('2026-01-01T02:00:00Z');

test('plans are a line each, and only trouble is explained', () => {
  const plans = [plan(), plan({ name: 'second', state: 'Blocked', message: 'Critical concerns are open: no-disks' })];
  assert.deepEqual(plansTable(plans, { now: NOW, namespaces: true, bars: false }), [
    'NAMESPACE  PLAN    TYPE  STATE    VMS  RUNNING  DONE  FAILED  PROGRESS  AGE',
    'web        first   cold  Running  3    1        1     0       16 %      2 h',
    'web        second  cold  Blocked  3    1        1     0       16 %      2 h  Critical concerns are open: no-disks',
  ]);
});

test('a plan shows what needs a person first, with what to do', () => {
  const views = [
    { vm: vm('done', { phase: 'Completed', done: 10 * GiB }) },
    { vm: vm('waits', { waitingFor: 'waiting for host esx-3: 4 of 4 transfers' }) },
    { vm: vm('runs', { phase: 'CopyDisks', stage: 'copy', done: 5 * GiB }), bytesPerSecond: 50 * 2 ** 20, secondsLeft: 102.4 },
    { vm: failed('broken') },
    { vm: vm('odd', { open: ['no-disks'] }) },
  ];
  assert.deepEqual(planTable(plan(), views, { bars: true }), [
    'web/first: cold from vcenter. Running: 1 of 3 VMs are complete.',
    '████████▍░░░░░░░░░░░░░░░░░░░ 30 %, 15.0 GiB of 50.0 GiB, 50.0 MiB/s, 12 min left at this rate',
    '5 VMs: 1 failed, 1 blocked, 1 running, 1 waiting, 1 completed',
    '',
    'VM      STATE      PROGRESS          RATE        LEFT',
    'broken  Failed     ░░░░░░░░░░   0 %',
    '    in CopyDisks: The claim is full. [target-full]',
    '    to do: Make it larger.',
    'odd     blocked',
    '    open: no-disks',
    '    to do: resolve them, or accept each in the plan with a reason (spec.accept)',
    'runs    CopyDisks  █████░░░░░  50 %  50.0 MiB/s  2 min',
    'waits   waiting                                         waiting for host esx-3: 4 of 4 transfers',
    'done    Completed  ██████████ 100 %',
  ]);
});

test('what was seen of a guest that booted stands beside its VM, and the screen of one that did not below its trouble', () => {
  const failure = { phase: 'Prove', code: 'boot-not-proven', message: 'dark was not seen to boot: No sign.', hint: 'Look.' };
  const views = [
    { vm: vm('up', { phase: 'Completed', proof: { booted: true, text: 'The guest agent answers: Debian' } }) },
    { vm: vm('dark', { phase: 'Failed', failure, proof: { booted: false, text: 'No sign.', screenshot: 'dark-boot-proof' } }) },
  ];
  assert.deepEqual(planTable(plan(), views, { bars: false }).slice(3), [
    '',
    'VM    STATE      PROGRESS  RATE  LEFT',
    'dark  Failed       0 %',
    '    in Prove: dark was not seen to boot: No sign. [boot-not-proven]',
    '    its screen: ConfigMap dark-boot-proof, screen.png',
    '    to do: Look.',
    'up    Completed    0 %                 seen to boot: The guest agent answers: Debian',
  ]);
});

test('ten thousand VMs fit on a screen: those that need a person, sums for the rest', () => {
  const reason = 'waiting for host esx-3: 4 of 4 transfers';
  const many = Array.from({ length: 9_998 }, (_, index) => ({ vm: vm(`web-${index}`, { waitingFor: reason }) }));
  const lines = planTable(plan(), [...many, { vm: failed('broken') }, { vm: vm('runs', { phase: 'CopyDisks' }) }], {
    bars: true,
    height: 15,
    width: 80,
  });
  assert.equal(lines.length, 15);
  assert.ok(lines.every((line) => [...line].length <= 80));
  assert.equal(lines[2], '10,000 VMs: 1 failed, 1 running, 9,998 waiting');
  assert.equal(lines[3], `9,998 × ${reason}`);
  assert.match(lines[6] ?? '', /^broken +Failed/);
  assert.match(lines[9] ?? '', /^runs +CopyDisks/);
  assert.equal(lines.at(-1), 'and 9,994 more: 9,994 waiting');
});

test('why a plan does nothing is told whole, also on a narrow terminal', () => {
  const message = 'The Provider vcenter is not ready. vc.example.org does not take the login. Check user name and password.';
  const lines = planTable(plan({ state: 'ProviderNotReady', message, missing: ['wbe-1'] }), [], { bars: true, width: 60 });
  assert.deepEqual(lines.slice(0, 5), [
    'web/first: cold from vcenter. ProviderNotReady:',
    '  The Provider vcenter is not ready. vc.example.org does not',
    '  take the login. Check user name and password.',
    'These names and ids mean no VM: wbe-1',
    'No VMs yet.',
  ]);
});

test('names of a source cannot write to the terminal', () => {
  const lines = planTable(plan(), [{ vm: vm('\u001b[2Jevil', { phase: 'CopyDisks' }) }], { bars: true });
  assert.ok(!lines.join('').includes('\u001b'));
});

test('a change is one line, and what changed for nobody is none', () => {
  const before = vm('web-1', { phase: 'CopyDisks', stage: 'copy', done: 1 });
  assert.equal(vmLine(plan(), { ...before, done: 2 }, before), undefined);
  assert.equal(vmLine(plan(), { ...before, phase: 'CreateVm' }, before), 'web-1: CreateVm');
  assert.equal(
    vmLine(plan(), failed('web-1'), before),
    'web-1: Failed: in CopyDisks: The claim is full. [target-full]; to do: Make it larger.',
  );
  assert.equal(vmLine(plan(), undefined, before), 'web-1: deleted');
  assert.equal(planLine(plan(), plan({ progress: 1 })), undefined);
  assert.equal(planLine(plan({ state: 'Completed', message: 'All.' }), plan()), 'web/first: Completed: All.');
});

test('what is done to a guest is told beside its phase', () => {
  const before = vm('web', { phase: 'Convert' });
  const now = vm('web', { phase: 'Convert', doing: 'Picking a kernel' });
  assert.equal(vmLine(plan(), now, before), 'web: Convert: Picking a kernel');
  const waits = vm('web', { phase: 'Convert', doing: 'Picking a kernel', waitingFor: 'Waiting for a node: none' });
  assert.equal(vmLine(plan(), waits, now), 'web: Convert: Waiting for a node: none');
  const outlook = { next: 'cutover', because: 'somebody has to say when' } as const;
  const tested = { state: 'converting', vm: 'web-test', doing: 'Picking a kernel' };
  const line = vmLine(plan(), vm('web', { phase: 'AwaitCutover', outlook, test: tested }), now) ?? '';
  assert.match(line, /; the guest of its test web-test is converted: Picking a kernel$/);
});

test('a warm VM says what comes next', () => {
  const note = (change: Parameters<typeof vm>[1], about: Parameters<typeof plan>[0] = {}) =>
    planTable(plan({ type: 'warm', ...about }), [{ vm: vm('db', change) }], { bars: false }).at(-1) ?? '';
  assert.match(note({ phase: 'AwaitCutover' }), /next: `kubeferry cutover`$/);
  assert.match(note({ phase: 'AwaitPrecopy' }, { cutover: '2030-01-05T23:00:00Z' }), /next: cutover at 2030-01-05T23:00:00Z$/);
  assert.match(note({ phase: 'AwaitCommit' }), /next: `kubeferry commit` or `kubeferry rollback`$/);
  assert.match(note({ phase: 'CopyDelta', canceled: true }), /is being canceled$/);
});
