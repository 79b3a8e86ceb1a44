/** Ends what was begun. */
export type Heal = () => Promise<void>;

/** Something that goes wrong in production, to be made and mended at will. */
export interface Fault {
  /** Says what and where; a schedule names it so. */
  readonly name: string;
  /** What it happens to. Two faults at once are of different subjects: one could not be told from the other. */
  readonly subject: string;
  /** Resolves when it is in effect. Faults that are over at once have nothing to heal. */
  begin(): Promise<Heal>;
}

export const NOTHING_TO_HEAL: Heal = async () => {};
