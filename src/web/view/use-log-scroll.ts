import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Row } from './rows.ts';

/** Within this many pixels of the end, the log counts as being there. */
const END_PX = 48;
/** Older messages are asked for this many pixels before the beginning comes into sight. */
const OLDER_PX = 400;
/** Room above the line of what is unread. */
const UNREAD_PX = 24;

interface LogScroll {
  frame: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  onScroll(): void;
  toEnd(): void;
}

/**
 * Keeps the log where a reader expects it: at the end while it is at the end, whatever grows; on what was being read
 * while older messages come in above; and at the end again after one's own message. Opens at what is unread.
 */
export function useLogScroll(
  list: RefObject<HTMLElement | null>,
  rows: readonly Row[],
  loadOlder: () => void,
): LogScroll {
  const frame = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);
  const lastTop = useRef(0);
  const opened = useRef(false);
  const [atEnd, setAtEnd] = useState(true);
  useKeptPlace(frame, list, rows);

  const onScroll = () => {
    const log = frame.current;
    if (!log) return;
    // Only moving up leaves the end: that the end moved away, because messages came, is not the reader's doing.
    if (log.scrollHeight - log.scrollTop - log.clientHeight < END_PX) stuck.current = true;
    else if (log.scrollTop < lastTop.current) stuck.current = false;
    lastTop.current = log.scrollTop;
    setAtEnd(stuck.current);
    if (log.scrollTop < OLDER_PX) loadOlder();
  };

  const toEnd = useCallback(() => {
    const log = frame.current;
    if (!log) return;
    stuck.current = true;
    log.scrollTop = log.scrollHeight;
    lastTop.current = log.scrollTop;
  }, []);

  const last = rows.at(-1);
  const ownLast = last?.kind === 'message' && last.entry.outgoing ? last.key : undefined;
  useLayoutEffect(() => {
    if (ownLast) toEnd();
  }, [ownLast, toEnd]);

  useLayoutEffect(() => {
    if (opened.current || rows.length === 0 || !frame.current) return;
    opened.current = true;
    toEnd();
    const line = list.current?.querySelector('[data-unread-line]');
    if (line) frame.current.scrollTop += Math.min(0, distance(line, frame.current) - UNREAD_PX);
    onScroll();
  });

  useEffect(() => {
    // Pictures that load, a window that changes, a composer that grows: all of it changes one of these sizes.
    const observer = new ResizeObserver(() => {
      if (stuck.current) toEnd();
      onScroll();
    });
    if (list.current) observer.observe(list.current);
    if (frame.current) observer.observe(frame.current);
    return () => observer.disconnect();
  }, []);

  return { frame, atEnd, onScroll, toEnd };
}

/** Where messages come in above, those in sight stay where they are on the screen. */
function useKeptPlace(
  frame: RefObject<HTMLElement | null>,
  list: RefObject<HTMLElement | null>,
  rows: readonly Row[],
): void {
  const firstKey = rows.find((row) => row.kind === 'message')?.key;
  const before = useRef<{ key?: string; element?: Element | null; top: number }>({ top: 0 });
  if (before.current.key !== firstKey && frame.current) {
    // This runs while drawing, before the page changes: what is measured here is how it was.
    const element = list.current && topmostInSight(list.current, frame.current);
    before.current = { key: firstKey, element, top: element ? distance(element, frame.current) : 0 };
  }
  useLayoutEffect(() => {
    const { element, top } = before.current;
    if (element?.isConnected && frame.current)
      frame.current.scrollTop += distance(element, frame.current) - top;
    before.current.element = undefined;
  }, [firstKey]);
}

/** Not the first of all, which looks another, and is less high, once it follows one of the same sender. */
function topmostInSight(list: Element, frame: Element): Element | undefined {
  const [, ...messages] = list.querySelectorAll('[data-testid=message]');
  return messages.find((message) => distance(message, frame) >= 0);
}

function distance(element: Element, frame: Element): number {
  return element.getBoundingClientRect().top - frame.getBoundingClientRect().top;
}
