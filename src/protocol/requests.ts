import Type, { type Static, type TSchema } from 'typebox';
import { DEVICE_ID_PATTERN, MSG_ID_PATTERN, USER_ID_PATTERN } from './ids.ts';
import { LIMITS } from './limits.ts';

/**
 * What clients send, as schemas; the types follow from them. Unknown fields are ignored at every level, and `null` is
 * the same as absent: hence `optional`.
 */
const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

const MAX = Number.MAX_SAFE_INTEGER;
const Seq = Type.Integer({ minimum: 0, maximum: MAX });
const Time = Type.Integer({ minimum: 0, maximum: MAX });
const Limit = Type.Integer({ minimum: 1, maximum: MAX });
const UserId = Type.String({ pattern: USER_ID_PATTERN });
const ConversationId = Type.String({ minLength: 1, maxLength: 160 });
const Epoch = Type.String({ maxLength: 64 });

const packet = <P extends TSchema>(payload: P) => Type.Object({ payload });

export const HeartbeatRequest = Type.Object({});

export const LoginRequest = packet(
  Type.Object({
    token: Type.String(),
    device_id: Type.String({ pattern: DEVICE_ID_PATTERN }),
    platform: optional(Type.String({ maxLength: LIMITS.idCharsMax })),
  }),
);

export const ChatRequest = Type.Object({
  msg_id: Type.String({ pattern: MSG_ID_PATTERN }),
  payload: Type.Object({
    conversation_id: optional(ConversationId),
    to: optional(UserId),
    content: Type.String({ minLength: 1 }),
    msg_type: optional(Type.Union([Type.Literal(1), Type.Literal(2)])),
    send_time: optional(Time),
  }),
});

export const PullRequest = Type.Object({
  seq: optional(Seq),
  payload: Type.Object({
    conversation_id: optional(ConversationId),
    before_seq: optional(Seq),
    inbox: optional(Epoch),
    conversations: optional(Type.Literal(true)),
    cursor: optional(Type.String({ maxLength: 512 })),
    limit: optional(Limit),
  }),
});

export const AckRequest = Type.Object({
  seq: Seq,
  payload: Type.Object({
    conversation_id: optional(ConversationId),
    type: optional(Type.Union([Type.Literal('delivered'), Type.Literal('read')])),
    inbox: optional(Epoch),
  }),
});

export const SignalRequest = packet(
  Type.Union([
    Type.Object({
      type: Type.Literal('typing'),
      conversation_id: ConversationId,
      typing: Type.Boolean(),
    }),
    Type.Object({
      type: Type.Literal('watch'),
      user_ids: Type.Array(UserId, { maxItems: LIMITS.watchedUsersMax }),
    }),
  ]),
);

export const RecallRequest = packet(
  Type.Object({ conversation_id: ConversationId, seq: Type.Integer({ minimum: 1, maximum: MAX }) }),
);

export type LoginRequest = Static<typeof LoginRequest>;
export type ChatRequest = Static<typeof ChatRequest>;
export type PullRequest = Static<typeof PullRequest>;
export type AckRequest = Static<typeof AckRequest>;
export type SignalRequest = Static<typeof SignalRequest>;
export type RecallRequest = Static<typeof RecallRequest>;
