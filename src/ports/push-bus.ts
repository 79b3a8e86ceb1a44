import type { Presence } from '../protocol/packets.ts';
import type { RefusalPayload } from '../protocol/refusal.ts';

/** A frame for sockets: the JSON text that clients see, serialized once. */
export interface FramePush {
  frame: string;
  /** This session is left out. */
  except_session?: string;
  /** This user's sessions are left out. */
  except_user?: string;
  /** When a gateway accepted the message in it, ms since 1970: for the latency that is measured at delivery. */
  accepted_at?: number;
  /** Where in a trace the message in it was handled; only of what is sampled. */
  trace?: string;
}

/** What a member may do in a group, as gateways remember it of the users they hold. */
export interface Standing {
  muted_until: number | null;
}

/** For one gateway. */
export type Push =
  | ({ to: 'users'; user_ids: string[] } & FramePush)
  | { to: 'session'; session_id: string; frame: string }
  /** A newer session holds the device: close this one. */
  | { to: 'kick'; session_id: string }
  /** The gateway accepted this message, and it was refused later: it is not the one that stands. */
  | { to: 'forget'; sender_id: string; msg_id: string }
  /** The request that waits under this id is done, or was refused. */
  | { to: 'reply'; reply_id: string; refusal?: RefusalPayload }
  /** These users' standing in a group changed (null: no member any more); the frame tells their clients. */
  | { to: 'membership'; group_id: string; user_ids: string[]; standing: Standing | null; frame: string };

/** For all gateways that hold a member of the group. */
export interface GroupPush extends FramePush {
  /** The group is gone: nobody is a member any more. */
  dissolved?: true;
}

export interface PushListener {
  onPush(pushes: Push[]): void;
  onGroup(groupId: string, pushes: GroupPush[]): void;
  onPresence(presence: Presence): void;
  /** Anything may have been lost since the last push. */
  onInterrupted(): void;
}

/** A gateway's own feed. Methods that subscribe resolve when what is published from then on will come. */
export interface PushFeed extends AsyncDisposable {
  joinGroup(groupId: string): Promise<void>;
  leaveGroup(groupId: string): Promise<void>;
  watch(userId: string): Promise<void>;
  unwatch(userId: string): Promise<void>;
}

/**
 * From workers and gateways to gateways. At most once: what is published to nobody, or while a feed is interrupted, is
 * gone. What one publisher publishes to one destination comes in order. A call with many pushes is one envelope.
 */
export interface PushBus extends AsyncDisposable {
  publish(gatewayId: string, pushes: Push[]): Promise<void>;
  publishGroup(groupId: string, pushes: GroupPush[]): Promise<void>;
  publishPresence(presence: Presence): Promise<void>;
  listen(gatewayId: string, listener: PushListener): Promise<PushFeed>;
}
