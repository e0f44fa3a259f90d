/** One custom resource: everything that its definition, its page of reference and its readers are made from. */
import type { z } from 'zod';

export const GROUP = 'kubeferry.dev';
export const VERSION = 'v1alpha1';

/** A column of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  /** 0 is always shown; more only with `-o wide`. */
  readonly priority?: number;
}

/** The column that every kind ends with. */
export const AGE = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when it exists.',
} as const satisfies Column;

export interface Kind<Spec extends z.ZodType = z.ZodType, Status extends z.ZodType = z.ZodType> {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  /** What it is for, in a sentence or two. */
  readonly description: string;
  readonly spec: Spec;
  /** Absent for a table that nobody works on. */
  readonly status?: Status;
  readonly columns: readonly Column[];
}
