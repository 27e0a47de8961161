/** What people do in a step about kept shares, for screen and printed script; and the calls that it makes, for a dry run. */
import { custodyInstructions } from './custody-instructions';
import { sharedKeyOf } from './master-key-scheme';
import type { KeptShares, Plan, StepOf } from './schema';
import { custodyFormInWords } from './share-forms';

type ShareStep =
  StepOf<'shares.drill'> | StepOf<'shares.transfer'> | StepOf<'shares.reshare'> | StepOf<'shares.destroy'>;

/** What is done, in order. */
export function shareInstructions(plan: Plan, step: ShareStep): string[] {
  const kept = keptIn(plan, step.set);
  const custodians = kept?.custodians.join(', ') ?? '';
  const apart =
    'the others stand where they cannot see screen and keyboard, and the token of who comes proves that it is them';
  switch (step.action) {
    case 'shares.drill':
      return [
        `One custodian at a time comes to the keyboard (${custodians}) with the share of ${step.set}; ${apart}.`,
        'The custodian opens the envelope, enters the share and seals it again. It is compared with its commitment; nothing is combined.',
        ...broughtOtherwise(kept),
        `The custodian signs that the share is proven, and one of ${step.by.join(', ')}. A share that is wrong or not there is recorded so, and the next custodian comes.`,
      ];
    case 'shares.transfer':
      return [
        `One of ${step.from} enters the share of ${step.set}; ${apart}.`,
        `The successor (${step.to}) comes to the screen alone, proves presence there, copies the share onto a worksheet, and types it back.`,
        `Both sign, and one of ${step.by.join(', ')}. Both know the share from then on.`,
      ];
    case 'shares.reshare':
      return [
        `${String(kept?.threshold ?? 0)} of the custodians of ${step.set} (${custodians}) enter their shares, one at a time; ${apart}.`,
        ...broughtOtherwise(kept),
        `A new set ${plan.masterKey?.id ?? ''} for the same master key is made. Write down its set id, and compare the verification pattern with that of the last record.`,
        `One custodian at a time comes to the screen (${sharedKeyOf(plan)?.custodians ?? ''}) for a new share; the others stand where they cannot see it.`,
        ...custodyInstructions(plan),
        'The units are not touched. The old shares are replaced only once every new share was read back and proven.',
      ];
    case 'shares.destroy':
      return [
        `Each of ${custodians} hands in the share of ${step.set}, with every copy. It is destroyed before everybody.`,
        `Who hands it in signs, and one of ${step.by.join(', ')}. What is not handed in is recorded so: ${String(kept?.threshold ?? 0)} such shares give the master key as before, and it has to be rotated.`,
      ];
  }
}

/** A call, an intent or a remark of a dry run; or a share that is handed over, in the form that the plan gives it. */
export type ShareCall =
  | { readonly kind: 'intent' | 'note'; readonly text: string }
  | { readonly kind: 'sign'; readonly who: string; readonly text: string }
  | { readonly kind: 'hand-over'; readonly share: number };

const AT_SCREEN = 'presence of the custodian who comes to the screen';

/** What a step calls: no unit, and the tokens of those who sign. */
export function shareCalls(plan: Plan, step: ShareStep): readonly ShareCall[] {
  const kept = keptIn(plan, step.set);
  const indexes = Array.from({ length: kept?.shares ?? 0 }, (_, place) => String(place + 1));
  const sign = (who: string, text: string): ShareCall => ({ kind: 'sign', who: `tokens of ${who}`, text });
  switch (step.action) {
    case 'shares.drill':
      return indexes.flatMap((index) => [
        sign('its custodian', AT_SCREEN),
        {
          kind: 'note',
          text: `share process of its own: share ${index} entered, compared with its commitment, forgotten`,
        },
        sign(`its custodian and 1 × ${step.by.join(', ')}`, `share ${index} of ${step.set} proven`),
      ]);
    case 'shares.transfer':
      return [
        sign('its custodian', AT_SCREEN),
        { kind: 'intent', text: `transfer share of ${step.from} to ${step.to}` },
        { kind: 'note', text: 'share process: entered by the one, and kept until the other comes' },
        sign('the successor', AT_SCREEN),
        { kind: 'note', text: 'share process: shown to the successor, read back, forgotten' },
        sign(`both and 1 × ${step.by.join(', ')}`, `share of ${step.set} transferred`),
      ];
    case 'shares.reshare': {
      const fresh = Array.from({ length: sharedKeyOf(plan)?.shares ?? 0 }, (_, place) => String(place + 1));
      return [
        ...indexes
          .slice(0, kept?.threshold ?? 0)
          .flatMap((): ShareCall[] => [
            sign('its custodian', AT_SCREEN),
            { kind: 'intent', text: `enter share of ${step.set}` },
          ]),
        { kind: 'intent', text: 'make new set of shares' },
        {
          kind: 'note',
          text: 'share process: brings the master key back, compares its pattern, makes the new set; commitments leave it, nothing else',
        },
        ...fresh.flatMap((index): ShareCall[] => [
          sign('its custodian', AT_SCREEN),
          { kind: 'intent', text: `hand out share ${index}` },
          { kind: 'hand-over', share: Number(index) },
        ]),
        { kind: 'note', text: 'share process: every new share has its part in giving the pattern; then it ends' },
      ];
    }
    case 'shares.destroy':
      return indexes.map((index) =>
        sign(`its custodian and 1 × ${step.by.join(', ')}`, `share ${index} of ${step.set} destroyed`),
      );
  }
}

/** Shares of a kept set that nobody types, each with where it is. */
function broughtOtherwise(kept: KeptShares | undefined): readonly string[] {
  return (kept?.forms ?? []).map(
    (one) => `Share ${String(one.share)} is not typed: it is ${custodyFormInWords(one)}, which the custodian brings.`,
  );
}

function keptIn(plan: Plan, set: string): KeptShares | undefined {
  return plan.keptShares?.find(({ id }) => id === set);
}
