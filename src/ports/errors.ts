/**
 * A store or the log is out of reach, or did not answer in time. Thrown by every adapter in place of its driver's own
 * error when trying again later may help; whatever else an adapter throws is a fault that retrying does not cure.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
  readonly store: string;

  constructor(store: string, message: string, options?: ErrorOptions) {
    super(`${store}: ${message}`, options);
    this.store = store;
  }
}

/**
 * What was read before is no longer true: a message id was stored by somebody else in between, or numbers cannot be
 * agreed upon. Nothing was stored; the caller starts over from reading.
 */
export class StoreConflict extends Error {
  override readonly name = 'StoreConflict';
}
