import Type, { type TSchema } from 'typebox';
import { CODES } from '../../protocol/codes.ts';
import { GROUP_ID_PATTERN, USER_ID_PATTERN } from '../../protocol/ids.ts';
import { LIMITS } from '../../protocol/limits.ts';

/** Bodies, queries and answers of the HTTP API; the OpenAPI document is made from them. */
const optional = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const literals = <const T extends string>(...values: T[]) =>
  Type.Union(values.map((value) => Type.Literal(value)));

const MAX = Number.MAX_SAFE_INTEGER;
const UserId = Type.String({ pattern: USER_ID_PATTERN });
const GroupId = Type.String({ pattern: GROUP_ID_PATTERN });
/** 1 to 128 characters, none of them a control character. */
const Name = Type.String({
  minLength: 1,
  maxLength: LIMITS.nameCharsMax,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
});
const HistorySetting = literals('all', 'joined');
const RoleName = literals('owner', 'admin', 'member');
const Seq = Type.Integer({ minimum: 0, maximum: MAX });
const Limit = Type.Integer({ minimum: 1, maximum: MAX, description: 'Above 200 counts as 200.' });
const Cursor = Type.String({ maxLength: 512, description: 'From the page before.' });

export const GroupParams = Type.Object({ id: GroupId });
export const MemberParams = Type.Object({ id: GroupId, user_id: UserId });
export const UserParams = Type.Object({ id: UserId });
export const ConversationParams = Type.Object({ id: Type.String({ maxLength: 160 }) });
export const UploadParams = Type.Object({ name: Type.String({ maxLength: 64 }) });

export const ListQuery = Type.Object({ cursor: Type.Optional(Cursor), limit: Type.Optional(Limit) });
export const MessagesQuery = Type.Object({
  after_seq: Type.Optional(Seq),
  before_seq: Type.Optional(Seq),
  limit: Type.Optional(Limit),
});

export const DevTokenBody = Type.Object({ user_id: UserId });
export const ProfileBody = Type.Object({ nickname: Name });
export const CreateGroupBody = Type.Object({
  group_id: optional(GroupId),
  name: Name,
  members: Type.Array(UserId, { maxItems: LIMITS.groupCreateMembersMax }),
  history: optional(HistorySetting),
});
export const UpdateGroupBody = Type.Object({ name: optional(Name), history: optional(HistorySetting) });
export const PutMemberBody = Type.Object({ role: optional(RoleName) });
export const MuteBody = Type.Object({
  muted_until: Type.Union([Type.Integer({ minimum: 0, maximum: MAX }), Type.Null()]),
});

export const DevTokenAnswer = Type.Object({ token: Type.String() });
export const ProfileAnswer = Type.Object({ user_id: UserId, nickname: Type.String(), last_ack_seq: Seq });
export const GroupAnswer = Type.Object({
  group_id: GroupId,
  name: Type.String(),
  owner_id: UserId,
  history: HistorySetting,
  member_count: Type.Integer(),
  created_at: Type.Integer(),
});
export const MemberAnswer = Type.Object({
  user_id: UserId,
  role: RoleName,
  join_time: Type.Integer(),
  join_seq: Seq,
  muted_until: Type.Optional(Type.Integer()),
});
export const MembersAnswer = Type.Object({
  members: Type.Array(MemberAnswer),
  cursor: Type.Optional(Type.String()),
});
const MessageAnswer = Type.Object({
  conversation_id: Type.String(),
  seq: Seq,
  msg_id: Type.String(),
  sender_id: UserId,
  msg_type: Type.Integer(),
  content: Type.String(),
  send_time: Type.Integer(),
  status: Type.Integer(),
  client_time: Type.Optional(Type.Integer()),
  inbox_seq: Type.Optional(Seq),
  recalled: Type.Optional(Type.Boolean()),
});
export const MessagesAnswer = Type.Object({
  conversation_id: Type.String(),
  messages: Type.Array(MessageAnswer),
  has_more: Type.Boolean(),
  head_seq: Seq,
});
export const ConversationsAnswer = Type.Object({
  conversations: Type.Array(
    Type.Object({
      conversation_id: Type.String(),
      type: literals('direct', 'group'),
      name: Type.Optional(Type.String()),
      head_seq: Seq,
      ack_seq: Seq,
      read_seq: Seq,
      unread: Type.Integer(),
      last_message: Type.Union([MessageAnswer, Type.Null()]),
    }),
  ),
  cursor: Type.Optional(Type.String()),
});
export const PresenceAnswer = Type.Object({
  user_id: UserId,
  online: Type.Boolean(),
  devices: Type.Integer(),
  last_seen: Type.Union([Type.Integer(), Type.Null()]),
});
export const UploadAnswer = Type.Object({ url: Type.String() });
export const NoAnswer = Type.Null({ description: 'Done' });
/** Bytes, whose form no schema tells. */
export const Picture = {
  description: 'The picture',
  content: Object.fromEntries(
    ['image/png', 'image/jpeg', 'image/gif', 'image/webp'].map((type) => [type, { schema: {} }]),
  ),
};

const ErrorAnswer = Type.Object({
  code: Type.Integer(),
  error: Type.String(),
  message: Type.String(),
  retry_after_ms: Type.Optional(Type.Integer()),
});

/** The answers that any authenticated call may give beside its own. */
export function withErrors(answers: Record<number, TSchema>): Record<number, TSchema> {
  const errors = Object.values(CODES).filter(({ code }) => code !== CODES.ok.code);
  return { ...Object.fromEntries(errors.map(({ code }) => [code, ErrorAnswer])), ...answers };
}
