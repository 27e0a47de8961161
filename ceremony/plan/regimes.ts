/**
 * Regimes of a plan: what a body of rules asks of people and thresholds at least, as data. Each demand names the
 * requirement that it comes from (`ceremony/standards`), which the checker cites. How strict the numbers are is our
 * reading: the standards ask for dual control and split knowledge, and two is the least that is either.
 */
import { citation, type RequirementId } from '../standards/requirements';
import type { Plan, Role, Step } from './schema';

/** A regime that asks for something. */
export type Regime = Exclude<Plan['regime'], 'none'>;

/** Something demanded, and the requirement it comes from. */
interface Demand<T> {
  readonly least: T;
  readonly source: RequirementId;
}

/** What a regime asks. What it is silent on, it leaves to the other rules. */
export interface Preset {
  /** Signature and revocation thresholds, and how many shares give the master key. */
  readonly thresholds: Demand<number>;
  /** Parts of each PIN. */
  readonly pinParts: Demand<number>;
  /** Pairs of roles that one person never holds, where the plan has both. */
  readonly apart: Demand<readonly (readonly [Role, Role])[]>;
  /** Witnesses and auditors who are in the room. */
  readonly watching: Demand<number>;
  /** Who signs the last checkpoint: so many operators, so many of those who watch. */
  readonly quorum: Demand<{ readonly operators: number; readonly watching: number }>;
  /** The plan says how long the record is kept. */
  readonly retention: RequirementId | null;
  /** In production the binding says of each unit that people saw it in its approved mode. */
  readonly approvedMode: RequirementId | null;
  /** No clear component is on the workstation, in any form. */
  readonly noClearComponents: RequirementId | null;
}

const WATCHERS_APART = [
  ['crypto-administrator', 'witness'],
  ['crypto-administrator', 'auditor'],
  ['custodian', 'witness'],
  ['custodian', 'auditor'],
  ['security-officer', 'witness'],
  ['security-officer', 'auditor'],
] as const satisfies readonly (readonly [Role, Role])[];

const PRESETS: Readonly<Record<Regime, Preset>> = {
  'pci-pin': {
    thresholds: { least: 2, source: 'pci-dual-control' },
    pinParts: { least: 2, source: 'pci-dual-control' },
    apart: { least: WATCHERS_APART, source: 'pci-custody' },
    watching: { least: 1, source: 'pci-custody' },
    quorum: { least: { operators: 2, watching: 1 }, source: 'pci-dual-control' },
    retention: 'pci-custody',
    approvedMode: null,
    noClearComponents: 'pci-clear-components',
  },
  webtrust: {
    thresholds: { least: 2, source: 'baseline-split' },
    pinParts: { least: 2, source: 'baseline-dual-control' },
    apart: { least: [...WATCHERS_APART, ['crypto-administrator', 'custodian']], source: 'baseline-split' },
    watching: { least: 1, source: 'webtrust-witness' },
    quorum: { least: { operators: 1, watching: 1 }, source: 'webtrust-sign-off' },
    retention: 'webtrust-script',
    approvedMode: null,
    noClearComponents: null,
  },
  'fips-140-3': {
    thresholds: { least: 2, source: 'fips-parameters' },
    pinParts: { least: 2, source: 'fips-parameters' },
    apart: { least: [...WATCHERS_APART, ['crypto-administrator', 'custodian']], source: 'fips-roles' },
    watching: { least: 1, source: 'fips-roles' },
    quorum: { least: { operators: 2, watching: 1 }, source: 'fips-roles' },
    retention: null,
    approvedMode: 'fips-roles',
    noClearComponents: null,
  },
};

/** What the regime of a plan asks; null where it has none. */
export function presetOf({ regime }: Pick<Plan, 'regime'>): Preset | null {
  return regime === 'none' ? null : PRESETS[regime];
}

/** Regime and source in words, as the end of a message: `(regime webtrust, by ...)`. */
export function cited({ regime }: Pick<Plan, 'regime'>, source: RequirementId): string {
  return `(regime ${regime}, by ${citation(source)})`;
}

/** What an action does with clear components or shares on the workstation, in words; null for any other action. */
export function clearComponentsIn(step: Pick<Step, 'action'>, masterKey: Plan['masterKey']): string | null {
  switch (step.action) {
    case 'master-key.generate':
      return masterKey?.scheme === 'in-unit' ? null : 'makes shares of a master key on the workstation';
    case 'shares.distribute':
      return 'shows or prints shares, and has them typed back';
    case 'master-key.load':
      return masterKey?.scheme === 'in-unit' ? null : 'has shares typed, and combines them on the workstation';
    case 'shares.drill':
      return 'has shares typed on the workstation';
    case 'shares.transfer':
      return 'has a share typed, and shown or printed for somebody else';
    case 'shares.reshare':
      return 'has shares typed and combined, and makes others on the workstation';
    default:
      return null;
  }
}
