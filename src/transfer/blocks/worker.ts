/** Entry of a block worker thread. What it does is in workbench.ts. */
import { parentPort } from 'node:worker_threads';
import type { Task, TaskAnswer, TaskMessage } from './task.ts';
import { Workbench } from './workbench.ts';

const bench = new Workbench();
/** Of digest tasks, in the order in which it came. */
const memory: SharedArrayBuffer[] = [];

parentPort?.on('message', ({ id, task }: TaskMessage) => {
  void bench.run(withMemory(task)).then((outcome) => parentPort?.postMessage({ id, ...outcome } satisfies TaskAnswer));
});

function withMemory(task: TaskMessage['task']): Task {
  if (task.kind !== 'digest') return task;
  if (typeof task.given !== 'number') {
    memory.push(task.given);
    return { ...task, given: task.given };
  }
  const given = memory[task.given];
  if (given === undefined) throw new Error('A task is over memory that never came');
  return { ...task, given };
}
