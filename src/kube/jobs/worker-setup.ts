/** What whoever installs the operator decides about its workers. */
import { z } from 'zod';
import { MigrationError } from '../../model/errors.ts';

const Quantity = z.string().regex(/^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$/);
const Amounts = z.strictObject({
  cpu: Quantity.exactOptional(),
  memory: Quantity.exactOptional(),
  'ephemeral-storage': Quantity.exactOptional(),
});

const Toleration = z.strictObject({
  key: z.string().exactOptional(),
  operator: z.enum(['Exists', 'Equal']).exactOptional(),
  value: z.string().exactOptional(),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).exactOptional(),
  tolerationSeconds: z.int().min(0).exactOptional(),
});

/** Of workers that convert guests. */
const Conversion = z.strictObject({
  image: z.string().min(1).max(1024).exactOptional().describe('Image with the converter; see conversionImage() when absent.'),
  /** auto: where a node says that it has KVM for Pods, which only those may ask who may list nodes. */
  kvm: z.enum(['auto', 'always', 'never']).default('auto'),
  requests: Amounts.default({ cpu: '1', memory: '2560Mi', 'ephemeral-storage': '2Gi' }),
  /** The appliance has 1280 MiB; its emulation and the converter need as much again at worst. It is built in a temporary folder, which takes 1 GiB. */
  limits: Amounts.default({ memory: '3Gi' }),
});

/** Fields as those of a Pod. */
const Settings = z.strictObject({
  requests: Amounts.default({ cpu: '500m', memory: '512Mi' }).describe('Of each worker.'),
  /** A worker that is held at its processors is slow; one that grows is a bug: hence memory alone. */
  limits: Amounts.default({ memory: '1Gi' }),
  conversion: Conversion.prefault({}),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  tolerations: z.array(Toleration).max(32).default([]),
  priorityClassName: z.string().min(1).exactOptional(),
  imagePullSecrets: z
    .array(z.strictObject({ name: z.string().min(1) }))
    .max(8)
    .default([]),
  /** Seconds that a Job is kept after its end. What it did is stored elsewhere by then, as long as an operator runs. */
  ttlSeconds: z.int().min(60).default(86_400),
  /** Seconds until a node that does not answer counts as lost. */
  nodeLossSeconds: z.int().min(10).default(60),
});

export type WorkerSetup = z.output<typeof Settings> & {
  /** Image of this program. */
  readonly image: string;
};

/**
 * The setup with this image.
 * @param text JSON with any of the fields; the defaults when absent
 * @throws MigrationError `config-invalid`
 */
export function workerSetup(image: string, text = '{}'): WorkerSetup {
  const settings = Settings.safeParse(parsed(text));
  if (settings.success) return { ...settings.data, image };
  const [issue] = settings.error.issues;
  const where = issue?.path.join('.');
  throw new MigrationError(
    'config-invalid',
    `The settings of workers cannot be: ${where ? `${where}: ` : ''}${issue?.message ?? ''}`,
  );
}

/**
 * Image of workers that convert guests: that of all workers with the tag `…-conversion`, as deploy/image makes both. Undefined where the settings name
 * none and the other one is named by digest: nobody can tell then.
 */
export function conversionImage({ image, conversion }: Pick<WorkerSetup, 'image' | 'conversion'>): string | undefined {
  if (conversion.image !== undefined) return conversion.image;
  if (image.includes('@')) return undefined;
  const isTagged = /:[^/]+$/.test(image);
  return `${image}${isTagged ? '' : ':latest'}-conversion`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MigrationError('config-invalid', 'The settings of workers are no JSON.', { cause });
  }
}
