/**
 * A process that stores into conversations that others store into too: `node mysql-child.ts <url> <name> <batches>`. It
 * writes the numbers of each batch to stdout, one line for each.
 */
import { writeSync } from 'node:fs';
import { createMysqlTimeline } from '../../src/adapters/mysql/mysql-timeline.ts';
import { agree, newMessage, range } from '../contract/samples.ts';

const STDOUT = 1;
const [url = '', name = '', batches = ''] = process.argv.slice(2);

await using timeline = createMysqlTimeline({ url });
for (const batch of range(1, Number(batches))) {
  const ids = ['p2p:ann:bob', `p2p:${name}:${name}${batch}`, 'p2p:ann:cid', 'p2p:ann:bob'];
  const messages = ids.map((conversation_id, i) =>
    newMessage({ conversation_id, msg_id: `${name}.${batch}.${i}`, content: `${name} ${batch}` }),
  );
  const stored = await timeline.store(messages, agree);
  writeSync(STDOUT, `${stored.map(({ seq }) => seq).join(' ')}\n`);
}
