import { describe, test } from 'node:test';
import { redisContracts } from './redis-contracts.ts';
import { connectScoped, SKIP } from './redis-fixture.ts';
import { serverFrom } from './servers.ts';

const url = serverFrom('REDIS_URL');

if (url) redisContracts('Redis', () => connectScoped(url));
else {
  describe('contracts of sequencer, inbox, registry and push bus: Redis', () => {
    test('run', { skip: SKIP }, () => {});
  });
}
