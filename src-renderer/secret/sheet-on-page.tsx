/**
 * A worksheet on the page. Its words go from their bytes straight onto the page, one by one, and are taken off when this
 * goes: React never holds them.
 */
import { useLayoutEffect, useRef } from 'react';
import type { ShowDialogue } from './secret-words';
import { type SheetLine, sheetLines } from './worksheet-form';

interface SheetProps {
  readonly sheet: Uint8Array;
  readonly form: ShowDialogue['form'];
}

export function SheetOnPage({ sheet, form }: SheetProps) {
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const page = place.current;
    if (page === null) return undefined;
    for (const line of sheetLines(sheet) ?? []) page.append(drawn(line));
    return () => {
      for (const word of page.querySelectorAll('span')) word.textContent = '';
      page.replaceChildren();
    };
  }, [sheet]);
  // SECURITY(K-75): whole rows stay out of what Chromium tells main for screen readers, were that on.
  return <div ref={place} className={`sheet mono has-${form}`} aria-hidden="true" />;
}

function drawn({ kind, words }: SheetLine): HTMLElement {
  const line = document.createElement('p');
  line.className = kind === 'row' ? 'sheet-row' : 'sheet-heading';
  for (const [at, word] of words.entries()) {
    if (at > 0) line.append(' ');
    const span = document.createElement('span');
    span.textContent = new TextDecoder().decode(word);
    line.append(span);
  }
  return line;
}
