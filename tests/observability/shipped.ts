import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const PROJECT = path.resolve(import.meta.dirname, '../..');
export const GRAFANA = path.join(PROJECT, 'grafana');
export const RULE_FILES = globSync('alerts/*.yaml', { cwd: GRAFANA }).map((name) => path.join(GRAFANA, name));
export const RULE_TESTS = globSync('alerts/tests/*.yaml', { cwd: GRAFANA }).map((name) =>
  path.join(GRAFANA, name),
);

export interface ShippedPanel {
  dashboard: string;
  title: string;
  description: string;
  unit: string | undefined;
  exprs: string[];
}

export interface ShippedDashboard {
  file: string;
  text: string;
  panels: ShippedPanel[];
}

interface PanelJson {
  type: string;
  title: string;
  description: string;
  fieldConfig: { defaults: { unit?: string } };
  targets: { expr: string }[];
}

/** The dashboards as they are in their files. */
export function shippedDashboards(): ShippedDashboard[] {
  return globSync('dashboards/*.json', { cwd: GRAFANA })
    .sort()
    .map((file) => {
      const text = readFileSync(path.join(GRAFANA, file), 'utf8');
      const panels: PanelJson[] = JSON.parse(text).panels;
      return {
        file,
        text,
        panels: panels
          .filter(({ type }) => type !== 'row')
          .map(({ title, description, fieldConfig, targets }) => ({
            dashboard: file,
            title,
            description,
            unit: fieldConfig.defaults.unit,
            exprs: targets.map(({ expr }) => expr),
          })),
      };
    });
}

export interface ShippedAlert {
  name: string;
  runbook: string | undefined;
  /** The whole of it, as it stands in its file. */
  text: string;
}

export function ruleText(): string {
  return RULE_FILES.map((file) => readFileSync(file, 'utf8')).join('\n');
}

export function shippedAlerts(): ShippedAlert[] {
  return ruleText()
    .split(/^ {6}- (?=alert: |record: )|^ {2}- (?=name: )/m)
    .filter((text) => text.startsWith('alert: '))
    .map((text) => ({
      name: /^alert: (\w+)$/m.exec(text)![1]!,
      runbook: /runbook_url: (\S+)$/m.exec(text)?.[1],
      text,
    }));
}
