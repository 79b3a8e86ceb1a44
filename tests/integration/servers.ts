/** Servers for the integration tests, from the environment. */
export function serverFrom(
  name: 'MYSQL_URL' | 'MYSQL_ADMIN_URL' | 'REDIS_URL' | 'KAFKA_BROKERS',
): string | undefined {
  const value = process.env[name];
  if (!value) console.log(`Skipped: set ${name} to run these tests against a real server.`);
  return value;
}
