import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { Refusal } from '../../protocol/refusal.ts';
import type { Gateway } from '../gateway-state.ts';
import { watchable } from '../signal.ts';
import { wellFormed } from './group-routes.ts';
import { PresenceAnswer, ProfileAnswer, ProfileBody, UserParams, withErrors } from './schemas.ts';

export function userRoutes(app: FastifyInstance, gateway: Gateway): void {
  const tags = ['users'];
  app.get(
    '/v1/me',
    { schema: { tags, summary: "One's own profile", response: withErrors({ 200: ProfileAnswer }) } },
    ({ userId }) => profile(gateway, userId),
  );
  app.patch<{ Body: Static<typeof ProfileBody> }>(
    '/v1/me',
    {
      schema: {
        tags,
        summary: 'Set the nickname',
        body: ProfileBody,
        response: withErrors({ 200: ProfileAnswer }),
      },
    },
    async ({ userId, body }) => {
      await gateway.timeline.setNickname(userId, wellFormed(body.nickname)!, gateway.now());
      return profile(gateway, userId);
    },
  );
  app.get<{ Params: Static<typeof UserParams> }>(
    '/v1/users/:id/presence',
    {
      schema: {
        tags,
        summary: 'Whether somebody is online',
        params: UserParams,
        response: withErrors({ 200: PresenceAnswer }),
      },
    },
    ({ userId, params }) => presence(gateway, userId, params.id),
  );
}

/** The inbox's cursor counts within its epoch alone. */
async function profile(gateway: Gateway, userId: string) {
  const [{ nickname, last_ack_seq, inbox_epoch }, inbox] = await Promise.all([
    gateway.timeline.profile(userId),
    gateway.inbox.head(userId),
  ]);
  return { user_id: userId, nickname, last_ack_seq: inbox_epoch === inbox.epoch ? last_ack_seq : 0 };
}

async function presence(gateway: Gateway, userId: string, otherId: string) {
  const [allowed] = await watchable(gateway, userId, [otherId]);
  if (allowed === undefined) throw new Refusal('forbidden', `You share no conversation with ${otherId}.`);
  const state = (await gateway.registry.presence([otherId])).get(otherId)!;
  return { user_id: otherId, online: state.online, devices: state.devices, last_seen: state.lastSeen };
}
