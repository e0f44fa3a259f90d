import { Counter, Gauge, type Registry } from 'prom-client';
import { ERROR_CODES } from '../model/error-codes.ts';
import { MigrationError } from '../model/errors.ts';

/** What was being done when something went wrong. */
export type Trouble = 'vm' | 'plan' | 'provider' | 'cluster' | 'controller';

export interface Program {
  leads(): void;
  trouble(where: Trouble, error: unknown): void;
}

/** The process itself: what it is, whether it leads, what goes wrong in it. */
export function measureProgram(registry: Registry, version: string): Program {
  const registers = [registry];
  new Gauge({
    name: 'kubeferry_build_info',
    help: 'Always 1; the labels say which program this is.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.versions.node }, 1);
  const leader = new Gauge({ name: 'kubeferry_leader', help: '1 where this operator leads, 0 where it stands by.', registers });
  const errors = new Counter({
    name: 'kubeferry_errors_total',
    help: 'Failures by error code: of VMs, also those that are tried again, of plans, providers, calls to the cluster and looks of controllers.',
    labelNames: ['where', 'code'],
    registers,
  });
  return {
    leads: () => leader.set(1),
    trouble: (where, error) => errors.inc({ where, code: codeOf(error) }),
  };
}

/** Codes are a closed set, so that whatever comes from outside makes no series of its own. */
function codeOf(error: unknown): string {
  const code = error instanceof MigrationError ? error.code : error;
  return typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? code : 'bug';
}
