/**
 * Limits of the wire contract: fixed numbers that clients may rely on. What a deployment may change is in `config/`.
 */
export const LIMITS = {
  /** Bytes of one message from a client, all its frames together; more closes with 1009. */
  clientMessageBytesMax: 64 * 1024,
  /** Frames of one message; more closes with 1008. Each is kept until the last, so tiny ones cost more than they hold. */
  clientMessageFramesMax: 4096,
  /** Characters of a `msg_id`, a user id, a device id, and of a group's id after its prefix. */
  idCharsMax: 64,
  /** UTF-8 bytes of a text; more is 413. */
  textBytesMax: 16_384,
  /** UTF-8 bytes of an image's URL; more is 400. */
  imageUrlBytesMax: 2048,
  /** Characters of a group's name and of a nickname; more is 400. */
  nameCharsMax: 128,
  /** Messages or rows on a page: what is given unless told, and what a larger wish counts as. */
  pageDefault: 50,
  pageMax: 200,
  /** Bytes of a frame that a page of messages may fill; it is cut there, never below one message. */
  pageBytesMax: 512 * 1024,
  /** Answers of 400 in a row that close the connection with 4400. */
  badPacketsInARow: 10,
  /** Time to log in before the connection is closed with 4401. */
  loginTimeoutMs: 10_000,
  /** How long a session may go on sending into its rate limit before it is closed with 4429. */
  floodToleranceMs: 10_000,
  /** Bytes that may wait for a slow reader; more closes with 4413. */
  outboxBytesMax: 1024 * 1024,
  /** Users that one session may watch. */
  watchedUsersMax: 200,
  /** Members whom one call may put into a new group. */
  groupCreateMembersMax: 1000,
  /** Members above which a group has no status, no typing and no receipts of others. */
  smallGroupMembers: 100,
  /** Bytes of an uploaded image; more is 413. */
  uploadBytesMax: 5 * 1024 * 1024,
  /** Leeway for `exp` and `nbf` of a token. */
  tokenLeewaySeconds: 5,
} as const;
