/** The package has no types of its own. */
declare module 'cluster-key-slot' {
  /** The slot of Redis Cluster in which a key is: 0 to 16383. */
  function calculateSlot(key: string): number;
  export = calculateSlot;
}
