import type { GroupMember, GroupState, GroupStep, History } from '../ports/groups.ts';
import type { MemberEvent, Role } from '../protocol/packets.ts';
import { Refusal } from '../protocol/refusal.ts';

/** A change of a group before it is told: the event without its constant parts. */
export type Change = Omit<MemberEvent, 'type' | 'conversation_id'>;

export interface Decision {
  steps: GroupStep[];
  result: Change[];
}

/** A rule decides by the state alone: steps to apply and changes to tell, or a refusal. */
export type Rule = (state: GroupState) => Decision;

const NOTHING: Decision = { steps: [], result: [] };

export function updateRule(by: string, patch: { name?: string; history?: History }): Rule {
  return (state) => {
    requireStaff(state, by);
    const { group } = state;
    const name = patch.name === group.name ? undefined : patch.name;
    const history = patch.history === group.history ? undefined : patch.history;
    if (name === undefined && history === undefined) return NOTHING;
    return { steps: [{ step: 'update', name, history }], result: [{ change: 'updated', by }] };
  };
}

export function dissolveRule(by: string): Rule {
  return (state) => {
    if (requireMember(state, by).role !== 'owner')
      throw new Refusal('forbidden', 'Only the owner may dissolve the group.');
    return { steps: [{ step: 'dissolve' }], result: [{ change: 'dissolved', by }] };
  };
}

/** Any member adds; the owner sets roles, and hands the group over by giving somebody else the role `owner`. */
export function putMemberRule(
  by: string,
  userId: string,
  role: Role | undefined,
  membersMax: number,
  time: number,
): Rule {
  return (state) => {
    const actor = requireMember(state, by);
    const target = state.members.get(userId);
    if (target && (role === undefined || role === target.role)) return NOTHING;
    const wanted = role ?? 'member';
    if ((target || wanted !== 'member') && actor.role !== 'owner') {
      throw new Refusal('forbidden', 'Only the owner sets roles.');
    }
    if (userId === by) {
      throw new Refusal(
        'bad_packet',
        'The owner hands the group over by giving somebody else the role owner.',
      );
    }
    const decision: Decision = { steps: [], result: [] };
    if (target) {
      decision.steps.push({ step: 'set_role', user_id: userId, role: wanted });
      decision.result.push({ change: 'role', user_id: userId, by, role: wanted });
    } else {
      if (state.group.member_count >= membersMax) {
        throw new Refusal('bad_packet', `A group has at most ${membersMax} members.`);
      }
      decision.steps.push({ step: 'add', user_id: userId, role: wanted, time });
      decision.result.push({ change: 'joined', user_id: userId, by, role: wanted });
    }
    if (wanted === 'owner') {
      decision.steps.push(
        { step: 'set_role', user_id: by, role: 'admin' },
        { step: 'update', owner_id: userId },
      );
      decision.result.push({ change: 'role', user_id: by, by, role: 'admin' });
    }
    return decision;
  };
}

/** Owner and admins mute; nobody the owner, and an admin no admin. */
export function muteRule(by: string, userId: string, until: number | null): Rule {
  return (state) => {
    const actor = requireStaff(state, by);
    const target = requireTarget(state, userId);
    if (target.role === 'owner') throw new Refusal('forbidden', 'The owner cannot be muted.');
    if (target.role === 'admin' && actor.role !== 'owner') {
      throw new Refusal('forbidden', 'An admin cannot mute an admin.');
    }
    return {
      steps: [{ step: 'mute', user_id: userId, until }],
      result: [{ change: 'muted', user_id: userId, by, muted_until: until }],
    };
  };
}

/** Everybody may leave; the owner removes all, an admin members. Where the owner leaves, the heir follows. */
export function removeRule(by: string, userId: string): Rule {
  return (state) => {
    const actor = requireMember(state, by);
    const target = requireTarget(state, userId);
    if (by === userId) return leaveDecision(state, actor);
    if (actor.role === 'member' || (actor.role === 'admin' && target.role !== 'member')) {
      throw new Refusal('forbidden', 'The owner removes members and admins, an admin removes members.');
    }
    return {
      steps: [{ step: 'remove', user_id: userId }],
      result: [{ change: 'removed', user_id: userId, by }],
    };
  };
}

function leaveDecision(state: GroupState, leaver: GroupMember): Decision {
  const by = leaver.user_id;
  const decision: Decision = {
    steps: [{ step: 'remove', user_id: by }],
    result: [{ change: 'left', user_id: by, by }],
  };
  if (leaver.role !== 'owner') return decision;
  if (!state.heir) {
    decision.steps.push({ step: 'dissolve' });
    decision.result.push({ change: 'dissolved', by });
    return decision;
  }
  const heir = state.heir.user_id;
  decision.steps.push({ step: 'set_role', user_id: heir, role: 'owner' }, { step: 'update', owner_id: heir });
  decision.result.push({ change: 'role', user_id: heir, by, role: 'owner' });
  return decision;
}

function requireMember(state: GroupState, userId: string): GroupMember {
  const member = state.members.get(userId);
  if (!member) throw new Refusal('forbidden', 'You are not a member of this group.');
  return member;
}

function requireStaff(state: GroupState, userId: string): GroupMember {
  const member = requireMember(state, userId);
  if (member.role === 'member') throw new Refusal('forbidden', 'Only the owner and admins may do this.');
  return member;
}

function requireTarget(state: GroupState, userId: string): GroupMember {
  const member = state.members.get(userId);
  if (!member) throw new Refusal('not_found', `${userId} is not a member of this group.`);
  return member;
}
