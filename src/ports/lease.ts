/** Who holds a lease, as its holder wrote it down. Everything but `version` is the holders' own. */
export interface LeaseRecord {
  /** Empty where nobody holds it. */
  holder: string;
  /** For how long others leave it alone after they saw it renewed. */
  durationMs: number;
  /** How often it has changed hands. */
  transitions: number;
  /** Changes with every write. */
  version: string;
}

/** One place that several processes write to in turn, so that one at a time is active. */
export interface Lease {
  read(): Promise<LeaseRecord>;

  /** Writes if nobody has written since `record.version` was read; gives the new version, undefined where somebody had. */
  write(record: LeaseRecord): Promise<string | undefined>;
}
