/** Search for text in all lines: how far it is, what it found, and a way to end it. */
import { type ReactNode, useState } from 'react';
import { TextInput } from '../../components/carbon';
import { type AuditView, MAX_SEARCH, type SearchView } from '../../../ipc/audit-view';
import { ActionButton } from '../../components/action-button';
import { act } from '../../store';
import { grouped } from './numbers';

/** The form. `onFound`: the lines that were found are wanted. */
export function SearchForm({
  audit: { bundle, search },
  onFound,
}: {
  readonly audit: AuditView;
  readonly onFound: () => void;
}): ReactNode {
  const [typed, setTyped] = useState('');
  const isRunning = search?.state === 'running';
  const start = async (): Promise<void> => {
    const text = typed.trim();
    if (text === '') return;
    if (await act('audit.search', { bundle, text })) onFound();
  };
  return (
    <form
      className="audit-search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <TextInput
        id="audit-search"
        size="sm"
        labelText="Find in all lines"
        value={typed}
        maxLength={MAX_SEARCH}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setTyped(event.target.value)}
      />
      {isRunning ? (
        <ActionButton small onAct={() => act('audit.stop-search', {})}>
          Stop
        </ActionButton>
      ) : (
        <ActionButton small onAct={start}>
          Find
        </ActionButton>
      )}
      <p className="audit-search__said" role="status">
        {search === null ? '' : saidOf(search)}
      </p>
    </form>
  );
}

function saidOf({ text, state, looked, found }: SearchView): string {
  const result = `“${text}”: ${found === 1 ? '1 line' : `${grouped(found)} lines`}`;
  switch (state) {
    case 'running':
      return `${result} so far, ${grouped(looked)} looked at`;
    case 'done':
      return `${result} found`;
    case 'stopped':
      return `${result} found in the first ${grouped(looked)}; the search was stopped`;
    case 'full':
      return `${result} found in the first ${grouped(looked)}; look for something narrower to see the rest`;
  }
}
