/** What a step leaves to compare, to list or to write down, as the terminal says it. */
import { hexGroups, words } from '../ceremony/words';
import type { ResultValue, StepResult } from '../workstation/step-result';

/** One text for each thing that values belong to, and for each unit's objects; none where there is nothing to look at. */
export function resultLines({ values, inventories }: StepResult): string[] {
  const owners = [...new Set(values.map(({ about }) => about))];
  const told = owners.map((about) =>
    [`${plain(about)}:`, ...values.filter((one) => one.about === about).map(valueLine)].join('\n'),
  );
  const listed = inventories.map(({ unit, objects }) =>
    [
      `${plain(unit)}, ${String(objects.length)} objects:`,
      ...objects.map(({ label, what, attributes, checkValue }) => {
        const value = checkValue === null ? 'none' : `${hexGroups(checkValue.value)} ${checkValue.algorithm}`;
        return `  ${[label === '' ? 'no label' : label, what, attributes, `check value ${value}`].map(plain).join(' | ')}`;
      }),
    ].join('\n'),
  );
  return [...told, ...listed];
}

function valueLine({ name, kind, value }: ResultValue): string {
  switch (kind) {
    case 'text':
      return `  ${name}: ${value === '' ? 'none' : plain(value)}`;
    case 'hex':
      return `  ${name}: ${hexGroups(value)}`;
    case 'spoken':
      return `  ${name}: ${hexGroups(value)} (${words(Buffer.from(value, 'hex'))})`;
  }
}

/** A token's own words: what steers a terminal, or turns text round, stands as its number. */
function plain(text: string): string {
  // SECURITY(K-121): nothing of a token's own is printed raw.
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (found) => `[U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}
