import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '../../ports/errors.ts';
import { isDuplicate, isLostRace, spoilsConnection, toPortError } from './mysql-errors.ts';

test('what a server says of its own state may pass', () => {
  for (const [errno, sqlState, what] of [
    [1040, '', 'too many connections'],
    [1045, '28000', 'access denied'],
    [1053, '08S01', 'shutdown'],
    [1114, 'HY000', 'table full'],
    [1142, '42000', 'no right to a table'],
    [1146, '42S02', 'no such table'],
    [1205, 'HY000', 'lock wait timeout'],
    [1213, '40001', 'deadlock'],
    [1290, 'HY000', 'read only'],
    [3024, 'HY000', 'a statement that took too long'],
  ] as const) {
    const error = toPortError(serverError(errno, sqlState));
    assert.ok(error instanceof StoreUnavailable && error.store === 'mysql', what);
    assert.ok(error.cause instanceof Error, what);
  }
});

test('what a server says of a statement or its values is a fault, passed on as it is', () => {
  for (const [errno, sqlState, what] of [
    [1062, '23000', 'duplicate key'],
    [1048, '23000', 'null'],
    [1064, '42000', 'syntax'],
    [1264, '22003', 'out of range'],
    [1366, 'HY000', 'incorrect value'],
    [1406, '22001', 'too long'],
  ] as const) {
    const error = serverError(errno, sqlState);
    assert.equal(toPortError(error), error, what);
    assert.equal(spoilsConnection(error), false, what);
  }
});

test('errors of the network and of the driver may pass, and cost the connection', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { errno: -104, code: 'ECONNRESET' });
  const late = Object.assign(new Error('inactivity'), { code: 'PROTOCOL_SEQUENCE_TIMEOUT' });
  for (const error of [reset, late, new Error('Pool is closed.')]) {
    assert.ok(toPortError(error) instanceof StoreUnavailable);
    assert.equal(spoilsConnection(error), true);
  }
});

test('values that cannot be written as SQL are a fault', () => {
  const error = new TypeError('no such value');
  assert.equal(toPortError(error), error);
});

test('the statement is taken off, whatever the error', () => {
  for (const [errno, sqlState] of [
    [1062, '23000'],
    [1205, 'HY000'],
  ] as const) {
    const error = Object.assign(serverError(errno, sqlState), { sql: 'INSERT secret' });
    toPortError(error);
    assert.ok(!('sql' in error));
  }
});

test('a connection that the server ends, or whose server takes no writes, is of no more use', () => {
  for (const errno of [1053, 1290, 1792, 1836, 3169, 4031]) {
    assert.equal(spoilsConnection(serverError(errno, 'HY000')), true, String(errno));
  }
  assert.equal(spoilsConnection(serverError(1158, '08S01')), true);
  for (const errno of [1205, 1213, 1317]) assert.equal(spoilsConnection(serverError(errno, 'HY000')), false);
});

test('a deadlock and a lock wait timeout are lost races, and no other outage is', () => {
  assert.ok(isLostRace(toPortError(serverError(1213, '40001'))));
  assert.ok(isLostRace(toPortError(serverError(1205, 'HY000'))));
  assert.ok(!isLostRace(toPortError(serverError(1290, 'HY000'))));
  assert.ok(!isLostRace(new StoreUnavailable('redis', 'away', { cause: new Error('away') })));
});

test('a duplicate is told from all else', () => {
  assert.ok(isDuplicate(serverError(1062, '23000')));
  assert.ok(!isDuplicate(serverError(1048, '23000')));
  assert.ok(!isDuplicate(new Error('1062')));
});

function serverError(errno: number, sqlState: string): Error {
  return Object.assign(new Error('said the server'), { errno, sqlState });
}
