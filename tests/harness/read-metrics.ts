/** What a process showed on its internal port at one moment. */
export interface Reading {
  /** All of them, each by its name and, where it has some, its labels: `name{label="value"}`. */
  series: ReadonlyMap<string, number>;
  /** Of one series. Throws where it is not shown. */
  value(series: string): number;
  /** Of all series of one name, whatever their labels. */
  values(name: string): number[];
}

export async function readMetrics(internalUrl: string): Promise<Reading> {
  const text = await (await fetch(`${internalUrl}/metrics`)).text();
  const series = new Map<string, number>();
  for (const line of text.split('\n')) {
    const space = line.lastIndexOf(' ');
    if (line !== '' && !line.startsWith('#')) series.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return {
    series,
    value(name) {
      const value = series.get(name);
      if (value === undefined) throw new Error(`${internalUrl} does not show ${name}`);
      return value;
    },
    values: (name) => [...series].flatMap(([key, value]) => (key.startsWith(`${name}{`) ? value : [])),
  };
}

export async function readMetric(internalUrl: string, series: string): Promise<number> {
  return (await readMetrics(internalUrl)).value(series);
}
