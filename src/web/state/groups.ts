import type { GroupMemberView, GroupView, MemberEvent } from '../../protocol/packets.ts';
import type { GroupDetails } from './chat-state.ts';
import type { Parts } from './parts.ts';
import { without } from './store.ts';

interface MembersPage {
  members: GroupMemberView[];
  cursor?: string;
}

/** Groups and their members, over HTTP. */
export function createGroups(parts: Parts) {
  const { client, store, userId } = parts;

  async function createGroup(name: string, members: string[]): Promise<string> {
    const group = await client.http.request<GroupView>('POST', '/v1/groups', { name, members });
    return group.group_id;
  }

  async function loadGroup(id: string): Promise<void> {
    const [group, page] = await Promise.all([
      client.http.request<GroupView>('GET', `/v1/groups/${id}`),
      client.http.request<MembersPage>('GET', `/v1/groups/${id}/members?limit=200`),
    ]);
    setDetails(id, { group, members: page.members, cursor: page.cursor });
  }

  async function loadMoreMembers(id: string): Promise<void> {
    const details = store.get().groups[id];
    if (!details?.cursor) return;
    const query = `limit=200&cursor=${encodeURIComponent(details.cursor)}`;
    const page = await client.http.request<MembersPage>('GET', `/v1/groups/${id}/members?${query}`);
    setDetails(id, { ...details, members: [...details.members, ...page.members], cursor: page.cursor });
  }

  async function addMember(id: string, who: string): Promise<void> {
    await client.http.request('PUT', `/v1/groups/${id}/members/${who}`, {});
    await loadGroup(id);
  }

  async function leaveGroup(id: string): Promise<void> {
    await client.http.request('DELETE', `/v1/groups/${id}/members/${userId}`);
  }

  function setDetails(id: string, details: GroupDetails): void {
    store.set({ groups: { ...store.get().groups, [id]: details } });
  }

  /** Keeps the details that were loaded up to date. */
  function groupChanged(event: MemberEvent): void {
    const id = event.conversation_id;
    // The next change, or opening the group again, makes good for a failure.
    if (store.get().groups[id]) loadGroup(id).catch(() => undefined);
  }

  function forgetGroup(id: string): void {
    store.set({ groups: without(store.get().groups, id) });
  }

  return { createGroup, loadGroup, loadMoreMembers, addMember, leaveGroup, groupChanged, forgetGroup };
}
