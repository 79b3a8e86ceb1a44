import type { ComponentChildren } from 'preact';

/** Line drawings on a grid of 24; what they stand for is said by the label of the button around them. */
function Icon({ children, size = 20 }: { children: ComponentChildren; size?: number }) {
  return (
    <svg
      class="icon"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

export function Logo() {
  return (
    <svg class="logo" width="48" height="48" viewBox="0 0 32 32" aria-hidden="true">
      <rect class="logo-ground" width="32" height="32" rx="9" />
      <path class="logo-lines" d="M9 10h14M9 16h9M9 22h5" />
      <circle class="logo-dot" cx="22.5" cy="21" r="2.6" />
    </svg>
  );
}

export const NewChatIcon = () => (
  <Icon>
    <path d="M12 20h8.5M4 20l.9-4.1L16.6 4.2a2 2 0 0 1 2.8 0l.4.4a2 2 0 0 1 0 2.8L8.1 19.1z" />
  </Icon>
);

export const GroupIcon = () => (
  <Icon>
    <circle cx="9" cy="8" r="3.5" />
    <path d="M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M16 4.9a3.5 3.5 0 0 1 0 6.2M18.5 14.6c1.8.9 3 2.8 3 5.4" />
  </Icon>
);

export const SignOutIcon = () => (
  <Icon>
    <path d="M9 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h3M15.5 8l4 4-4 4M19.5 12H9.5" />
  </Icon>
);

export const BackIcon = () => (
  <Icon size={22}>
    <path d="M15 5l-7 7 7 7" />
  </Icon>
);

export const PictureIcon = () => (
  <Icon>
    <rect x="3.5" y="4.5" width="17" height="15" rx="3" />
    <circle cx="9" cy="10" r="1.6" />
    <path d="M4 17.5l4.6-4.2a1.6 1.6 0 0 1 2.2 0l2.2 2.1 2-1.8a1.6 1.6 0 0 1 2.2 0l3.1 3" />
  </Icon>
);

export const SendIcon = () => (
  <Icon>
    <path d="M12 19V5.5M6 11.2l6-6 6 6" />
  </Icon>
);

export const RecallIcon = () => (
  <Icon size={16}>
    <path d="M8.5 5L4 9.5 8.5 14M4.5 9.5H14a5.5 5.5 0 0 1 0 11H8.5" />
  </Icon>
);

export const DownIcon = () => (
  <Icon size={18}>
    <path d="M6 9.5l6 6 6-6" />
  </Icon>
);

export const CloseIcon = () => (
  <Icon size={18}>
    <path d="M6 6l12 12M18 6L6 18" />
  </Icon>
);
