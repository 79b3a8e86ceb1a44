/** Ids that one generation holds; two generations are kept, about 150 bytes an id. */
const GENERATION_MAX = 20_000;

/**
 * The messages that this gateway accepted lately, by sender and msg_id, with a digest of what they were: to tell a
 * message sent again from a new one, and a conflict at once. The worker decides for good.
 */
export class RecentMessages {
  private young = new Map<string, string>();
  private old = new Map<string, string>();

  get(key: string): string | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  add(key: string, digest: string): void {
    if (this.young.size >= GENERATION_MAX) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, digest);
  }

  delete(key: string): void {
    this.young.delete(key);
    this.old.delete(key);
  }
}
