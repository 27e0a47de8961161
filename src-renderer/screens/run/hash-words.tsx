/** A hash of the run, folded away until it is compared or read aloud. */
import type { ReactNode } from 'react';
import { Hash, ReadAloud } from '../../components/hash';

/** Digits that stand beside the label while it is folded: four groups, enough to see that it changed. */
const BEGINNING = 16;

/** `hex`: 64 digits; `words`: 32 words separated by spaces. Its owner says whether it is open; Escape folds it again. */
export function HashWords({
  label,
  hex,
  words,
  open,
  onToggle,
}: {
  readonly label: string;
  readonly hex: string;
  readonly words: string;
  readonly open: boolean;
  readonly onToggle: (open: boolean) => void;
}): ReactNode {
  return (
    <details
      className="run-hash"
      open={open}
      onToggle={({ currentTarget }) => {
        if (currentTarget.open !== open) onToggle(currentTarget.open);
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') onToggle(false);
      }}
    >
      <summary>
        {label} <Hash hex={hex.slice(0, BEGINNING)} />…
      </summary>
      <div className="run-hash__whole">
        <h3>{label}</h3>
        <ReadAloud label={label} hex={hex} words={words} />
      </div>
    </details>
  );
}
