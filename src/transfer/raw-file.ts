/** Moved to writers/target-errors.ts; this name is kept for one importer that is about to go. */
export { onTarget } from './writers/target-errors.ts';
