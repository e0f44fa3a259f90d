/** Panels of the dashboard as Grafana's own schema has them, and their places in its grid of 24 columns. */
import { type Options as BarOptions, defaultOptions as barDefaults } from '@grafana/grafana-foundation-sdk/bargauge';
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  type GraphFieldConfig,
  LegendDisplayMode,
  LegendPlacement,
  SortOrder,
  StackingMode,
  TooltipDisplayMode,
  VizOrientation,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type FieldConfig,
  type GridPos,
  type Panel,
  type RowPanel,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { type Dataquery, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { type Options as StatOptions, defaultOptions as statDefaults } from '@grafana/grafana-foundation-sdk/stat';
import type { Options as GraphOptions } from '@grafana/grafana-foundation-sdk/timeseries';

/** Grafana's ids of units. @see packages/grafana-data/src/valueFormats/categories.ts of Grafana */
export type Unit = 'none' | 'short' | 'percentunit' | 'bytes' | 'binBps' | 's' | 'reqps' | 'ops';

export interface PanelText {
  readonly title: string;
  /** What it shows, and what to look for. */
  readonly description: string;
  readonly unit: Unit;
  /** PromQL, and what each of its series is called. */
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  /** Columns of 24. */
  readonly width: number;
}

export type Draft = (place: { readonly id: number; readonly gridPos: GridPos }) => Panel;

export interface Row {
  readonly title: string;
  readonly panels: readonly { readonly width: number; readonly draft: Draft }[];
}

/** The data source that is chosen at the top of the dashboard. */
export const SOURCE = { type: 'prometheus', uid: '$datasource' } as const;
const COLUMNS = 24;
const HEIGHT = 8;

/** Lines over time. */
export function graph(text: PanelText, custom: GraphFieldConfig = {}): Row['panels'][number] {
  const options: GraphOptions = {
    legend: { displayMode: LegendDisplayMode.List, placement: LegendPlacement.Bottom, showLegend: true, calcs: [] },
    tooltip: { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending },
  };
  const fields: GraphFieldConfig = { lineWidth: 1, fillOpacity: 10, spanNulls: false, ...custom };
  return panel('timeseries', text, { options, defaults: { min: 0, custom: fields }, instant: false });
}

/** Areas on top of each other, which add up to something. */
export function stack(text: PanelText): Row['panels'][number] {
  return graph(text, { stacking: { mode: StackingMode.Normal, group: 'A' }, fillOpacity: 30 });
}

/** What it is now, in large figures. @param bad from which value on it is red; never when absent */
export function figure(text: PanelText, bad?: number): Row['panels'][number] {
  const options: StatOptions = {
    ...statDefaults(),
    graphMode: BigValueGraphMode.None,
    colorMode: BigValueColorMode.Value,
    reduceOptions: { calcs: ['lastNotNull'] },
  };
  return panel('stat', text, { options, defaults: thresholds(bad), instant: true });
}

/** What it is now, one bar a series. @param max the end of a bar */
export function bars(text: PanelText, max: number): Row['panels'][number] {
  const options: BarOptions = {
    ...barDefaults(),
    displayMode: BarGaugeDisplayMode.Basic,
    orientation: VizOrientation.Horizontal,
    reduceOptions: { calcs: ['lastNotNull'] },
  };
  return panel('bargauge', text, { options, defaults: { min: 0, max, ...thresholds(undefined) }, instant: true });
}

/** Rows below each other, each followed by its panels, from left to right and on to the next line. */
export function place(rows: readonly Row[]): (Panel | RowPanel)[] {
  let id = 0;
  let y = 0;
  return rows.flatMap(({ title, panels }) => {
    id += 1;
    const head: RowPanel = { type: 'row', id, title, collapsed: false, gridPos: { x: 0, y, w: COLUMNS, h: 1 }, panels: [] };
    y += 1;
    let x = 0;
    const placed = panels.map(({ width, draft }) => {
      if (x + width > COLUMNS) {
        x = 0;
        y += HEIGHT;
      }
      id += 1;
      const gridPos = { x, y, w: width, h: HEIGHT };
      x += width;
      return draft({ id, gridPos });
    });
    y += HEIGHT;
    return [head, ...placed];
  });
}

function panel(type: string, text: PanelText, about: Look): Row['panels'][number] {
  const { title, description, unit, queries, width } = text;
  const { options, defaults, instant } = about;
  const targets = queries.map(([expr, legendFormat], index) => ({
    ...{ datasource: SOURCE, refId: String.fromCharCode(65 + index), expr, legendFormat, instant, range: !instant },
    format: PromQueryFormat.TimeSeries,
  })) satisfies Omit<Dataquery, '_implementsDataqueryVariant'>[];
  const draft: Draft = (placed) => ({
    ...{ type, title, description, datasource: SOURCE, ...placed },
    // The type has a marker method besides, which JSON cannot have.
    targets: targets as unknown as Dataquery[],
    options,
    fieldConfig: { defaults: { unit, ...defaults }, overrides: [] },
  });
  return { width, draft };
}

interface Look {
  readonly options: unknown;
  readonly defaults: FieldConfig;
  readonly instant: boolean;
}

function thresholds(bad: number | undefined): Pick<FieldConfig, 'thresholds'> {
  const steps = [{ value: null, color: 'green' }, ...(bad === undefined ? [] : [{ value: bad, color: 'red' }])];
  return { thresholds: { mode: ThresholdsMode.Absolute, steps } };
}
