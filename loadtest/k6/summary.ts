import { reportOf, type SummaryData } from './report.ts';
import { htmlOf } from './report-html.ts';
import { textOf } from './report-text.ts';
import type { Settings } from './settings.ts';

/** For k6 to call at the end: what it writes, by the file's name. The folder must be there. */
export function summary(scenario: string, settings: Settings): (data: SummaryData) => Record<string, string> {
  return (data) => {
    if (!data.metrics.iterations) return { stdout: `\n${scenario} is not judged: the error says why.\n\n` };
    const report = reportOf(scenario, settings, data);
    const file = `${settings.summaryDir}/${scenario}`;
    return {
      stdout: textOf(report),
      [`${file}.json`]: `${JSON.stringify(report, undefined, 2)}\n`,
      [`${file}.html`]: htmlOf(report),
    };
  };
}
