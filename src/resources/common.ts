/** What several kinds share: names, references, conditions. */
import { z } from 'zod';
import { DURATION } from '../model/duration.ts';

/** `self`-rules of the API server (CEL), which are part of a kind's schema. @see Kubernetes: x-kubernetes-validations */
export function rules(...all: readonly (readonly [rule: string, message: string])[]): Record<string, unknown> {
  return { 'x-kubernetes-validations': all.map(([rule, message]) => ({ rule, message })) };
}

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Name of an object (DNS-1123 subdomain). */
export const ObjectName = z.string().min(1).max(253).regex(DNS_SUBDOMAIN);
/** Name of a namespace or of a VM (DNS-1123 label). */
export const Label = z.string().min(1).max(63).regex(DNS_LABEL);

/** An object of the same namespace. */
export const LocalRef = z.strictObject({ name: ObjectName.describe('Name of the object, in the same namespace.') });

/** RFC 3339, as Kubernetes writes times. */
export const Time = z.string().max(64).meta({ format: 'date-time' });

/** A length of time, such as 90s, 30m, 1h30m or 2d. */
export const Duration = z.string().min(2).max(32).regex(DURATION);

const Condition = z
  .strictObject({
    type: z
      .string()
      .min(1)
      .max(316)
      .regex(/^[A-Z][A-Za-z]*$/)
      .describe('What is judged.'),
    status: z.enum(['True', 'False', 'Unknown']),
    observedGeneration: z.int().min(0).exactOptional().describe('metadata.generation that this was judged from.'),
    lastTransitionTime: Time.describe('When the status became what it is.'),
    reason: z
      .string()
      .min(1)
      .max(1024)
      .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
      .describe('One word for programs.'),
    message: z.string().max(32_768).describe('A sentence for people.'),
  })
  .describe('A condition as metav1.Condition has it.');

export type Condition = z.output<typeof Condition>;

const Conditions = z
  .array(Condition)
  .max(16)
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
  .describe('Conditions in the standard form.');

/** Generation and conditions, which every status has. */
export const commonStatus = {
  observedGeneration: z.int().min(0).exactOptional().describe('metadata.generation that this status is about.'),
  conditions: Conditions.exactOptional(),
};
