/** Other names for the people of a rehearsal. */
import { TextInput } from '../../components/carbon';
import * as v from 'valibot';
import { Name } from '../../../ceremony/text-forms';
import type { PersonChoice } from '../../../ipc/view';
import { roleWord } from '../../components/words';

/** What is wrong with a name; null when it is good. */
export function nameProblem(name: string): string | null {
  return v.safeParse(Name, name.trim()).success && name.trim() !== '' ? null : '1 to 200 characters, on one line';
}

/** A field for each person, with the name that is used when nothing else is typed. Closed at first: names are made up. */
export function NameFields({
  people,
  names,
  onChange,
}: {
  readonly people: readonly PersonChoice[];
  readonly names: Readonly<Record<string, string>>;
  readonly onChange: (id: string, name: string) => void;
}) {
  return (
    <details className="binding__names">
      <summary>Other names for the people</summary>
      <div className="binding__name-fields">
        {people.map(({ id, name, role }) => {
          const typed = names[id] ?? name;
          const problem = nameProblem(typed);
          return (
            <TextInput
              key={id}
              id={`name-${id}`}
              labelText={`${roleWord(role)} (${id})`}
              value={typed}
              maxLength={200}
              autoComplete="off"
              spellCheck={false}
              invalid={problem !== null}
              invalidText={problem ?? ''}
              onChange={(event) => onChange(id, event.target.value)}
            />
          );
        })}
      </div>
    </details>
  );
}
