/** Versions of KubeVirt as far as they matter: major and minor. */

/** 1.9 is 1009, so that versions compare as numbers. */
export type Version = number;

const MINORS = 1000;

/** Reads `1.9`, `v1.9.0-rc.1`; undefined when it is none. */
export function versionOf(text: string): Version | undefined {
  const match = /^v?(\d{1,3})\.(\d{1,3})(?:[.+-]|$)/.exec(text);
  return match === null ? undefined : Number(match[1]) * MINORS + Number(match[2]);
}

export function versionText(version: Version): string {
  return `${Math.floor(version / MINORS)}.${version % MINORS}`;
}
