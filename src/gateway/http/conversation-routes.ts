import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { Refusal } from '../../protocol/refusal.ts';
import type { Gateway } from '../gateway-state.ts';
import { conversationPage, conversationsPage, type From, pageLimit } from '../pages.ts';
import {
  ConversationParams,
  ConversationsAnswer,
  ListQuery,
  MessagesAnswer,
  MessagesQuery,
  withErrors,
} from './schemas.ts';

export function conversationRoutes(app: FastifyInstance, gateway: Gateway): void {
  const tags = ['conversations'];
  app.get<{ Querystring: Static<typeof ListQuery> }>(
    '/v1/conversations',
    {
      schema: {
        tags,
        summary: 'The conversations of the user, newest activity first',
        querystring: ListQuery,
        response: withErrors({ 200: ConversationsAnswer }),
      },
    },
    ({ userId, query }) => conversationsPage(gateway.timeline, userId, query.cursor, pageLimit(query.limit)),
  );
  app.get<{ Params: Static<typeof ConversationParams>; Querystring: Static<typeof MessagesQuery> }>(
    '/v1/conversations/:id/messages',
    {
      schema: {
        tags,
        summary: 'Messages of a conversation, ascending',
        params: ConversationParams,
        querystring: MessagesQuery,
        response: withErrors({ 200: MessagesAnswer }),
      },
    },
    async ({ userId, params, query }, reply) => {
      const page = await conversationPage(gateway, userId, params.id, fromOf(query), pageLimit(query.limit));
      return reply.type('application/json; charset=utf-8').send(page.json);
    },
  );
}

function fromOf({ after_seq, before_seq }: Static<typeof MessagesQuery>): From {
  if (before_seq === undefined) return { afterSeq: after_seq ?? 0 };
  if (after_seq === undefined) return { beforeSeq: before_seq };
  throw new Refusal('bad_packet', 'A page goes either on from after_seq or back from before_seq, not both.');
}
