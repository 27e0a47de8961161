/** Names and what they stand for, as a list of terms. */
import './fields.scss';
import type { ReactNode } from 'react';

/** One term and what it stands for. */
export interface Field {
  readonly name: string;
  readonly value: ReactNode;
}

/** Terms with their values; names at the left. */
export function Fields({ fields }: { readonly fields: readonly Field[] }) {
  return (
    <dl className="fields">
      {fields.map(({ name, value }) => (
        <div key={name} className="fields__row">
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
