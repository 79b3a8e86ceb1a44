/** A program of its own, which ends only if its client leaves nothing behind: sends a message, closes, and is done. */
import { createClient } from '../../src/sdk/index.ts';

const [url = '', token = '', user = ''] = process.argv.slice(2);
const client = createClient({ url, token });
await client.connect();
await client.watch([user]);
await client.send({ to: user, content: 'from a program' }).stored;
await client.close();
