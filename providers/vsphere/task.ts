/** Waiting for tasks, across lost sessions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { MigrationError } from '../../src/model/errors.ts';
import { properties, these } from './properties.ts';
import type { Session } from './session.ts';
import { taskFault } from './vim/fault.ts';
import { type Arguments, asRef, type MoRef, members, type VimNode } from './vim/node.ts';
import type { Operation } from './vim/operations.ts';

/** The first look comes soon, because most tasks are short; later ones cost the server little. */
const FIRST_LOOK_MS = 100;
const SLOWEST_LOOK_MS = 2000;

/**
 * Starts a task and waits for its end: its result, undefined when it has none. When the signal aborts the task goes on by itself.
 * @throws VimFault what the server refused, at once or at the end
 */
export async function runTask(
  session: Session,
  operation: Operation & `${string}_Task`,
  { on, args = {} }: { readonly on: MoRef; readonly args?: Arguments },
  signal: AbortSignal,
): Promise<VimNode | undefined> {
  const answer = await session.call(operation, on, args, { signal });
  const task = answer.ref('returnval');
  if (task === undefined) throw new MigrationError('source-answer-broken', `${operation} gave no task`);
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 2, SLOWEST_LOOK_MS)) {
    const info = (await properties(session, { ...task, type: 'Task' }, ['info'], signal))?.node('info');
    // Servers forget finished tasks after minutes; whoever waited so long has been cut off in between.
    if (info === undefined) throw new MigrationError('source-busy', `The server no longer knows the task of ${operation}`);
    const state = info.string('state');
    if (state === 'success') return info.get('result');
    if (state === 'error') throw failureOf(info, operation);
    await sleep(pause, undefined, { signal });
  }
}

/**
 * Waits until no task of this kind is at work on the object: the answer that named the task may have been lost.
 * @param kind of `TaskInfo.descriptionId`, such as `vim.vm.Snapshot.remove`
 */
export async function settle(session: Session, on: MoRef, kind: RegExp, signal: AbortSignal): Promise<void> {
  for (let pause = FIRST_LOOK_MS; await isAtWork(session, on, kind, signal); pause = Math.min(pause * 2, SLOWEST_LOOK_MS))
    await sleep(pause, undefined, { signal });
}

async function isAtWork(session: Session, on: MoRef, kind: RegExp, signal: AbortSignal): Promise<boolean> {
  const recent = members((await properties(session, on, ['recentTask'], signal))?.node('recentTask'));
  const tasks = recent.flatMap((task) => asRef(task) ?? []);
  for await (const task of these(session, tasks, { type: 'Task', paths: ['info.descriptionId', 'info.state'] }, signal)) {
    const state = task.string('info.state');
    if ((state === 'running' || state === 'queued') && kind.test(task.string('info.descriptionId') ?? '')) return true;
  }
  return false;
}

function failureOf(info: VimNode, operation: string): Error {
  const error = info.get('error');
  return error === undefined ? new MigrationError('source-refused', `${operation} failed without a reason`) : taskFault(error);
}
