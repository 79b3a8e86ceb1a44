import { randomUUID } from 'node:crypto';
import { readConfig } from '../config/config.ts';
import { signDevToken, signingSecret } from '../config/signing-secret.ts';
import { createClient, type Message, type SeqlineClient } from '../sdk/index.ts';

const ARRIVES_MS_MAX = 30_000;

export interface TryOptions {
  url: string;
  /** Tokens of two users; without them two new users are signed for. */
  tokens: string[];
}

interface Person {
  userId: string;
  client: SeqlineClient;
}

/** Sends a message from one user to another and waits until it arrives; gives how long that took. */
export async function tryOut({ url, tokens }: TryOptions): Promise<number> {
  const people = await Promise.all(
    tokens.length > 0 ? tokens.map(known(url)) : [stranger(url), stranger(url)],
  );
  const [sender, receiver] = people as [Person, Person];
  const content = `tried at ${new Date().toISOString()} ${randomUUID()}`;
  const begun = performance.now();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no message arrived within ${ARRIVES_MS_MAX} ms`)),
    ARRIVES_MS_MAX,
  );
  try {
    const arrived = arrival(receiver.client, content);
    await Promise.race([exchange(sender, receiver, content, arrived), late]);
    return performance.now() - begun;
  } finally {
    clearTimeout(timer);
    await Promise.all(people.map(({ client }) => client.close()));
  }
}

async function exchange(
  sender: Person,
  receiver: Person,
  content: string,
  arrived: Promise<Message>,
): Promise<void> {
  await Promise.all([sender.client.connect(), receiver.client.connect()]);
  await sender.client.send({ to: receiver.userId, content }).stored;
  await arrived;
}

function arrival(client: SeqlineClient, content: string): Promise<Message> {
  return new Promise((resolve) => {
    client.on('message', (message) => {
      if (message.content === content) resolve(message);
    });
  });
}

async function stranger(url: string): Promise<Person> {
  const config = readConfig('standalone');
  const userId = `try-${randomUUID()}`;
  const token = await signDevToken(signingSecret(config), userId, config);
  return { userId, client: createClient({ url, token }) };
}

function known(url: string): (token: string) => Promise<Person> {
  return async (token) => ({ userId: subjectOf(token), client: createClient({ url, token }) });
}

function subjectOf(token: string): string {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}');
  if (typeof claims.sub !== 'string') throw new Error('--token needs a JWT with the claim sub');
  return claims.sub;
}
