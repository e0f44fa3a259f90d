/**
 * Builds every peer that is compiled, one after the other, before the tests begin: on a machine that has none this takes many minutes, which no
 * test's time limit should pay for. Those that are in the cache cost nothing.
 */
import { buildLua } from './argocd.ts';
import { buildPeer } from './build.ts';
import { buildControlPlane } from './control-plane.ts';
import { buildGenerator } from './definitions.ts';
import { buildHelm } from './helm.ts';
import { buildKustomize } from './kustomize.ts';
import { nbdkitFolder } from './vddk.ts';

for (const program of ['./vcsim', './govc', './collect']) await buildPeer('vsphere', { package: program });
await buildPeer('delay-proxy');
await buildKustomize();
await buildHelm();
await buildLua();
await buildGenerator();
await buildPeer('kubevirt');
await buildControlPlane();
await nbdkitFolder();
