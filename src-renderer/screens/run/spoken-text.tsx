/**
 * A statement as it is read aloud: values stand apart in a fixed-width face, so that places compare; a whole hash with
 * its words becomes the table from which both are read.
 */
import { Fragment, type ReactNode } from 'react';
import { hexGroups } from '../../../ceremony/words';
import { ReadAloud } from '../../components/hash';

/** A hash of 32 bytes in groups of four digits, and its 32 PGP words in brackets. */
const HASH = /((?:[0-9a-f]{4} ){15}[0-9a-f]{4}) \(((?:[A-Za-z]+ ){31}[A-Za-z]+)\)/;
/** Groups of four hex digits, runs of at least sixteen hex digits, and times in UTC. */
const VALUE =
  /((?:\b[0-9a-f]{4} ){3,}[0-9a-f]{4}\b|\b[0-9a-f]{16,}\b|\d{4}-\d\d-\d\dT[\d:.]+Z|\b\d{1,2} [A-Z][a-z]+ \d{4}, [\d:]{8} UTC)/;

/** Shows `text` with every value in it set apart. Line breaks are kept by the style sheet. */
export function SpokenText({ text }: { readonly text: string }): ReactNode {
  const found = HASH.exec(text);
  if (found === null) return <Values text={text} />;
  const [whole, hex = '', words = ''] = found;
  return (
    <>
      <Values text={text.slice(0, found.index).trimEnd()} />
      <ReadAloud label="The hash" hex={hex.replaceAll(' ', '')} words={words} />
      <SpokenText text={text.slice(found.index + whole.length)} />
    </>
  );
}

function Values({ text }: { readonly text: string }): ReactNode {
  return text.split(VALUE).map((part, place) =>
    place % 2 === 0 ? (
      <Fragment key={place}>{part}</Fragment>
    ) : (
      <code key={place} className="run-value" data-time={/(?:Z|UTC)$/.test(part)}>
        {/^[0-9a-f]{16,}$/.test(part) ? hexGroups(part) : part}
      </code>
    ),
  );
}
