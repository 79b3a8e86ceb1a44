import { acceptedAt, fingerprint, RecentMessages } from '../../../src/gateway/recent-messages.ts';
import type { EventLog } from '../../../src/ports/event-log.ts';
import type { ChatEvent } from '../../../src/ports/log-events.ts';
import { toMessage } from '../../../src/ports/message-view.ts';
import type { GroupPush, Push } from '../../../src/ports/push-bus.ts';
import type { Route } from '../../../src/ports/registry.ts';
import type { Message } from '../../../src/protocol/message.ts';
import { STATUS } from '../../../src/protocol/message.ts';
import { emptyHistory, type History, type Reader, type Recall, type Send } from '../checker/history.ts';
import { CONVERSATIONS, type PlannedMessage, REMOVED, USERS, type UserName } from './plan.ts';
import type { Scheduler } from './scheduler.ts';
import type { ForgetfulStores } from './simulated-stores.ts';

export const GATEWAYS = ['g1', 'g2'] as const;
const DEVICES_MAX = 20;
/** More than any conversation has. */
const PAGE = 1000;

interface Person {
  name: UserName;
  userId: string;
  gateway: number;
  /** Counts connections. */
  session: number;
  epoch: string;
  /** Was told, or noticed, that pushes may be missing: pulls all conversations in the end. */
  resync: boolean;
}

/** One life of one gateway, as far as workers are concerned. */
interface Gateway {
  name: string;
  life: number;
  log: EventLog;
  recent: RecentMessages;
  feedBroken: boolean;
}

/**
 * The clients, and the gateways between them and the log: what they send goes to the log as a gateway's chat does it,
 * what is pushed reaches those who are connected, and everything is noted in the history.
 */
export class People {
  readonly history: History = emptyHistory();
  readonly conversationIds: string[];
  private readonly scheduler: Scheduler;
  private readonly stores: ForgetfulStores;
  private readonly logOf: (name: string) => EventLog;
  private readonly wallClock: () => number;
  private readonly people: Person[];
  private readonly gateways: Gateway[] = [];
  private readonly removed = new Set<UserName>();
  private readonly recalls = new Map<string, Recall>();

  constructor(
    scheduler: Scheduler,
    stores: ForgetfulStores,
    prefix: string,
    logOf: (name: string) => EventLog,
    wallClock: () => number,
  ) {
    this.scheduler = scheduler;
    this.stores = stores;
    this.logOf = logOf;
    this.wallClock = wallClock;
    this.people = USERS.map((name, index) => ({
      name,
      userId: `${name}.${prefix}`,
      gateway: index % GATEWAYS.length,
      session: 1,
      epoch: '',
      resync: false,
    }));
    this.conversationIds = CONVERSATIONS.map(({ members }) => {
      const [first, second] = members.map((name) => this.person(name).userId);
      return members.length === 2 ? `p2p:${first}:${second}` : `group_${prefix}`;
    });
  }

  /** Everyone is connected, and the group is made. */
  async begin(): Promise<void> {
    for (const [index, conversationId] of this.conversationIds.entries()) {
      const members = CONVERSATIONS[index]!.members.map((name) => this.person(name).userId);
      for (const userId of members) this.history.readers.push({ userId, conversationId, liveSince: 0 });
      if (!conversationId.startsWith('group_')) continue;
      const group = { group_id: conversationId, name: 'all', owner_id: members[0]!, created_at: 1 };
      await this.stores.timeline.createGroup({ ...group, history: 'all' }, members);
    }
    for (const [number, name] of GATEWAYS.entries()) {
      this.gateways.push({
        name,
        life: 1,
        log: this.logOf(name),
        recent: new RecentMessages(),
        feedBroken: false,
      });
      const feed = await this.stores.bus.listen(name, {
        onPush: (pushes) => this.onPush(number, pushes),
        onGroup: (groupId, pushes) => this.onGroup(number, groupId, pushes),
        onPresence() {},
        onInterrupted() {},
      });
      for (const id of this.conversationIds) if (id.startsWith('group_')) await feed.joinGroup(id);
    }
    for (const person of this.people) {
      await this.stores.registry.register(this.routeOf(person), DEVICES_MAX);
      person.epoch = (await this.stores.inbox.head(person.userId)).epoch;
    }
  }

  say({ id, user, conversation }: PlannedMessage, content: string): void {
    const person = this.person(user);
    const send: Send = {
      conversationId: this.conversationIds[conversation]!,
      senderId: person.userId,
      session: sessionOf(person),
      msgId: `m${id}`,
      content,
      invokedAt: this.scheduler.now,
      outcome: 'unknown',
    };
    this.history.sends.push(send);
    const hears = () => sessionOf(person) === send.session;
    this.accept(this.gateways[person.gateway]!, send).then(
      (outcome) => {
        if (hears()) Object.assign(send, { outcome, completedAt: this.scheduler.now });
      },
      () => {},
    );
  }

  /** As the gateway does it: see `accept` of its chat. */
  private async accept(gateway: Gateway, send: Send): Promise<'answered' | 'refused'> {
    const known = gateway.recent.get(send.senderId, send.msgId);
    const now = this.wallClock();
    const event: ChatEvent = {
      v: 1,
      kind: 'chat',
      conversation_id: send.conversationId,
      msg_id: send.msgId,
      sender_id: send.senderId,
      msg_type: 1,
      content: send.content,
      send_time: acceptedAt(known, now),
      gateway_id: gateway.name,
      session_id: send.session,
    };
    const print = fingerprint(event);
    if (known && known.fingerprint !== print) return 'refused';
    if (!known) gateway.recent.add(send.senderId, send.msgId, { fingerprint: print, sendTime: now });
    try {
      await gateway.log.append('messages', send.conversationId, event);
    } catch (error) {
      if (!known) gateway.recent.delete(send.senderId, send.msgId);
      throw error;
    }
    return 'answered';
  }

  /** Where its sender has seen it. */
  recall({ id, user, conversation }: PlannedMessage): void {
    const { userId, gateway: number } = this.person(user);
    const gateway = this.gateways[number]!;
    const conversation_id = this.conversationIds[conversation]!;
    const seen = this.history.observations.find(
      ({ reader, message }) =>
        reader === userId && message.sender_id === userId && message.msg_id === `m${id}`,
    );
    if (!seen) return;
    const { seq } = seen.message;
    const recall: Recall = {
      conversationId: conversation_id,
      seq,
      invokedAt: this.scheduler.now,
      outcome: 'unknown',
    };
    this.history.recalls.push(recall);
    const reply_id = `r${this.recalls.size}`;
    this.recalls.set(reply_id, recall);
    const origin = { gateway_id: gateway.name, session_id: sessionOf(this.person(user)), reply_id };
    const event = { v: 1, kind: 'recall', conversation_id, seq, by: userId, time: this.wallClock() } as const;
    gateway.log.append('messages', conversation_id, { ...event, ...origin }).catch(() => {});
  }

  /** To the other gateway; an app that connects again pulls. */
  async reconnect(name: UserName): Promise<void> {
    const person = this.person(name);
    person.gateway = (person.gateway + 1) % GATEWAYS.length;
    person.session += 1;
    person.resync = true;
    await this.stores.registry.register(this.routeOf(person), DEVICES_MAX);
  }

  async remove(): Promise<void> {
    const { userId } = this.person(REMOVED);
    const conversationId = this.conversationIds.find((id) => id.startsWith('group_'))!;
    if (this.removed.has(REMOVED)) return;
    this.removed.add(REMOVED);
    await this.stores.timeline.changeGroup(conversationId, [userId], () => ({
      steps: [{ step: 'remove', user_id: userId }],
      result: undefined,
    }));
    const reader = this.history.readers.find((one) => isReader(one, userId, conversationId))!;
    Object.assign(reader, { liveSince: undefined, removedAt: this.scheduler.now, mayBeForbidden: true });
  }

  async gatewayDies(number: number): Promise<void> {
    const gateway = this.gateways[number]!;
    this.scheduler.abandon(lifeOf(gateway));
    gateway.life += 1;
    gateway.recent = new RecentMessages();
    gateway.log = this.logOf(lifeOf(gateway));
    for (const person of this.people) if (person.gateway === number) await this.reconnect(person.name);
  }

  breakFeed(number: number): void {
    this.gateways[number]!.feedBroken = true;
  }

  /** Feeds that are broken come back, and their clients are told. */
  mendings(): { label: string; act(): void }[] {
    return this.gateways.flatMap((gateway, number) => {
      if (!gateway.feedBroken) return [];
      const act = () => {
        gateway.feedBroken = false;
        for (const person of this.people) if (person.gateway === number) person.resync = true;
      };
      return [{ label: `the feed of ${gateway.name} comes back`, act }];
    });
  }

  /** As heartbeats do it. */
  async refreshRoutes(): Promise<void> {
    await this.stores.registry.refresh(this.people.map((person) => this.routeOf(person)));
  }

  /** What heartbeats and gaps make clients pull, and then what everyone finds who looks at everything. */
  async end(): Promise<void> {
    for (const person of this.people) {
      await this.readInbox(person);
      for (const id of this.conversationIdsOf(person)) {
        if (person.resync || this.lacks(person, id)) this.observePages(person, await this.wholeOf(id));
      }
    }
    for (const person of this.people) {
      for (const conversationId of this.conversationIdsOf(person)) {
        const messages = await this.wholeOf(conversationId);
        this.history.finals.push({ conversationId, reader: person.userId, messages });
      }
    }
  }

  private async readInbox(person: Person): Promise<void> {
    const { resync, entries } = await this.stores.inbox.read(person.userId, person.epoch, 0, PAGE);
    if (resync) person.resync = true;
    this.observePages(
      person,
      entries.map(({ message }) => toMessage(message, STATUS.sent)),
    );
  }

  private observePages({ userId }: Person, messages: Message[]): void {
    const at = this.scheduler.now;
    for (const message of messages) {
      this.history.observations.push({ reader: userId, via: 'pull', at, message });
    }
  }

  /** A hole in what was pushed shows that something is missing; an end that is missing does not show. */
  private lacks({ userId }: Person, conversationId: string): boolean {
    const seqs = new Set(
      this.history.observations
        .filter(({ reader, message }) => reader === userId && message.conversation_id === conversationId)
        .map(({ message }) => message.seq),
    );
    return Math.max(0, ...seqs) > seqs.size;
  }

  private async wholeOf(conversationId: string): Promise<Message[]> {
    const page = { conversationId, from: { afterSeq: 0 }, hiddenThrough: 0, limit: PAGE };
    return (await this.stores.timeline.page(page)).messages.map((stored) => toMessage(stored, STATUS.sent));
  }

  private conversationIdsOf({ name }: Person): string[] {
    return this.conversationIds.filter((id, index) => {
      if (id.startsWith('group_') && this.removed.has(name)) return false;
      return CONVERSATIONS[index]!.members.includes(name);
    });
  }

  private onPush(number: number, pushes: Push[]): void {
    if (this.gateways[number]!.feedBroken) return;
    const here = this.people.filter(({ gateway }) => gateway === number);
    for (const push of pushes) {
      if (push.to === 'users') {
        for (const person of here)
          if (push.user_ids.includes(person.userId)) this.receive(person, push.frame);
      } else if (push.to === 'session') {
        const person = here.find((one) => sessionOf(one) === push.session_id);
        if (person) this.receive(person, push.frame);
      } else if (push.to === 'forget') {
        this.gateways[number]!.recent.delete(push.sender_id, push.msg_id);
      } else if (push.to === 'reply') {
        this.recalls.get(push.reply_id)!.outcome = 'answered';
      }
    }
  }

  private onGroup(number: number, groupId: string, pushes: GroupPush[]): void {
    if (this.gateways[number]!.feedBroken) return;
    for (const person of this.people) {
      if (person.gateway !== number || !this.conversationIdsOf(person).includes(groupId)) continue;
      for (const { frame } of pushes) this.receive(person, frame);
    }
  }

  private receive({ userId }: Person, frame: string): void {
    const { seq, payload } = JSON.parse(frame);
    const at = this.scheduler.now;
    if (seq !== undefined) {
      this.history.observations.push({ reader: userId, via: 'push', at, message: payload });
    } else if (payload.type === 'rejected') {
      const { msg_id: msgId, code } = payload;
      this.history.rejections.push({ senderId: userId, msgId, code, at });
    }
  }

  private person(name: UserName): Person {
    return this.people.find((person) => person.name === name)!;
  }

  private routeOf(person: Person): Route {
    const { userId, gateway } = person;
    return { user_id: userId, device_id: 'd', gateway_id: GATEWAYS[gateway]!, session_id: sessionOf(person) };
  }
}

function sessionOf({ name, session }: Person): string {
  return `${name}-${session}`;
}

function lifeOf({ name, life }: Gateway): string {
  return life === 1 ? name : `${name}.${life}`;
}

function isReader(reader: Reader, userId: string, conversationId: string): boolean {
  return reader.userId === userId && reader.conversationId === conversationId;
}
