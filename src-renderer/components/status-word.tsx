/** How something stands, in a word with a picture and a colour; the word alone is enough. */
import './status-word.scss';
import { Icon, type IconName } from './icon';

/** What a status is like: the colour follows from it. */
export type Tone = 'good' | 'bad' | 'caution' | 'quiet';

const ICONS: Readonly<Record<Tone, IconName>> = { good: 'good', bad: 'bad', caution: 'warning', quiet: 'none' };

/** A status such as `OK` or `Not OK`. `icon` where the tone's own does not fit. */
export function StatusWord({
  tone,
  icon = ICONS[tone],
  children,
}: {
  readonly tone: Tone;
  readonly icon?: IconName;
  readonly children: string;
}) {
  return (
    <span className={`status-word status-word--${tone}`}>
      <Icon name={icon} />
      <span>{children}</span>
    </span>
  );
}

/** The word for a finding of the room: OK, not OK, or does not apply. */
export function OkWord({ ok }: { readonly ok: boolean | null }) {
  if (ok === null) return <StatusWord tone="quiet">Does not apply</StatusWord>;
  return ok ? <StatusWord tone="good">OK</StatusWord> : <StatusWord tone="bad">Not OK</StatusWord>;
}
