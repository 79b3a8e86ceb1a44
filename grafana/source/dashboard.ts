/** What a number on a panel is, in Grafana's names for units. */
export type Unit =
  | 'short'
  | 's'
  | 'bytes'
  | 'percentunit'
  | 'ops'
  | 'mps'
  | 'cps'
  | 'Bps'
  | 'dateTimeAsIso'
  | 'none';

export interface Query {
  expr: string;
  /** With labels in double braces; empty where the panel shows one number. */
  legend: string;
}

export interface Panel {
  title: string;
  /** For somebody who has never seen it: what it is, and what is good. */
  description: string;
  unit: Unit;
  queries: Query[];
  /** `lines` unless told; `number` shows the newest value alone. */
  kind?: 'lines' | 'number';
  /** Yellow and red from here on, drawn as lines too. */
  warnAt?: number;
  badAt?: number;
  /** Lower is worse: green from `warnAt` up. */
  lowIsBad?: boolean;
  stacked?: boolean;
  min?: number;
  max?: number;
}

export interface Row {
  title: string;
  panels: Panel[];
}

export interface Dashboard {
  /** Name of its file and of its address, which never changes. */
  uid: string;
  title: string;
  description: string;
  rows: Row[];
}

const GRID_WIDTH = 24;
const SIZES = { lines: { w: 8, h: 8 }, number: { w: 4, h: 4 } };
const SCHEMA_VERSION = 39;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
const COLORS = { good: 'green', warn: 'orange', bad: 'red' };

/** The dashboard as Grafana reads it from a file: the data source is a variable, and nothing is asked on import. */
export function toJson({ uid, title, description, rows }: Dashboard): object {
  return {
    uid: `seqline-${uid}`,
    title: `seqline / ${title}`,
    description,
    tags: ['seqline'],
    schemaVersion: SCHEMA_VERSION,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: {
      list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }],
    },
    links: [{ title: 'seqline', type: 'dashboards', tags: ['seqline'], asDropdown: true, keepTime: true }],
    panels: layOut(rows),
  };
}

/** Rows from top to bottom, panels from left to right. */
function layOut(rows: Row[]): object[] {
  const laid: object[] = [];
  let y = 0;
  for (const row of rows) {
    const id = laid.length + 1;
    laid.push({ id, type: 'row', title: row.title, gridPos: { x: 0, y, w: GRID_WIDTH, h: 1 }, panels: [] });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const panel of row.panels) {
      const { w, h } = SIZES[panel.kind ?? 'lines'];
      if (x + w > GRID_WIDTH) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      laid.push({ id: laid.length + 1, gridPos: { x, y, w, h }, ...panelJson(panel) });
      x += w;
      lineHeight = Math.max(lineHeight, h);
    }
    y += lineHeight;
  }
  return laid;
}

function panelJson(panel: Panel): object {
  const { title, description, kind = 'lines' } = panel;
  return {
    type: kind === 'number' ? 'stat' : 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    targets: panel.queries.map(({ expr, legend }, i) => ({
      refId: String.fromCharCode('A'.charCodeAt(0) + i),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      range: true,
    })),
    fieldConfig: { defaults: fieldJson(panel), overrides: [] },
    options:
      kind === 'number'
        ? { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: 'background', graphMode: 'area' }
        : { tooltip: { mode: 'multi', sort: 'desc' }, legend: { displayMode: 'list', placement: 'bottom' } },
  };
}

function fieldJson({ kind, unit, warnAt, badAt, lowIsBad, stacked, min, max }: Panel): object {
  const steps = thresholdSteps(warnAt, badAt, lowIsBad);
  return {
    unit,
    min,
    max,
    thresholds: { mode: 'absolute', steps },
    color: { mode: kind === 'number' ? 'thresholds' : 'palette-classic' },
    custom: {
      fillOpacity: stacked ? 40 : 8,
      showPoints: 'never',
      stacking: { mode: stacked ? 'normal' : 'none' },
      thresholdsStyle: { mode: steps.length > 1 ? 'line' : 'off' },
    },
  };
}

function thresholdSteps(warnAt?: number, badAt?: number, lowIsBad = false) {
  const first = { color: lowIsBad ? COLORS.bad : COLORS.good, value: null };
  const marks: { color: string; value: number | null }[] = [first];
  if (lowIsBad) {
    if (badAt !== undefined) marks.push({ color: COLORS.warn, value: badAt });
    if (warnAt !== undefined) marks.push({ color: COLORS.good, value: warnAt });
    return marks;
  }
  if (warnAt !== undefined) marks.push({ color: COLORS.warn, value: warnAt });
  if (badAt !== undefined) marks.push({ color: COLORS.bad, value: badAt });
  return marks;
}
