/** Members of a body or a payload under their names, those of groups set in below the group's name. */
import type { ReactNode } from 'react';
import type { FieldView } from '../../../ipc/audit-view';
import { utc } from '../../components/words';
import { HashText } from './hash-text';

/** Deepest that is set in further: the pane is narrow. */
const DEEPEST = 5;
/** Longest exact value that stands beside its name, in UTF-16 code units. */
const BESIDE = 48;

/** The fields, as a list of terms. */
export function FieldList({ fields }: { readonly fields: readonly FieldView[] }): ReactNode {
  return (
    <dl className="audit-fields">
      {fields.map((field, place) => (
        <div
          key={place}
          className="audit-fields__row"
          data-depth={Math.min(field.depth, DEEPEST)}
          data-kind={field.kind === 'code' && field.value.length > BESIDE ? 'long' : field.kind}
        >
          <dt>{field.name}</dt>
          <dd>
            <Value field={field} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Value({ field: { kind, value } }: { readonly field: FieldView }): ReactNode {
  switch (kind) {
    case 'hash':
      return <HashText hex={value} />;
    case 'time':
      return utc(value);
    case 'code':
      return <span className="mono breakable">{value}</span>;
    case 'nothing':
      return <span className="quiet">{value}</span>;
    case 'group':
      return <span className="visually-hidden">Made of what follows</span>;
    case 'text':
      return <span className="audit-fields__text">{value}</span>;
  }
}
