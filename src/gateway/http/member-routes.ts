import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { GroupMember } from '../../ports/groups.ts';
import { isUserId } from '../../protocol/ids.ts';
import type { GroupMemberView } from '../../protocol/packets.ts';
import { Refusal } from '../../protocol/refusal.ts';
import { groupAccess } from '../access.ts';
import type { Gateway } from '../gateway-state.ts';
import { changeGroup } from '../group-changes.ts';
import { muteRule, putMemberRule, type Rule, removeRule } from '../group-rules.ts';
import { pageLimit } from '../pages.ts';
import {
  GroupParams,
  ListQuery,
  MemberAnswer,
  MemberParams,
  MembersAnswer,
  MuteBody,
  NoAnswer,
  PutMemberBody,
  withErrors,
} from './schemas.ts';

type Params = { Params: Static<typeof MemberParams> };

export function memberRoutes(app: FastifyInstance, gateway: Gateway): void {
  const tags = ['groups'];
  const response = withErrors({ 200: MemberAnswer });
  app.get<{ Params: Static<typeof GroupParams>; Querystring: Static<typeof ListQuery> }>(
    '/v1/groups/:id/members',
    {
      schema: {
        tags,
        summary: 'The members of a group, by user id',
        params: GroupParams,
        querystring: ListQuery,
        response: withErrors({ 200: MembersAnswer }),
      },
    },
    ({ userId, params, query }) => listMembers(gateway, userId, params.id, query),
  );
  app.put<Params & { Body: Static<typeof PutMemberBody> }>(
    '/v1/groups/:id/members/:user_id',
    {
      schema: {
        tags,
        summary: 'Add a member, or set a role',
        params: MemberParams,
        body: PutMemberBody,
        response,
      },
    },
    ({ userId, params, body }) => {
      const { membersPerGroup } = gateway.settings;
      const rule = putMemberRule(
        userId,
        params.user_id,
        body.role ?? undefined,
        membersPerGroup,
        gateway.now(),
      );
      return changeMember(gateway, userId, params, rule);
    },
  );
  app.patch<Params & { Body: Static<typeof MuteBody> }>(
    '/v1/groups/:id/members/:user_id',
    {
      schema: {
        tags,
        summary: 'Mute a member until a time, or unmute',
        params: MemberParams,
        body: MuteBody,
        response,
      },
    },
    ({ userId, params, body }) =>
      changeMember(gateway, userId, params, muteRule(userId, params.user_id, body.muted_until)),
  );
  app.delete<Params>(
    '/v1/groups/:id/members/:user_id',
    {
      schema: {
        tags,
        summary: 'Leave, or remove a member',
        params: MemberParams,
        response: withErrors({ 204: NoAnswer }),
      },
    },
    async ({ userId, params }, reply) => {
      await changeGroup(gateway, params.id, [userId, params.user_id], removeRule(userId, params.user_id));
      return reply.code(204).send();
    },
  );
}

async function listMembers(
  gateway: Gateway,
  userId: string,
  groupId: string,
  query: Static<typeof ListQuery>,
) {
  await groupAccess(gateway.timeline, userId, groupId);
  const limit = pageLimit(query.limit);
  const { cursor } = query;
  if (cursor !== undefined && !isUserId(cursor)) {
    throw new Refusal('bad_packet', 'cursor is not one that a page of this list gave.');
  }
  const members = await gateway.timeline.members(groupId, cursor, limit + 1);
  const shown = members.slice(0, limit);
  return {
    members: shown.map(toView),
    ...(members.length > limit ? { cursor: shown.at(-1)!.user_id } : {}),
  };
}

async function changeMember(gateway: Gateway, by: string, params: Static<typeof MemberParams>, rule: Rule) {
  const state = await changeGroup(gateway, params.id, [by, params.user_id], rule);
  return toView(state.members.get(params.user_id)!);
}

function toView({ user_id, role, join_time, join_seq, muted_until }: GroupMember): GroupMemberView {
  return { user_id, role, join_time, join_seq, ...(muted_until === null ? {} : { muted_until }) };
}
