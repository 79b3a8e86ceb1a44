import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import type { Group } from '../../ports/groups.ts';
import type { GroupView } from '../../protocol/packets.ts';
import { Refusal } from '../../protocol/refusal.ts';
import { groupAccess } from '../access.ts';
import type { Gateway } from '../gateway-state.ts';
import { changeGroup, tellCreated } from '../group-changes.ts';
import { dissolveRule, updateRule } from '../group-rules.ts';
import {
  CreateGroupBody,
  GroupAnswer,
  GroupParams,
  NoAnswer,
  UpdateGroupBody,
  withErrors,
} from './schemas.ts';

type Params = { Params: Static<typeof GroupParams> };

export function groupRoutes(app: FastifyInstance, gateway: Gateway): void {
  const tags = ['groups'];
  app.post<{ Body: Static<typeof CreateGroupBody> }>(
    '/v1/groups',
    {
      schema: {
        tags,
        summary: 'Create a group',
        body: CreateGroupBody,
        response: withErrors({ 201: GroupAnswer }),
      },
    },
    async (request, reply) => {
      const group = await createGroup(gateway, request.userId, request.body);
      return reply.code(201).send(group);
    },
  );
  app.get<Params>(
    '/v1/groups/:id',
    { schema: { tags, summary: 'A group', params: GroupParams, response: withErrors({ 200: GroupAnswer }) } },
    async ({ userId, params }) => toView((await groupAccess(gateway.timeline, userId, params.id)).group),
  );
  app.patch<Params & { Body: Static<typeof UpdateGroupBody> }>(
    '/v1/groups/:id',
    {
      schema: {
        tags,
        summary: "Change a group's name or history",
        params: GroupParams,
        body: UpdateGroupBody,
        response: withErrors({ 200: GroupAnswer }),
      },
    },
    async ({ userId, params, body }) => {
      const patch = { name: wellFormed(body.name), history: body.history ?? undefined };
      return toView((await changeGroup(gateway, params.id, [userId], updateRule(userId, patch))).group);
    },
  );
  app.delete<Params>(
    '/v1/groups/:id',
    {
      schema: {
        tags,
        summary: 'Dissolve a group',
        params: GroupParams,
        response: withErrors({ 204: NoAnswer }),
      },
    },
    async ({ userId, params }, reply) => {
      await changeGroup(gateway, params.id, [userId], dissolveRule(userId));
      return reply.code(204).send();
    },
  );
}

async function createGroup(gateway: Gateway, ownerId: string, body: Static<typeof CreateGroupBody>) {
  const memberIds = [...new Set([ownerId, ...body.members])];
  const { membersPerGroup } = gateway.settings;
  if (memberIds.length > membersPerGroup) {
    throw new Refusal('bad_packet', `A group has at most ${membersPerGroup} members.`);
  }
  const group: Group = {
    group_id: body.group_id ?? `group_${randomUUID()}`,
    name: wellFormed(body.name)!,
    owner_id: ownerId,
    history: body.history ?? 'all',
    member_count: memberIds.length,
    created_at: gateway.now(),
  };
  if (!(await gateway.timeline.createGroup(group, memberIds))) {
    throw new Refusal('conflict', `The id ${group.group_id} is taken.`);
  }
  await tellCreated(gateway, group, memberIds);
  return toView(group);
}

/** A name that can be written as UTF-8. */
export function wellFormed(name: string | null | undefined): string | undefined {
  if (name && !name.isWellFormed()) throw new Refusal('bad_packet', 'The name holds a lone surrogate.');
  return name ?? undefined;
}

function toView({ group_id, name, owner_id, history, member_count, created_at }: Group): GroupView {
  return { group_id, name, owner_id, history, member_count, created_at };
}
