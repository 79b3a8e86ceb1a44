/** Whether what is switched is on. */
export const state = { on: true };

export type Call = (...args: never[]) => unknown;

/** A function that does `work` while it is on, and `instead` while it is off. */
export function switched(work: Call, instead: Call): Call {
  return (...args) => (state.on ? work(...args) : instead(...args));
}
