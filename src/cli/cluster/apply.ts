/** Brings the objects of a migration into a cluster, after saying what that means. */
import type { AppliedObject, ClusterPlans } from '../../contracts/plans.ts';
import { MigrationError } from '../../model/errors.ts';
import { formatBytes } from '../../model/units.ts';
import { printable } from '../../report/columns.ts';
import type { OurObject } from '../../resources/plan-objects.ts';
import { type SecretLogin, secretTexts } from '../../resources/provider-access.ts';
import { type Accepted, openCritical } from '../accept-options.ts';
import type { CommandContext } from '../context.ts';
import { type ConfirmFlags, confirm } from './confirm.ts';
import type { PlanObjects, Prepared } from './plan-options.ts';

interface ToApply {
  readonly objects: PlanObjects;
  /** That the dry run was made with. */
  readonly login: SecretLogin | undefined;
  /** What the file of --guest-keys holds. */
  readonly guestKeys: string | undefined;
  readonly namespace: string;
  readonly prepared: Prepared;
}

interface Tools {
  readonly plans: ClusterPlans;
  readonly options: ConfirmFlags & { readonly accept: readonly Accepted[] };
  readonly context: CommandContext;
}

/**
 * `concerns`: Critical ones are open; `declined`: a person said no. Where everything is there already nothing is judged and nobody asked: what the
 * plan has made by now would stand in its own way.
 * @throws MigrationError of the cluster, `usage` for a plan that was canceled and where nobody can be asked
 */
export async function applyObjects(
  { objects, login, guestKeys, namespace, prepared }: ToApply,
  { plans, options, context }: Tools,
): Promise<'applied' | 'concerns' | 'declined'> {
  const { signal, terminal } = context;
  const { name } = objects.plan.metadata;
  if ((await plans.get({ namespace, name }, signal))?.canceled) {
    throw new MigrationError('usage', `The plan ${namespace}/${name} was canceled, which cannot be taken back.`, {
      hint: 'Choose another name with --plan-name.',
    });
  }
  const { secrets } = objects;
  const all = [
    ...secretOf(secrets.login, namespace, () => loginTexts(login)),
    ...secretOf(secrets.guestKeys, namespace, () => ({ keys: guestKeys ?? '' })),
    placed(objects.provider, namespace),
    placed(objects.plan, namespace),
  ];
  const outcome = await Promise.all(all.map(async (object) => ({ object, would: await plans.compare(object, signal) })));
  if (outcome.some(({ would }) => would !== 'unchanged')) {
    const open = openCritical(prepared.report, options.accept);
    if (open.length > 0) {
      terminal.err(
        `kubeferry: nothing was applied: Critical concerns are open (${open.join(', ')}).\n  to do: resolve them, or accept each with --accept ID=REASON.\n`,
      );
      return 'concerns';
    }
    const changed = outcome.filter(({ would }) => would === 'changed').map(({ object }) => object);
    const what = `${intention(prepared)} into the namespace ${namespace} of ${plans.host}, as the plan ${name}.${means(prepared, changed)}`;
    if (!(await confirm(printable(what), options, context))) return 'declined';
  }
  for (const object of all) {
    const did = await plans.apply(object, signal);
    terminal.err(`${printable(`${object.kind} ${namespace}/${object.metadata.name}: ${did}`)}\n`);
  }
  return 'applied';
}

function intention({ report: { vms } }: Prepared): string {
  const disks = vms.flatMap(({ vm }) => vm.disks);
  const bytes = disks.reduce((sum, { capacity }) => sum + capacity, 0);
  return `migrate ${vms.length} VM${vms.length === 1 ? '' : 's'} (${formatBytes(bytes)})`;
}

/** What a person might not expect. */
function means({ report: { vms } }: Prepared, changed: readonly AppliedObject[]): string {
  const running = vms.filter(({ vm }) => vm.power === 'on').length;
  const names = changed.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(', ');
  return [
    ...(running === 0 ? [] : [` Running now, and shut down in their turn: ${running}.`]),
    ...(names === '' ? [] : [` This changes what is there already: ${names}.`]),
  ].join('');
}

function placed({ metadata, ...object }: OurObject, namespace: string): AppliedObject {
  return { ...object, metadata: { ...metadata, namespace } };
}

/** Beside what only names it. */
function secretOf(
  name: string | undefined,
  namespace: string,
  texts: () => Readonly<Record<string, string>>,
): readonly AppliedObject[] {
  if (name === undefined) return [];
  const data = Object.fromEntries(Object.entries(texts()).map(([key, text]) => [key, Buffer.from(text).toString('base64')]));
  return [{ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, type: 'Opaque', data }];
}

function loginTexts(login: SecretLogin | undefined): Readonly<Record<string, string>> {
  if (login === undefined) throw new MigrationError('credentials-missing', 'The source was opened without a login.');
  return secretTexts(login);
}
