/** What is kept of a user beyond messages and memberships. A user needs no creation. */
export interface UserProfile {
  user_id: string;
  /** Empty unless the user set one. */
  nickname: string;
  /** How far the user has read the inbox of `inbox_epoch`; 0 and "" where never said. */
  last_ack_seq: number;
  inbox_epoch: string;
}

export interface UserStore {
  profile(userId: string): Promise<UserProfile>;
  setNickname(userId: string, nickname: string, time: number): Promise<void>;
  /** Forward only within an epoch; another epoch replaces both. At most one move per user. */
  advanceInboxCursors(moves: { user_id: string; epoch: string; seq: number; time: number }[]): Promise<void>;
}
