import { hueOf, initials } from '../view/names.ts';

interface Props {
  /** Gives the colour: always the same for an id. */
  id: string;
  name: string;
  shape?: 'person' | 'group';
  size?: 'small' | 'large';
  /** Shows a dot where it is known that the person is there. */
  online?: boolean;
}

/** Says nothing to a screen reader: the name always stands beside it. */
export function Avatar({ id, name, shape = 'person', size = 'large', online = false }: Props) {
  return (
    <span class={`avatar ${shape} ${size}`} style={{ '--hue': hueOf(id) }} aria-hidden="true">
      {initials(name)}
      {online && <span class="presence-dot" />}
    </span>
  );
}
