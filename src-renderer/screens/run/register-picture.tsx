/** One master-key register as a vessel that fills, with its status and verification pattern in words below. */
import { useId, type ReactNode } from 'react';
import type { UnitView } from '../../../ipc/view';
import { hexGroups } from '../../../ceremony/words';
import { REGISTER_STATUS } from './run-words';

/** A register of a unit. `null`: not read yet. */
export type Register = NonNullable<UnitView['registers']>['new'] | null;

const WIDTH = 160;
const HEIGHT = 26;

/** Register `name` (NEW or CURRENT). The picture is for the eye; the words beneath say the same. */
export function RegisterPicture({ name, register }: { readonly name: string; readonly register: Register }): ReactNode {
  const status = register?.status ?? 'unknown';
  const pattern = register?.pattern ?? null;
  return (
    <div className="run-register" role="group" aria-label={`${name} register`} data-status={status}>
      <p className="run-register__name">
        <span>{name}</span>
        <Vessel status={status} />
      </p>
      <p className="run-register__status">{register === null ? 'Not read yet' : REGISTER_STATUS[register.status]}</p>
      {pattern === null ? null : <Pattern hex={pattern} />}
    </div>
  );
}

/** 64 hex digits as four rows of four groups. */
function Pattern({ hex }: { readonly hex: string }): ReactNode {
  return <code className="run-register__pattern">{hexGroups(hex)}</code>;
}

function Vessel({ status }: { readonly status: string }): ReactNode {
  const hatch = useId();
  const full = status !== 'empty' && status !== 'unknown';
  return (
    <svg className="run-vessel" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <defs>
        <pattern id={hatch} width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <rect className="run-vessel__stripe" width="4" height="8" />
        </pattern>
      </defs>
      {full ? (
        <rect
          className={status === 'full-uncommitted' ? undefined : 'run-vessel__content'}
          x="3"
          y="3"
          width={WIDTH - 6}
          height={HEIGHT - 6}
          {...(status === 'full-uncommitted' ? { fill: `url(#${hatch})` } : {})}
        />
      ) : null}
      <rect className="run-vessel__wall" x="1" y="1" width={WIDTH - 2} height={HEIGHT - 2} />
    </svg>
  );
}
