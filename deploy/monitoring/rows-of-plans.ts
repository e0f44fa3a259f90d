/** What plans do: how far they are, how fast bytes move, how long VMs are off. */
import { bars, figure, graph, type Row, stack } from './panels.ts';

const OF_PLANS = 'namespace=~"$namespace",plan=~"$plan"';
const BY_PLAN = 'by (namespace, plan)';
const PLAN = '{{namespace}}/{{plan}}';

export const PLANS: Row = {
  title: 'Plans',
  panels: [
    stack({
      title: 'VMs by phase',
      description: 'Waiting: nothing has begun. A phase that only grows is where VMs are held up.',
      unit: 'none',
      queries: [[`sum by (phase) (kubeferry_vms{${OF_PLANS}})`, '{{phase}}']],
      width: 12,
    }),
    bars(
      {
        title: 'Bytes moved, by plan',
        description: 'Share of the bytes that the plan will have moved in the end.',
        unit: 'percentunit',
        queries: [[`kubeferry_plan_moved_bytes{${OF_PLANS}} / (kubeferry_plan_expected_bytes{${OF_PLANS}} > 0)`, PLAN]],
        width: 12,
      },
      1,
    ),
    figure(
      {
        title: 'VMs that failed',
        description: 'status.failure of their VmMigrations says why.',
        unit: 'none',
        queries: [[`sum(kubeferry_vms{${OF_PLANS},phase="Failed"}) or vector(0)`, 'failed']],
        width: 4,
      },
      1,
    ),
    figure(
      {
        title: 'VMs that are blocked',
        description: 'Critical concerns are open: mend or accept them.',
        unit: 'none',
        queries: [[`sum(kubeferry_vms_blocked{${OF_PLANS}}) or vector(0)`, 'blocked']],
        width: 4,
      },
      1,
    ),
    figure(
      {
        title: 'Longest standstill',
        description: 'Since the VM that is the furthest behind got on. VMs that wait for limits, people or a time do not count.',
        unit: 's',
        queries: [[`max(time() - kubeferry_oldest_progress_timestamp_seconds{${OF_PLANS}}) or vector(0)`, 'standstill']],
        width: 4,
      },
      1800,
    ),
    figure({
      title: 'What plans do',
      description: 'The reason of the condition Ready: Running, Blocked, Paused, Completed, Failed and so on.',
      unit: 'none',
      queries: [[`sum by (state) (kubeferry_plan_state{${OF_PLANS}})`, '{{state}}']],
      width: 12,
    }),
    graph({
      title: 'Time in phases, nine of ten VMs',
      description: 'How long VMs were in a phase that they have left: 90 % were faster.',
      unit: 's',
      queries: [
        [
          'histogram_quantile(0.9, sum by (phase, le) (rate(kubeferry_phase_duration_seconds_bucket[$__rate_interval])))',
          '{{phase}}',
        ],
      ],
      width: 12,
    }),
    graph({
      title: 'VMs that came to an end',
      description: 'By result.',
      unit: 'none',
      queries: [['sum by (result) (increase(kubeferry_vms_ended_total[$__rate_interval]))', '{{result}}']],
      width: 12,
    }),
  ],
};

export const THROUGHPUT: Row = {
  title: 'Throughput',
  panels: [
    stack({
      title: 'Copied, by plan',
      description: 'Bytes brought to targets.',
      unit: 'binBps',
      queries: [[`sum ${BY_PLAN} (rate(kubeferry_copied_bytes_total{${OF_PLANS}}[$__rate_interval]))`, PLAN]],
      width: 8,
    }),
    stack({
      title: 'Copied, by provider',
      description: 'The same bytes by where they come from. A provider that stays at one rate is at its limit.',
      unit: 'binBps',
      queries: [
        [
          `sum by (namespace, provider) (rate(kubeferry_copied_bytes_total{${OF_PLANS}}[$__rate_interval]) * on (namespace, plan) group_left (provider) kubeferry_plan_info)`,
          '{{namespace}}/{{provider}}',
        ],
      ],
      width: 8,
    }),
    stack({
      title: 'Proven, by plan',
      description: 'Bytes read back from targets and found equal to their source.',
      unit: 'binBps',
      queries: [[`sum ${BY_PLAN} (rate(kubeferry_proven_bytes_total{${OF_PLANS}}[$__rate_interval]))`, PLAN]],
      width: 8,
    }),
    graph({
      title: 'Size of readings',
      description:
        'Median and nine of ten. Full: a whole disk; delta: what changed since the reading before. Deltas should become smaller.',
      unit: 'bytes',
      queries: [
        [
          'histogram_quantile(0.5, sum by (pass, le) (rate(kubeferry_transfer_size_bytes_bucket[$__rate_interval])))',
          '{{pass}}, median',
        ],
        [
          'histogram_quantile(0.9, sum by (pass, le) (rate(kubeferry_transfer_size_bytes_bucket[$__rate_interval])))',
          '{{pass}}, 9 of 10',
        ],
      ],
      width: 8,
    }),
    graph({
      title: 'Duration of readings',
      description: 'Median and nine of ten, the proof included.',
      unit: 's',
      queries: [
        [
          'histogram_quantile(0.5, sum by (pass, le) (rate(kubeferry_transfer_duration_seconds_bucket[$__rate_interval])))',
          '{{pass}}, median',
        ],
        [
          'histogram_quantile(0.9, sum by (pass, le) (rate(kubeferry_transfer_duration_seconds_bucket[$__rate_interval])))',
          '{{pass}}, 9 of 10',
        ],
      ],
      width: 8,
    }),
    figure({
      title: 'Time left at this rate',
      description: 'The bytes that are not moved, at the rate of the last quarter of an hour. None while nothing moves.',
      unit: 's',
      queries: [
        [
          `sum ${BY_PLAN} (kubeferry_plan_expected_bytes{${OF_PLANS}} - kubeferry_plan_moved_bytes{${OF_PLANS}}) / (sum ${BY_PLAN} (rate(kubeferry_copied_bytes_total{${OF_PLANS}}[15m])) > 0)`,
          PLAN,
        ],
      ],
      width: 8,
    }),
  ],
};

export const DOWNTIME: Row = {
  title: 'Downtime',
  panels: [
    graph({
      title: 'Downtime of VMs that arrived',
      description:
        'From the shutdown of a running source until its VirtualMachine was made: median and nine of ten, over six hours.',
      unit: 's',
      queries: [
        ['histogram_quantile(0.5, sum by (type, le) (rate(kubeferry_downtime_seconds_bucket[6h])))', '{{type}}, median'],
        ['histogram_quantile(0.9, sum by (type, le) (rate(kubeferry_downtime_seconds_bucket[6h])))', '{{type}}, 9 of 10'],
      ],
      width: 12,
    }),
    figure({
      title: 'Arrived within half an hour',
      description: 'Share of the VMs in the shown time whose downtime was half an hour or less.',
      unit: 'percentunit',
      queries: [
        [
          'sum by (type) (increase(kubeferry_downtime_seconds_bucket{le="1800"}[$__range])) / (sum by (type) (increase(kubeferry_downtime_seconds_count[$__range])) > 0)',
          '{{type}}',
        ],
      ],
      width: 6,
    }),
    graph({
      title: 'Downtime by phase',
      description: 'How long the phases of the downtimes took that ended in the last six hours: nine of ten.',
      unit: 's',
      queries: [['histogram_quantile(0.9, sum by (phase, le) (rate(kubeferry_downtime_phase_seconds_bucket[6h])))', '{{phase}}']],
      width: 12,
    }),
    graph({
      title: 'Predicted downtime',
      description: 'Longest one that is predicted for the VMs of a plan that run and wait, beside its budget.',
      unit: 's',
      queries: [
        [`kubeferry_predicted_downtime_seconds{${OF_PLANS}}`, PLAN],
        [`kubeferry_plan_downtime_budget_seconds{${OF_PLANS},type="warm"}`, `${PLAN}, budget`],
      ],
      width: 12,
    }),
    graph({
      title: 'Copies of VMs that run',
      description: 'Copies in an hour: those that ended, and those that failed and are made again.',
      unit: 'none',
      queries: [['sum by (result) (increase(kubeferry_precopies_total[1h]))', '{{result}}']],
      width: 12,
    }),
    figure(
      {
        title: 'Longest downtime now',
        description: 'A source was shut down and its VirtualMachine is not made yet.',
        unit: 's',
        queries: [
          [
            `max by (namespace, plan, type) (time() - kubeferry_downtime_start_timestamp_seconds{${OF_PLANS}})`,
            `${PLAN} ({{type}})`,
          ],
        ],
        width: 6,
      },
      28_800,
    ),
  ],
};
