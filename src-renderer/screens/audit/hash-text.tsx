/** A hash where there is little room: in groups, and in words where somebody asked for them. */
import { createContext, type ReactNode, useContext } from 'react';
import { hexGroups, words } from '../../../ceremony/words';

const InWords = createContext(false);

/** Whether hashes within are shown in words too. */
export function WordsShown({ value, children }: { readonly value: boolean; readonly children: ReactNode }): ReactNode {
  return <InWords.Provider value={value}>{children}</InWords.Provider>;
}

/** The hash of 32 bytes, 64 hex digits. */
export function HashText({ hex }: { readonly hex: string }): ReactNode {
  const inWords = useContext(InWords);
  return (
    <span className="audit-hash">
      <span className="hash mono">{hexGroups(hex)}</span>
      {inWords ? <span className="audit-hash__words">{words(bytesOf(hex))}</span> : null}
    </span>
  );
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
