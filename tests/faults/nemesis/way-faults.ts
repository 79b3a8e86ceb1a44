import type { Toxic, Way } from '../../harness/toxiproxy.ts';
import type { Fault, Heal } from './fault.ts';

type Direction = Toxic['stream'];
const DIRECTIONS: Direction[] = ['upstream', 'downstream'];

/** What a way may suffer, one direction at a time. Units are those of toxiproxy: milliseconds, KB a second. */
const TOXICS = {
  slow: { type: 'latency', attributes: { latency: 400, jitter: 300 } },
  narrow: { type: 'bandwidth', attributes: { rate: 16 } },
  /** Nothing passes, and nobody is told: packets are dropped, with no FIN. */
  silent: { type: 'timeout', attributes: { timeout: 0 } },
  /** A connection ends by RST as soon as something passes. */
  reset: { type: 'reset_peer', attributes: { timeout: 0 } },
} as const satisfies Record<string, Omit<Toxic, 'stream'>>;

export function wayFaults(way: Way): Fault[] {
  const fault = (name: string, begin: () => Promise<Heal>): Fault => ({
    name: `${name} ${way.name}`,
    subject: way.name,
    begin,
  });
  const spoiled = DIRECTIONS.flatMap((stream) =>
    Object.entries(TOXICS).map(([name, toxic]) =>
      fault(`${name} ${stream} of`, () => way.spoil({ ...toxic, stream })),
    ),
  );
  return [...spoiled, fault('cut of', () => way.cut())];
}
