import type { Mark } from '../state/timeline.ts';

const LABELS: Record<Mark, string> = {
  pending: 'Sending',
  sent: 'Sent',
  stored: 'Stored',
  delivered: 'Delivered',
  read: 'Read',
  failed: 'Not sent',
};

const DRAWINGS: Record<Mark, string> = {
  pending: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2 1.3',
  sent: 'M3.5 8.5l3 3 6-6.5',
  stored: 'M3.5 8.5l3 3 6-6.5',
  delivered: 'M1 8.5l3 3 6-6.5M7.5 10.8l.8.7 6-6.5',
  read: 'M1 8.5l3 3 6-6.5M7.5 10.8l.8.7 6-6.5',
  failed: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5.2v3.3M8 10.8v.1',
};

/** How far one's own message has come: a clock, a check (faint until it has its place), two checks, coloured once read. */
export function StatusMark({ mark }: { mark: Mark }) {
  return (
    <svg
      class={`mark ${mark}`}
      width="16"
      height="16"
      viewBox="0 0 16 16"
      role="img"
      aria-label={LABELS[mark]}
    >
      <title>{LABELS[mark]}</title>
      <path d={DRAWINGS[mark]} />
    </svg>
  );
}
