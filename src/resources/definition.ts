/** CustomResourceDefinition of a kind. Zod says what a field is; what Kubernetes wants differently from JSON Schema is changed here. */
import { z } from 'zod';
import { type Column, GROUP, type Kind, VERSION } from './kind.ts';

/** As much of apiextensions.k8s.io/v1 as we write. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced';
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly [Version];
  };
}

interface Version {
  readonly name: string;
  readonly served: true;
  readonly storage: true;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly subresources?: { readonly status: Readonly<Record<string, never>> };
  readonly additionalPrinterColumns: readonly Column[];
}

/** A structural schema. */
export type Schema = { readonly [key: string]: unknown };

export function definitionOf(kind: Kind): CustomResourceDefinition {
  const status = kind.status === undefined ? {} : { status: schemaOf(kind.status) };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${GROUP}`, labels: { 'app.kubernetes.io/name': 'kubeferry' } },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular: kind.singular,
        shortNames: kind.shortNames,
        categories: ['kubeferry'],
      },
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description: kind.description,
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: schemaOf(kind.spec),
                ...status,
              },
            },
          },
          ...(kind.status !== undefined && { subresources: { status: {} } }),
          additionalPrinterColumns: kind.columns,
        },
      ],
    },
  };
}

/** The structural schema of a Zod schema. */
export function schemaOf(schema: z.ZodType): Schema {
  return structural(z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }));
}

/** Keywords of JSON Schema that a structural schema may not hold, or that say there what is always so. */
const LEFT_OUT = new Set(['$schema', '~standard']);

function structural(node: object): Schema {
  const entries = Object.entries(node).flatMap(([key, value]): readonly (readonly [string, unknown])[] => {
    if (LEFT_OUT.has(key)) return [];
    // Unknown fields are dropped, or refused with fieldValidation=Strict, by the API server itself.
    if (key === 'additionalProperties' && value === false) return [];
    if (key === 'properties' && isObject(value)) {
      return [
        [
          key,
          Object.fromEntries(Object.entries(value).map(([name, field]) => [name, isObject(field) ? structural(field) : field])),
        ],
      ];
    }
    if ((key === 'items' || key === 'additionalProperties') && isObject(value)) return [[key, structural(value)]];
    return [[key, value]];
  });
  const all = Object.fromEntries(entries);
  return all['type'] === 'integer' ? { ...all, format: 'int64' } : all;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
