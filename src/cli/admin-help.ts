const YES = 'Without --yes it shows what it would do, and does nothing.';

/** Help texts of `seqline admin` and its commands. */
export const ADMIN_TEXTS: Record<string, string> = {
  admin: `Usage: seqline admin <command>

For whoever is on call: looks at the servers behind gateways and workers, past them. It reads the same variables as a
worker: KAFKA_BROKERS, MYSQL_URL, REDIS_URL. A command needs only those servers that it asks.

  admin lag                        how far the workers are behind, by topic and partition
  admin dlq list                   the newest dead letters
  admin dlq show <offset>          one dead letter
  admin dlq replay <offset>|--all  append its event to its topic again
  admin routes <user>              the user's devices, and the gateways that hold them
  admin inbox rebuild <user>       drop the user's inbox, so that clients begin anew
  admin conversation <id>          its head, counter, members and last messages

Looking changes nothing. What changes something asks for --yes, and without it shows what it would do.
Messages' content is not shown. --json prints for programs, with times in ms since 1970.`,

  'admin lag': `Usage: seqline admin lag [--json]

For each partition: the offset up to which workers are done (committed), the end, how many events wait (lag), and how
long ago the first of these was appended (age). Asks Kafka.`,

  'admin dlq': `Usage: seqline admin dlq list [--from <offset>] [--limit 50] [--reason <reason>] [--json]
       seqline admin dlq show <offset> [--content] [--json]
       seqline admin dlq replay <offset> [--yes] [--json]
       seqline admin dlq replay --all [--from <offset>] [--reason <reason>] [--yes] [--json]

Dead letters are events that could not be carried out. Reasons: conflict (the message id was used for another text),
forbidden (the sender may not send there), bad_event (not an event of this version), failed (it failed by itself).
list shows the newest, or those from an offset on; --reason picks among these. show hides the message's content unless
--content is given. replay appends the event to its topic, for the workers to try again: a message that was stored
meanwhile is not doubled, and what fails again comes back as a new letter. Letters stay where they are for 90 days, so
name the first one with --from. Senders heard that these messages were rejected and may have sent them anew: look before
you replay. ${YES} Asks Kafka; no consumer group moves.`,

  'admin routes': `Usage: seqline admin routes <user> [--json]

The user's devices that are online: the gateway that holds each, its session, since when, and when that gateway last
gave a sign of life. Asks Redis.`,

  'admin inbox': `Usage: seqline admin inbox rebuild <user> [--yes] [--json]

Drops the user's inbox and begins a new epoch, as after a loss of Redis. Clients notice with their next heartbeat and
catch up from their conversations; no message is lost. ${YES} Asks Redis.`,

  'admin conversation': `Usage: seqline admin conversation <id> [--limit 10] [--json]

The head in MySQL beside the counter in Redis, members and their cursors, and the last messages: who and when, never
what. An id is p2p:<user>:<user> with the users in ascending order, or group_<id>. Asks MySQL and Redis.`,
};
