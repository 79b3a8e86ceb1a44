import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memoryStore } from './cursor-store.ts';
import { Places } from './places.ts';
import type { CursorStore } from './types.ts';

function placesOf(store: CursorStore, userId: string, errors: unknown[] = []): Places {
  const places = new Places(store, (error) => errors.push(error));
  places.loggedIn(userId);
  return places;
}

describe('places', () => {
  it('are there again with the same store', () => {
    const store = memoryStore();
    const places = placesOf(store, 'ann');
    places.setConversation('group_a', 3);
    places.setConversation('group_b', 4);
    places.removeConversation('group_b');
    places.setInbox({ epoch: 'e', seq: 9 });
    const again = placesOf(store, 'ann');
    assert.equal(again.conversation('group_a'), 3);
    assert.equal(again.conversation('group_b'), undefined);
    assert.deepEqual(again.inbox(), { epoch: 'e', seq: 9 });
  });

  it('of one user are not those of another', () => {
    const store = memoryStore();
    placesOf(store, 'ann').setConversation('group_a', 3);
    placesOf(store, 'ann').setInbox({ epoch: 'e', seq: 9 });
    assert.equal(placesOf(store, 'bob').conversation('group_a'), undefined);
    assert.equal(placesOf(store, 'bob').inbox(), undefined);
  });

  it('are absent where the store holds something else', () => {
    const bad = ['', '{', '"3"', '-1', '1.5', 'null', '{"epoch":7,"seq":1}', '{"epoch":"e","seq":null}'];
    for (const text of bad) {
      const places = placesOf({ get: () => text, set() {}, remove() {} }, 'ann');
      assert.equal(places.conversation('group_a'), undefined, text);
      assert.equal(places.inbox(), undefined, text);
    }
  });

  it('do without a store that fails, and tell of it', () => {
    const fails = () => {
      throw new Error('full');
    };
    const errors: unknown[] = [];
    const places = placesOf({ get: fails, set: fails, remove: fails }, 'ann', errors);
    places.setConversation('group_a', 3);
    places.removeConversation('group_a');
    places.setInbox({ epoch: 'e', seq: 9 });
    assert.equal(places.conversation('group_a'), undefined);
    assert.equal(places.inbox(), undefined);
    assert.equal(errors.length, 5);
  });
});
