/** Everything that alerts and dashboard ask a Prometheus. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { renderDashboard } from '../../../deploy/monitoring/dashboard.ts';

export const FOLDER = path.resolve(import.meta.dirname, '../../../deploy/monitoring');

export interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroups {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

export interface Question {
  /** Title of the panel, or name of the alert. */
  readonly asker: string;
  readonly expr: string;
  readonly unit?: string;
  /** Labels that the legend names. */
  readonly legend: readonly string[];
}

export async function readRules(): Promise<RuleGroups> {
  return parse(await readFile(path.join(FOLDER, 'prometheus-rule.yaml'), 'utf8')).spec;
}

/** With Grafana's variables as it would fill them in. @param span of what it calls the rate interval and the range */
export function questionsOfPanels(span: string): readonly Question[] {
  return (renderDashboard().panels ?? []).flatMap((panel) => {
    if (!('targets' in panel)) return [];
    const unit = panel.fieldConfig?.defaults.unit;
    return (panel.targets ?? []).map((target) => {
      const { expr, legendFormat } = target as unknown as { readonly expr: string; readonly legendFormat: string };
      const legend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
      const filled = expr.replaceAll(/\$__(rate_interval|range)/g, span).replaceAll(/\$(namespace|plan)\b/g, '.*');
      return { asker: panel.title ?? '', expr: filled, legend, ...(unit !== undefined && { unit }) };
    });
  });
}

export async function questionsOfAlerts(): Promise<readonly Question[]> {
  const { groups } = await readRules();
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ asker: alert, expr, legend: [] })));
}

/** Metrics that an expression names, each with the labels that it asks for in braces. */
export function namedIn(expr: string): readonly { readonly metric: string; readonly labels: readonly string[] }[] {
  return [...expr.matchAll(/\b((?:kubeferry|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)].map(([, metric = '', matchers = '']) => ({
    metric,
    labels: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => label),
  }));
}
