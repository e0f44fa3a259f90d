/** Argo CD's judgement of an object by a health check, with the Lua that Argo CD embeds (github.com/yuin/gopher-lua), opened as narrowly. */
import { execFile } from 'node:child_process';
import { buildPeer } from './build.ts';

export interface Health {
  readonly status: string;
  readonly message: string;
}

/** The only ones that Argo CD takes (gitops-engine, pkg/health). */
export const HEALTH_STATES = ['Healthy', 'Progressing', 'Degraded', 'Suspended', 'Missing', 'Unknown'] as const;

export async function buildLua(): Promise<string> {
  return await buildPeer('lua');
}

/** @throws Error with what Lua said */
export async function argoHealth(script: string, object: object): Promise<Health> {
  const lua = await buildLua();
  const output = await new Promise<string>((resolve, reject) => {
    const running = execFile(lua, (error, out, said) => (error === null ? resolve(out) : reject(new Error(said))));
    running.stdin?.end(JSON.stringify({ script, object }));
  });
  return JSON.parse(output) as Health;
}
