/** What holds work up, what goes wrong, and how the operator itself is. */
import { figure, graph, type Row, stack } from './panels.ts';

export const LIMITS: Row = {
  title: 'Limits',
  panels: [
    graph({
      title: 'Waiting because of limits',
      description: 'VMs and transfers that are ready and not let in, by the kind of limit that has no room.',
      unit: 'none',
      queries: [['sum by (queue, limit) (kubeferry_queue_waiting)', '{{queue}}: {{limit}}']],
      width: 6,
    }),
    graph({
      title: 'Let in',
      description: 'VMs and transfers at work. Where it is flat while others wait, a limit holds.',
      unit: 'none',
      queries: [['sum by (queue) (kubeferry_queue_running)', '{{queue}}']],
      width: 6,
    }),
    graph({
      title: 'Wait until let in, nine of ten',
      description: '90 % waited less.',
      unit: 's',
      queries: [
        [
          'histogram_quantile(0.9, sum by (queue, limit, le) (rate(kubeferry_queue_wait_seconds_bucket[$__rate_interval])))',
          '{{queue}}: {{limit}}',
        ],
      ],
      width: 6,
    }),
    graph({
      title: 'Longest wait now',
      description: 'Since the one that came first came.',
      unit: 's',
      queries: [['max by (queue) (kubeferry_queue_oldest_wait_seconds)', '{{queue}}']],
      width: 6,
    }),
  ],
};

export const ERRORS: Row = {
  title: 'Errors and providers',
  panels: [
    stack({
      title: 'Errors by code',
      description:
        'Of VMs, providers, calls to the cluster and controllers. `bug` is one of the program: report it with the log.',
      unit: 'none',
      queries: [
        [
          'sum by (where, code) (increase(kubeferry_errors_total[$__rate_interval]) > 0 or kubeferry_errors_total unless kubeferry_errors_total offset $__rate_interval)',
          '{{where}}: {{code}}',
        ],
      ],
      width: 12,
    }),
    graph({
      title: 'Providers that answer',
      description: '1: yes, 0: no.',
      unit: 'none',
      queries: [['min by (namespace, provider) (kubeferry_provider_up{namespace=~"$namespace"})', '{{namespace}}/{{provider}}']],
      width: 6,
    }),
    graph({
      title: 'Degraded providers',
      description: '1: it answers, but not as it should.',
      unit: 'none',
      queries: [
        ['max by (namespace, provider) (kubeferry_provider_degraded{namespace=~"$namespace"})', '{{namespace}}/{{provider}}'],
      ],
      width: 6,
    }),
    graph({
      title: 'Silence of providers, age of inventories',
      description:
        'Since a provider answered, and since its inventory was read as a whole: a vCenter tells what changes after that.',
      unit: 's',
      queries: [
        [
          'time() - max by (namespace, provider) (kubeferry_provider_last_answer_timestamp_seconds{namespace=~"$namespace"})',
          '{{namespace}}/{{provider}} answered',
        ],
        [
          'time() - max by (namespace, provider) (kubeferry_provider_inventory_timestamp_seconds{namespace=~"$namespace"})',
          '{{namespace}}/{{provider}} read',
        ],
      ],
      width: 12,
    }),
    graph({
      title: 'VMs at providers',
      description: 'Of their inventories.',
      unit: 'none',
      queries: [
        [
          'max by (namespace, provider) (kubeferry_provider_inventory_objects{namespace=~"$namespace",kind="vms"})',
          '{{namespace}}/{{provider}}',
        ],
      ],
      width: 12,
    }),
  ],
};

export const OPERATOR: Row = {
  title: 'Operator',
  panels: [
    figure({
      title: 'Leaders',
      description: 'One for each installation.',
      unit: 'none',
      queries: [['sum(kubeferry_leader)', 'leaders']],
      width: 4,
    }),
    figure({
      title: 'Versions',
      description: 'Operators by version of kubeferry and Node.',
      unit: 'none',
      queries: [['count by (version, node) (kubeferry_build_info)', '{{version}} on Node {{node}}']],
      width: 8,
    }),
    graph({
      title: 'Keys that wait for a controller',
      description: 'Due and not looked at yet.',
      unit: 'none',
      queries: [['sum by (controller) (kubeferry_work_depth)', '{{controller}}']],
      width: 6,
    }),
    graph({
      title: 'Wait for a controller, 99 of 100',
      description: 'From when a key is due until it is looked at.',
      unit: 's',
      queries: [
        [
          'histogram_quantile(0.99, sum by (controller, le) (rate(kubeferry_work_wait_seconds_bucket[$__rate_interval])))',
          '{{controller}}',
        ],
      ],
      width: 6,
    }),
    graph({
      title: 'Looks of controllers, 99 of 100',
      description: 'How long a look takes, and the longest that goes on.',
      unit: 's',
      queries: [
        [
          'histogram_quantile(0.99, sum by (controller, le) (rate(kubeferry_work_duration_seconds_bucket[$__rate_interval])))',
          '{{controller}}',
        ],
        ['max by (controller) (kubeferry_work_longest_running_seconds)', '{{controller}}, goes on'],
      ],
      width: 6,
    }),
    graph({
      title: 'Looks that failed',
      description: 'Each is made again, later each time.',
      unit: 'ops',
      queries: [['sum by (controller) (rate(kubeferry_work_retries_total[$__rate_interval]))', '{{controller}}']],
      width: 6,
    }),
    stack({
      title: 'Requests to the API server',
      description: 'By verb and HTTP status; none: there was no answer.',
      unit: 'reqps',
      queries: [['sum by (verb, code) (rate(kubeferry_api_requests_total[$__rate_interval]))', '{{verb}} {{code}}']],
      width: 6,
    }),
    graph({
      title: 'Answers of the API server, 99 of 100',
      description: 'Without watches.',
      unit: 's',
      queries: [
        [
          'histogram_quantile(0.99, sum by (verb, le) (rate(kubeferry_api_request_duration_seconds_bucket[$__rate_interval])))',
          '{{verb}}',
        ],
      ],
      width: 6,
    }),
    graph({
      title: 'Lists',
      description: 'Kinds that are listed anew. More than a few an hour: watches break.',
      unit: 'ops',
      queries: [['sum by (kind) (rate(kubeferry_informer_turns_total{turn="list"}[$__rate_interval]))', '{{kind}}']],
      width: 6,
    }),
    graph({
      title: 'Memory',
      description: 'Resident memory of each operator.',
      unit: 'bytes',
      queries: [['process_resident_memory_bytes and on (instance) kubeferry_build_info', '{{instance}}']],
      width: 6,
    }),
    graph({
      title: 'Processor',
      description: 'Cores that each operator uses.',
      unit: 'short',
      queries: [['rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) kubeferry_build_info', '{{instance}}']],
      width: 6,
    }),
    graph({
      title: 'Event loop lag, 99 of 100',
      description: 'Above a tenth of a second probes and leases suffer.',
      unit: 's',
      queries: [['nodejs_eventloop_lag_p99_seconds and on (instance) kubeferry_build_info', '{{instance}}']],
      width: 6,
    }),
  ],
};
