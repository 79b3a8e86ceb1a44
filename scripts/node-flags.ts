/**
 * How Node.js is started for a server: by the image, by `npm start`, in the local cluster, in benches. What is under way
 * outlives collections of young objects, and each of them moves it; with 64 MiB (32 by default) there are fewer. And V8 is
 * kept from making objects old from the start where those before them lived long: each keeps what it refers to. See
 * decision 0033. Nor does it give memory back in quiet times, as it stops the server for that: decision 0035.
 */
export const NODE_FLAGS = [
  '--max-semi-space-size=64',
  '--no-allocation-site-pretenuring',
  '--no-memory-reducer',
];
