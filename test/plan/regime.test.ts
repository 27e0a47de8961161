/** What each regime refuses and lets be, and that it says by which source. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkPlan, findingText } from '../../ceremony/plan/check';
import { presetOf } from '../../ceremony/plan/regimes';
import { readPlan } from '../../ceremony/plan/read';
import { REGIMES, type Plan } from '../../ceremony/plan/schema';
import { citation } from '../../ceremony/standards/requirements';
import { FIRST } from './examples';
import { stepOf } from './plan-cases';

const first = (): Plan => structuredClone(readPlan(FIRST).plan);

/** The findings that a regime adds to a plan that has none. */
function added(change: (plan: Plan) => void): string[] {
  const plan = first();
  change(plan);
  return checkPlan(plan)
    .filter(({ rule }) => rule.startsWith('regime-') || rule === 'clear-components-forbidden')
    .map(findingText);
}

/** The example with all that the regimes of certification authorities and modules ask. */
function asAsked(plan: Plan): void {
  plan.retention = 'Seven years after the destruction of the key, by the auditor.';
}

describe('a plan that keeps its regime', () => {
  test.each(['webtrust', 'fips-140-3'] as const)('%s: has no finding', (regime) => {
    expect(
      added((plan) => {
        asAsked(plan);
        plan.regime = regime;
      }),
    ).toEqual([]);
  });

  test('pci-pin: has a master key inside one unit, or leaves components to the vendor', () => {
    const plan = first();
    asAsked(plan);
    plan.regime = 'pci-pin';
    plan.masterKey = { id: 'mk', scheme: 'in-unit', unit: 'unit-a', copies: 'none' };
    plan.steps = plan.steps.filter(({ action }) => action !== 'shares.distribute' && action !== 'master-key.load');
    expect(checkPlan(plan).filter(({ rule }) => rule === 'clear-components-forbidden')).toEqual([]);
  });
});

describe('pci-pin', () => {
  test('refuses each step that has a clear component on the workstation, in whatever form', () => {
    const refused = added((plan) => {
      asAsked(plan);
      plan.regime = 'pci-pin';
    });
    const steps = refused.map((one) => /^error: step ([a-z-]+): /.exec(one)?.[1]);
    expect(steps).toEqual(['generate', 'distribute', 'load']);
    for (const one of refused) {
      expect(one).toContain('regime pci-pin, by PCI PIN, clear components');
      expect(one).toContain('`vendor.procedure`');
    }
  });
});

test.each([
  ['share-drill', ['drill']],
  ['reshare', ['transfer', 'reshare']],
])('pci-pin: refuses what %s does with shares that live on', (example, steps) => {
  const { plan } = readPlan(readFileSync(`examples/${example}.ceremony.yaml`, 'utf8'));
  const refused = checkPlan({ ...plan, regime: 'pci-pin' }).filter(({ rule }) => rule === 'clear-components-forbidden');
  expect(refused.map(({ step }) => step)).toEqual(steps);
});

describe('every regime', () => {
  const regimes = REGIMES.filter((one) => one !== 'none');

  test.each(regimes)('%s: names itself and a source in every finding', (regime) => {
    const refused = added((plan) => {
      plan.regime = regime;
      const imprint = stepOf(plan, 'imprint', 'unit.imprint');
      [imprint.signatureThreshold, imprint.revocationThreshold] = [1, 1];
      for (const pin of plan.pins) pin.parts = 1;
      plan.separationOfDuties = [];
      stepOf(plan, 'roll-call', 'roll-call').positions = ['administrators', 'custodians'];
      plan.signOff.quorum = [{ role: 'custodian', count: 1 }];
    });
    const rules = new Set(refused.map((one) => /\[([a-z-]+)\]$/.exec(one)?.[1]));
    for (const rule of ['threshold', 'dual-control', 'duties', 'witness', 'quorum'])
      expect(rules).toContain(`regime-${rule}`);
    for (const one of refused) expect(one).toContain(`(regime ${regime}, by `);
  });

  test.each(regimes)('%s: asks for two, which no key of one person meets', (regime) => {
    const preset = presetOf({ regime });
    expect(preset?.thresholds.least).toBe(2);
    expect(preset?.pinParts.least).toBe(2);
    expect(citation(preset?.thresholds.source ?? 'pci-custody')).not.toBe('');
  });
});

test('a plan without a regime has none of these findings', () => {
  expect(added(() => undefined)).toEqual([]);
});
