/** The crypto units as last read: label, serial, identity, mode, administrators, thresholds, counter, and the master-key registers as a picture. */
import './units-picture.scss';
import type { ReactNode } from 'react';
import type { UnitView } from '../../../ipc/view';
import { Hash } from '../../components/hash';
import { Icon } from '../../components/icon';
import { RegisterPicture } from './register-picture';
import { listed, UNIT_MODE } from './run-words';

/** Digits of an identity that stand in a narrow window until the rest is asked for: four groups. */
const BEGINNING = 16;

/** All units of the run, side by side. */
export function UnitsPicture({ units }: { readonly units: readonly UnitView[] }): ReactNode {
  return (
    <section className="run-region run-units" aria-labelledby="run-units-title">
      <header className="run-region__head">
        <h2 id="run-units-title">Crypto units</h2>
        <p>
          {patternsCompared(units).map(({ words, differ }) => (
            <span key={words} className={differ ? 'run-units__differ' : undefined}>
              {differ ? <Icon name="warning" /> : null}
              {`${words} · `}
            </span>
          ))}
          {enforcement(units).join(' · ')}
        </p>
      </header>
      <div className="run-scroll run-units__row" role="group" aria-labelledby="run-units-title" tabIndex={0}>
        {units.length === 0 ? <p className="run-empty">This plan has no crypto units</p> : null}
        {units.map((unit) => (
          <Unit key={unit.id} unit={unit} />
        ))}
      </div>
    </section>
  );
}

function Unit({ unit }: { readonly unit: UnitView }): ReactNode {
  const title = `run-unit-${unit.id}`;
  return (
    <article className="run-unit" data-mode={unit.mode} aria-labelledby={title}>
      <header>
        <h3 id={title}>
          <bdi>{unit.name}</bdi>
        </h3>
        <span className="run-mark run-unit__mode">{UNIT_MODE[unit.mode]}</span>
      </header>
      <UnitNames unit={unit} />
      <p className="run-unit__facts">
        <span>
          {unit.administrators.length === 0
            ? 'No administrators'
            : `${unit.administrators.length === 1 ? 'Administrator' : 'Administrators'} ${listed(unit.administrators)}`}
        </span>
        <span>
          {unit.signatureThreshold === 0
            ? 'No thresholds set'
            : `Signature threshold ${unit.signatureThreshold}, revocation ${unit.revocationThreshold}`}
          {unit.counter === null ? '' : `, counter ${unit.counter}`}
        </span>
      </p>
      <div className="run-unit__registers">
        <RegisterPicture name="NEW" register={unit.registers?.new ?? null} />
        <svg className="run-unit__arrow" viewBox="0 0 20 20" aria-hidden="true">
          <path d="M2 9h12.2L10 4.8 11.4 3.4 18 10l-6.600 6.600L10 15.200 14.200 11H2z" />
        </svg>
        <RegisterPicture name="CURRENT" register={unit.registers?.current ?? null} />
      </div>
    </article>
  );
}

/** By what the device is told from others: label and serial, which others may show as well, and identity, which none can. */
function UnitNames({ unit: { label, serial, identity } }: { readonly unit: UnitView }): ReactNode {
  return (
    <div className="run-unit__names">
      <p>
        <bdi>{label}</bdi>
        {serial === null ? ', serial not read yet' : ', serial '}
        {serial === null ? null : <bdi className="run-unit__serial">{serial || 'none'}</bdi>}
      </p>
      {identity === null ? (
        <p>No identity yet</p>
      ) : (
        <>
          <details className="run-unit__folded">
            <summary>
              Identity <Hash hex={identity.slice(0, BEGINNING)} />…
            </summary>
            <Hash hex={identity} />
          </details>
          <p className="run-unit__identity">
            Identity <Hash hex={identity} />
          </p>
        </>
      )}
    </div>
  );
}

/** Who enforces the quorums, said once for all units. */
function enforcement(units: readonly UnitView[]): readonly string[] {
  return [...new Set(units.map((unit) => `Quorums ${unit.enforcedBy.toLowerCase().replace('keyrite', 'Keyrite')}`))];
}

/** What a glance over the registers would tell; nothing while there is nothing to compare. */
function patternsCompared(units: readonly UnitView[]): readonly { words: string; differ: boolean }[] {
  const [first, ...others] = units;
  if (first === undefined || others.length === 0) return [];
  return (['new', 'current'] as const).flatMap((register) => {
    const patterns = units.map((unit) => unit.registers?.[register].pattern ?? null);
    if (patterns.some((pattern) => pattern === null)) return [];
    const same = patterns.every((pattern) => pattern === patterns[0]);
    return [
      { words: `${register.toUpperCase()} ${same ? 'same pattern in all units' : 'patterns differ'}`, differ: !same },
    ];
  });
}
