/**
 * What the scripts `host` and `vms` answer becomes facts in kubeferry's words. Pure: no connection, no clock. What Hyper-V did not say stays
 * unknown; what has no field becomes an extra. Judgement is not made here (src/assess), and files are not opened.
 */
export { powerState } from './power-state.ts';
export { toSurroundings } from './surroundings.ts';
export { toSourceVm } from './to-vm.ts';
