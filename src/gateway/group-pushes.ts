import type { GroupPush } from '../ports/push-bus.ts';

/** A push to a group as it came here: those that came before somebody was in the group are not for them. */
export interface NumberedPush {
  number: number;
  push: GroupPush;
}

export interface GroupPushesOptions {
  /** Writes pushes to the group's sessions here, all at once. */
  write(groupId: string, pushes: NumberedPush[]): void;
  /** Sessions here that are in the group, or somewhat less. */
  sizeOf(groupId: string): number;
  /** Told of messages that were left out. */
  onSkipped(count: number): void;
  steadyNow(): number;
}

/** A group of no more is written to at once, whatever else there is to do. */
const SMALL = 100;
/** Large groups get at most half of the process's time: after writing to one it rests for as long as that took. */
const REST_PER_WORK = 1;
/** Bytes of frames that wait for a group; beyond, messages but the newest are left out, and clients pull them. */
const WAITING_BYTES_MAX = 256 * 1024;

interface Waiting {
  pushes: NumberedPush[];
  bytes: number;
}

/**
 * Spaces the writing to large groups. A push to a group that nobody wrote to lately goes out at once. What comes while
 * the process rests is gathered, and leaves together, in one write for each session: so a group costs the more for
 * each write the fewer writes it gets, its messages come late rather than everything else, and where even that is too
 * much they are not pushed at all but seen by the hole in `seq`, which each client pulls at its own pace.
 */
export class GroupPushes {
  private readonly options: GroupPushesOptions;
  private readonly waiting = new Map<string, Waiting>();
  private restUntil = 0;
  private timer: NodeJS.Timeout | undefined;
  private counted = 0;

  constructor(options: GroupPushesOptions) {
    this.options = options;
  }

  /** The number of the next push that comes. */
  get next(): number {
    return this.counted;
  }

  push(groupId: string, pushes: GroupPush[]): void {
    const numbered = pushes.map((push) => ({ number: this.counted++, push }));
    const waiting = this.waiting.get(groupId);
    if (waiting) {
      if (this.gather(waiting, numbered)) this.writeWaiting(groupId, waiting);
    } else if (this.options.sizeOf(groupId) <= SMALL) this.options.write(groupId, numbered);
    else if (this.waiting.size === 0 && this.options.steadyNow() >= this.restUntil) {
      this.writeAndRest(groupId, numbered);
    } else {
      const gathered: Waiting = { pushes: [], bytes: 0 };
      this.waiting.set(groupId, gathered);
      this.gather(gathered, numbered);
      this.schedule();
    }
  }

  /** Whether it is more than may wait, also without the messages. */
  private gather(waiting: Waiting, pushes: NumberedPush[]): boolean {
    for (const one of pushes) {
      waiting.pushes.push(one);
      waiting.bytes += one.push.frame.length;
    }
    if (waiting.bytes <= WAITING_BYTES_MAX) return false;
    const newest = waiting.pushes.findLast(({ push }) => isMessage(push));
    const kept = waiting.pushes.filter((one) => !isMessage(one.push) || one === newest);
    this.options.onSkipped(waiting.pushes.length - kept.length);
    waiting.pushes = kept;
    waiting.bytes = kept.reduce((sum, { push }) => sum + push.frame.length, 0);
    return waiting.bytes > WAITING_BYTES_MAX;
  }

  private writeAndRest(groupId: string, pushes: NumberedPush[]): void {
    const { write, steadyNow } = this.options;
    const startedAt = steadyNow();
    write(groupId, pushes);
    const endedAt = steadyNow();
    this.restUntil = endedAt + REST_PER_WORK * (endedAt - startedAt);
    if (this.waiting.size > 0) this.schedule();
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => this.writeNext(), Math.max(0, this.restUntil - this.options.steadyNow()));
  }

  /** The group that waits longest. */
  private writeNext(): void {
    this.timer = undefined;
    const [first] = this.waiting;
    if (!first) return;
    this.writeWaiting(...first);
  }

  private writeWaiting(groupId: string, { pushes }: Waiting): void {
    this.waiting.delete(groupId);
    this.writeAndRest(groupId, pushes);
  }
}

/** Events are not to be had by pulling. */
function isMessage({ accepted_at }: GroupPush): boolean {
  return accepted_at !== undefined;
}
