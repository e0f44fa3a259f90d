/**
 * Writes deploy/monitoring/dashboard.json, the Grafana dashboard: `node deploy/monitoring/dashboard.ts`. A test fails when the file is not what this
 * would write, and asks a Prometheus that has scraped an operator each of these questions.
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Dashboard, VariableRefresh, VariableSort, VariableType } from '@grafana/grafana-foundation-sdk/dashboard';
import { place, SOURCE } from './panels.ts';
import { ERRORS, LIMITS, OPERATOR } from './rows-of-operator.ts';
import { DOWNTIME, PLANS, THROUGHPUT } from './rows-of-plans.ts';

export const FILE = path.join(import.meta.dirname, 'dashboard.json');

/** As it can be imported. */
export function renderDashboard(): Dashboard {
  const choice = { type: VariableType.Query, datasource: SOURCE, multi: true, includeAll: true, allValue: '.*' };
  const fresh = { refresh: VariableRefresh.OnTimeRangeChanged, sort: VariableSort.AlphabeticalAsc };
  return {
    id: null,
    uid: 'kubeferry',
    title: 'kubeferry',
    description:
      'Migrations of virtual machines to KubeVirt: plans, throughput, downtime, limits, errors and the operator itself.',
    tags: ['kubeferry', 'kubevirt'],
    timezone: 'browser',
    editable: true,
    graphTooltip: 1,
    time: { from: 'now-6h', to: 'now' },
    refresh: '30s',
    // Of Grafana 11; later ones bring it up to date by themselves.
    schemaVersion: 39,
    annotations: { list: [] },
    templating: {
      list: [
        { type: VariableType.Datasource, name: 'datasource', label: 'Data source', query: 'prometheus' },
        { ...choice, ...fresh, name: 'namespace', label: 'Namespace', query: 'label_values(kubeferry_plan_info, namespace)' },
        {
          ...choice,
          ...fresh,
          name: 'plan',
          label: 'Plan',
          query: 'label_values(kubeferry_plan_info{namespace=~"$namespace"}, plan)',
        },
      ],
    },
    panels: place([PLANS, THROUGHPUT, DOWNTIME, LIMITS, ERRORS, OPERATOR]),
  };
}

if (import.meta.main) await writeFile(FILE, `${JSON.stringify(renderDashboard(), undefined, 2)}\n`);
