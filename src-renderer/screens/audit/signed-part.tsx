/** Something that was signed: what, by whom, and whether each signature holds. */
import type { ReactNode } from 'react';
import type { SignedView } from '../../../ipc/audit-view';
import { StatusWord } from '../../components/status-word';
import { roleWord } from '../../components/words';
import { FieldList } from './field-list';

/** The payload opened, with its signatures above it: who stands for it comes first. */
export function SignedPart({
  signed: { what, file, fields, signatures, problem },
}: {
  readonly signed: SignedView;
}): ReactNode {
  return (
    <div className="audit-signed">
      <h4>{what}</h4>
      {file === null ? null : <p className="mono breakable quiet">{file}</p>}
      {problem === '' ? null : <p>{problem}</p>}
      <ul className="audit-plain">
        {signatures.map(({ id, name, roles, holds, note }, place) => (
          <li key={place} className="audit-signed__by">
            <StatusWord tone={holds ? 'good' : 'bad'}>{holds ? 'Holds' : 'Does not hold'}</StatusWord>
            <span>
              {name === '' ? (
                <span className="mono breakable">{id}</span>
              ) : (
                `${name}, ${roles.map(roleWord).join(', ')}`
              )}
              <span className="audit-signed__note">{note}</span>
            </span>
          </li>
        ))}
      </ul>
      {signatures.length === 0 && problem === '' ? <p>Nobody signed it</p> : null}
      {fields.length === 0 ? null : <FieldList fields={fields} />}
    </div>
  );
}
