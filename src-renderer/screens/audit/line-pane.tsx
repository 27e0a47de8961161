/** One line in full: what it says, member by member, who signed what in it, its files, and where it stands in the record. */
import { type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { Checkbox } from '../../components/carbon';
import type { FieldView, LineDetail } from '../../../ipc/audit-view';
import { ActionButton } from '../../components/action-button';
import { Fields } from '../../components/fields';
import { Icon } from '../../components/icon';
import { StatusWord } from '../../components/status-word';
import { roleWord, utc } from '../../components/words';
import { ask } from '../../store';
import { FieldList } from './field-list';
import { HashText, WordsShown } from './hash-text';
import { LINE_LIST } from './line-list';
import { bytesWords, grouped } from './numbers';
import { SignedPart } from './signed-part';

/** Id of the pane, which takes the focus when a line is opened. */
export const LINE_PANE = 'audit-line-pane';

/** The line; what to do where none is chosen. Escape leads back to the list. */
export function LinePane({
  bundle,
  detail,
  onGoTo,
}: {
  readonly bundle: string;
  readonly detail: LineDetail | null;
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const title = useId();
  const [inWords, setInWords] = useState(false);
  const line = detail?.line ?? null;
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = 0;
  }, [bundle, line]);
  const back = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    document.getElementById(LINE_LIST)?.focus();
  };
  return (
    <section className="audit-pane" aria-labelledby={title} onKeyDown={back}>
      <header className="audit-pane__head">
        <h2 id={title}>{detail === null ? 'No line chosen' : `Line ${grouped(detail.line)}: ${detail.typeWords}`}</h2>
        <Checkbox
          id="audit-in-words"
          labelText="Hashes in words too"
          checked={inWords}
          onChange={(_event, { checked }) => setInWords(checked)}
        />
      </header>
      <div
        ref={box}
        id={LINE_PANE}
        className="audit-scroll audit-pane__body"
        role="group"
        aria-labelledby={title}
        tabIndex={0}
      >
        <WordsShown value={inWords}>
          {detail === null ? null : <Detail bundle={bundle} detail={detail} onGoTo={onGoTo} />}
        </WordsShown>
      </div>
    </section>
  );
}

function Detail({
  bundle,
  detail,
  onGoTo,
}: {
  readonly bundle: string;
  readonly detail: LineDetail;
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  const { problem, same, findings, at, type, step, by, text, fields, cut, signed, files } = detail;
  return (
    <>
      {same ? null : (
        <Callout>This line is not what was verified: the file was changed since. Verify the bundle again</Callout>
      )}
      {problem === '' || !same ? null : <Callout>{problem}</Callout>}
      {findings.map((reason, place) => (
        <Callout key={place}>{reason}</Callout>
      ))}
      {text === '' ? null : <p className="audit-pane__text">{text}</p>}
      <Fields
        fields={[
          ...(at === '' ? [] : [{ name: 'Time', value: `${utc(at)}, by the workstation’s clock` }]),
          ...(type === '' ? [] : [{ name: 'Type', value: <span className="mono">{type}</span> }]),
          ...(step === null
            ? []
            : [
                {
                  name: 'Step',
                  value: (
                    <>
                      {step.title} <span className="mono quiet">{step.id}</span>
                    </>
                  ),
                },
              ]),
          { name: 'By', value: by.length === 0 ? 'Nobody: the machine’s own record' : <People by={by} /> },
        ]}
      />
      <Part title="What it says">
        {fields.length === 0 ? <p className="quiet">Nothing further</p> : <FieldList fields={fields} />}
        {cut ? <p className="quiet">There is more than is shown here; the bytes below have all of it</p> : null}
      </Part>
      {signed.length === 0 ? null : (
        <Part title="Signed">
          {signed.map((one, place) => (
            <SignedPart key={place} signed={one} />
          ))}
        </Part>
      )}
      {files.length === 0 ? null : (
        <Part title="Files it names">
          <Files files={files} />
        </Part>
      )}
      <Part title="Place in the record">
        <PlaceInRecord detail={detail} onGoTo={onGoTo} />
      </Part>
      <Bytes bundle={bundle} detail={detail} />
    </>
  );
}

function Callout({ children }: { readonly children: string }): ReactNode {
  return (
    <p className="audit-callout">
      <Icon name="bad" /> <span>{children}</span>
    </p>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }): ReactNode {
  return (
    <section className="audit-part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function People({ by }: Pick<LineDetail, 'by'>): ReactNode {
  return (
    <ul className="audit-plain">
      {by.map(({ id, name, roles }) => (
        <li key={id}>
          {name === '' ? (
            <>
              <span className="mono">{id}</span>, not on the roster
            </>
          ) : (
            `${name}, ${roles.map(roleWord).join(', ')}`
          )}
        </li>
      ))}
    </ul>
  );
}

const FILE_WORDS = {
  matches: { tone: 'good', word: 'Matches' },
  differs: { tone: 'bad', word: 'Differs' },
  'not-there': { tone: 'bad', word: 'Not there' },
  unreadable: { tone: 'bad', word: 'Unreadable' },
} as const;

function Files({ files }: Pick<LineDetail, 'files'>): ReactNode {
  return (
    <ul className="audit-plain audit-files">
      {files.map(({ name, sha256, state, note }) => (
        <li key={name}>
          <div className="audit-files__head">
            <span className="mono breakable">{name}</span>
            <StatusWord tone={FILE_WORDS[state].tone}>{FILE_WORDS[state].word}</StatusWord>
          </div>
          <HashText hex={sha256} />
          {note === '' ? null : <p className="quiet breakable">{note}</p>}
        </li>
      ))}
    </ul>
  );
}

function PlaceInRecord({
  detail: { cover, leaf, sha256, line },
  onGoTo,
}: {
  readonly detail: LineDetail;
  readonly onGoTo: (line: number) => void;
}): ReactNode {
  return (
    <>
      {cover === null ? (
        <p>
          <StatusWord tone="caution">Under no checkpoint</StatusWord> Nobody signed it yet
        </p>
      ) : (
        <>
          <p>
            Covered by checkpoint {cover.number}
            {cover.final ? ', the last' : ''}, over {grouped(cover.size)} lines:{' '}
            {cover.holds ? (
              <StatusWord tone="good">Its root is that of the lines</StatusWord>
            ) : (
              <StatusWord tone="bad">Its root is not that of the lines</StatusWord>
            )}
          </p>
          <p className="quiet">
            {cover.signers.length === 0 ? 'No signature on it holds' : `Signed by ${cover.signers.join(', ')}`}
          </p>
          {cover.final ? null : (
            <ActionButton small weight="quiet" onAct={() => onGoTo(cover.size)}>
              {`Go to the line that announces it, ${grouped(cover.size)}`}
            </ActionButton>
          )}
        </>
      )}
      <FieldList
        fields={[
          ...(cover === null ? [] : [hash(`Root of checkpoint ${cover.number}`, cover.root)]),
          hash('Leaf', leaf),
          hash('SHA-256', sha256),
        ]}
      />
      <p className="quiet">
        The leaf is what the tree holds of line {grouped(line)}; the next line repeats the SHA-256
      </p>
    </>
  );
}

const hash = (name: string, value: string): FieldView => ({ name, depth: 0, kind: 'hash', value });

function Bytes({ bundle, detail }: { readonly bundle: string; readonly detail: LineDetail }): ReactNode {
  const [copied, setCopied] = useState<number | null>(null);
  const { line, bytes, raw } = detail;
  return (
    <details className="audit-bytes">
      <summary>Its bytes, {bytesWords(bytes)}</summary>
      <div className="audit-bytes__ways">
        <ActionButton
          small
          onAct={async () => {
            if ((await ask('audit.copy-line', { bundle, line })) !== undefined) setCopied(line);
          }}
        >
          Copy the line
        </ActionButton>
        <p role="status">{copied === line ? 'Copied, without the line feed' : ''}</p>
      </div>
      <pre className="mono">{raw}</pre>
      {raw.length < bytes && raw.length >= 64 * 1024 ? (
        <p className="quiet">The beginning; the copy has all of it</p>
      ) : null}
    </details>
  );
}
