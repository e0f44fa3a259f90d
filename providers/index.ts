/** The registry of providers: one line each. `README.md` beside it says how to add one. */
import type { Provider } from '../src/contracts/provider.ts';
import { fileProvider } from './file/index.ts';
import { hypervProvider } from './hyperv/index.ts';
import { rvtoolsProvider } from './rvtools/index.ts';
import { vsphereProvider } from './vsphere/index.ts';

/** Asked in this order; the first that claims a source opens it. */
export const PROVIDERS: readonly Provider[] = [vsphereProvider, hypervProvider, rvtoolsProvider, fileProvider];
