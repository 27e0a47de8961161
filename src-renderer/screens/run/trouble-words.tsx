/** Why something could not be done, inside a dialog that would hide the shell's words. */
import type { ReactNode } from 'react';
import type { Trouble } from '../../../ipc/define';
import { Icon } from '../../components/icon';

/** What happened, what was changed, what to do next; said at once by screen readers. */
export function TroubleWords({ trouble }: { readonly trouble: Trouble }): ReactNode {
  return (
    <div className="run-callout" data-tone="failure" role="alert">
      <Icon name="bad" />
      <div>
        <p>
          <strong>{trouble.happened}</strong>
        </p>
        <p>{trouble.changed}</p>
        <p>{trouble.next}</p>
      </div>
    </div>
  );
}
