/**
 * What people do in each step, in words, for the printed script and for the screen. Rules for these words: they say who
 * does what and what to look at, in the order in which it happens; they hold on paper, in the window and at the terminal
 * alike, and what they call shown is shown in both; names are the plan's; nothing here decides anything.
 */
import { waysOf, type Way } from './authentication';
import { custodyInstructions } from './custody-instructions';
import { positionsWithShares, sharedKeyOf } from './master-key-scheme';
import type { Plan, RoleCount, Step, StepOf } from './schema';
import { shareInstructions } from './share-instructions';

/** Instructions of one step, one sentence or two each, in order. */
export function instructions(plan: Plan, step: Step): string[] {
  switch (step.action) {
    case 'preflight':
      return [
        'Read the plan hash that the screen shows aloud, word by word, and compare it with the head of the printed script.',
        'Read what Keyrite found of the workstation. What is not as it should be is shown as a warning: decide whether to go on all the same, and put that on record as an exception, on the screen or on an exception sheet of the printed script.',
        'Three people each read a clock of their own, by UTC; administrators and witness confirm the time.',
      ];
    case 'roll-call':
      return [
        `Call ${step.positions.join(', ')}. Each person shows identification, inserts their own token and signs with it.`,
      ];
    case 'enrol':
      return [
        `Whoever takes the open place of ${step.position} shows identification: ${step.identification.trim()} They insert their own token.`,
        `Two people of ${step.vouchers.join(', ')} who know the person sign with them. Write down the SHA-256 of the key that the screen shows.`,
      ];
    case 'unit.initialise':
      return [
        `Before each confirmation, compare the token that the screen names with the device: ${names(plan, step.units)}. Its content is erased.`,
        ...step.units.flatMap((unit) =>
          plan.pins
            .filter((pin) => pin.units.includes(unit))
            .map((pin) => `${unit}: ${pin.madeBy} make PIN ${pin.id} (${pin.for}), ${hands(pin)}.`),
        ),
        'Write down serial and identity of each unit that the screen shows.',
      ];
    case 'unit.imprint':
      return [
        `Each of ${step.administrators} signs for ${names(plan, step.units)} with their own token and is added as administrator.`,
        `The signature threshold is set to ${String(step.signatureThreshold)}, the revocation threshold to ${String(step.revocationThreshold)}. From then on the units take signed commands only.`,
      ];
    case 'unit.administrators.add':
      return [
        `Each of ${step.administrators} signs for ${names(plan, step.units)} with their own token, and as many administrators as the signature threshold asks sign with them. Only then is anybody else removed.`,
      ];
    case 'unit.administrators.remove':
      return [
        `As many administrators of ${names(plan, step.units)} as the revocation threshold asks sign that ${step.administrators} are administrators no longer. Their signatures count for nothing from then on.`,
      ];
    case 'unit.thresholds':
      return [
        `As many administrators as both the old and the new signature threshold ask sign for ${names(plan, step.units)}: ${String(step.signatureThreshold)} signatures for commands, ${String(step.revocationThreshold)} for removals.`,
      ];
    case 'unit.zeroise':
      return [
        `The screen lists what is on ${names(plan, step.units)}. Before each confirmation, compare the token that the screen names with the device: everything on it is destroyed.`,
        'As many administrators as the signature threshold asks sign. The screen then shows that the token is empty.',
      ];
    case 'unit.pin.change':
      return [
        ...step.units.flatMap((unit) => pinChange(plan, unit, step.for)),
        'The program logs in once with the new PIN. From then on the old one opens nothing: destroy what it was written on.',
      ];
    case 'unit.pin.unlock':
      return [
        ...step.units.flatMap((unit) => [
          ...pinsOf(plan, unit, 'security-officer').map((pin) => `${unit}: ${pin.heldBy} enter PIN ${pin.id}.`),
          ...pinsOf(plan, unit, 'user').map((pin) => `${unit}: ${pin.madeBy} make a new PIN ${pin.id}, ${hands(pin)}.`),
        ]),
        'The program logs in once with the new PIN. Seal it as the plan says; what the old one was written on is destroyed.',
      ];
    case 'unit.inventory':
      return [
        `The screen lists every object on ${names(plan, step.units)}, and names what is missing, there twice, not as it was made, or expected by nobody.`,
      ];
    case 'unit.compare':
      return [
        `The screen compares mode, administrators, thresholds and registers of ${names(plan, step.units)}. A difference is never waived.`,
      ];
    case 'master-key.generate':
      if (plan.masterKey?.scheme === 'in-unit') {
        return [
          `One administrator signs that ${names(plan, [plan.masterKey.unit])} makes the master key ${plan.masterKey.id} inside itself. It stays there: nobody can back it up, and no other unit can have it.`,
          'Write down the verification pattern that the screen shows.',
        ];
      }
      return [
        `The master key ${plan.masterKey?.id ?? ''} is made as ${sharesInWords(plan)}. Nothing secret is shown.`,
        'Write down the set id and the verification pattern that the screen shows.',
      ];
    case 'shares.distribute':
      return [
        `One custodian at a time comes to the screen (${positionsWithShares(plan).join(', ')}); the others stand where they cannot see it.`,
        ...custodyInstructions(plan),
      ];
    case 'shares.drill':
    case 'shares.transfer':
    case 'shares.reshare':
    case 'shares.destroy':
      return shareInstructions(plan, step);
    case 'master-key.load':
      return [
        `Each custodian in turn signs, with their own token, the load of their share into ${names(plan, step.units)}.`,
      ];
    case 'master-key.verify':
      return [
        `Read the verification patterns of the ${step.register} registers of ${names(plan, step.units)} aloud, and compare them with each other and with the pattern of the set.`,
      ];
    case 'master-key.commit':
      return [
        `Read the pattern aloud once more. As many administrators as the signature threshold asks sign the commit for ${names(plan, step.units)}.`,
      ];
    case 'master-key.activate':
      return [
        `One administrator signs the activation for ${names(plan, step.units)}. The new master key becomes the current one.`,
        ...(plan.keyStores === undefined
          ? []
          : [
              'Where it replaces a current master key: read aloud which one is destroyed, and how many keys were wrapped anew; then as many administrators as the signature threshold asks sign.',
            ]),
      ];
    case 'master-key.clear':
      return [
        `Administrators sign that the new register of ${names(plan, step.units)} is emptied: one of them before the commit, as many as the signature threshold asks after it. The current master key stays.`,
      ];
    case 'unit.adopt':
      return [
        `The screen lists everything on ${names(plan, step.units)} as others left it. Before each confirmation, compare the token that the screen names with the device; what is on it stays.`,
        `Where it comes from is the plan’s word, and nothing proves it: ${step.origin.trim()}`,
        'Write down serial and identity of each unit that the screen shows.',
      ];
    case 'master-key.adopt':
      return [
        `The screen shows the key “${step.object.label}” on ${names(plan, step.units)}, what it may be used for, and its verification pattern, which must be one on all of them. Administrators confirm what of it is weaker than a master key that Keyrite makes.`,
        `Where it comes from is the plan’s word, and nothing proves it: ${step.origin.trim()}`,
        `As many administrators as the signature threshold asks sign${step.harden === true ? ' that usages which a master key must not have are taken away, and' : ''} that it becomes the current master key.`,
      ];
    case 'key.adopt':
      return [
        `The screen shows ${step.objects.map(({ name, label }) => `“${label}” (${name})`).join(', ')} on ${names(plan, [step.unit])}. Nothing is made or changed.`,
        `Where they come from is the plan’s word, and nothing proves it: ${step.origin.trim()}`,
      ];
    case 'vendor.procedure':
      return [
        `Wait until the screen says that ${names(plan, step.units)} ${step.units.length === 1 ? 'is' : 'are'} released. Then ${step.by.join(', ')} carry out with ${step.tool}, line by line, and nothing else:`,
        ...step.commands.map((line) => line.trim()),
        ...(step.attach === undefined
          ? []
          : [
              `${step.attach === 'required' ? 'Name' : 'If there are any, name'} the files with what the tool put out; the record names each by its hash.`,
            ]),
        'Each of them confirms on the screen. The units are then read and compared with what the plan declares; a difference is never waived.',
      ];
    case 'master-key.rotate':
      return [
        `Confirm how many keys of ${storeName(plan, step.store)} the screen shows. Each is wrapped anew on ${names(plan, [step.unit])} and proven. It can be stopped at any time, and taken up another day; the current master key serves until the activation.`,
        'Write down the number of keys and the SHA-256 of the manifest.',
      ];
    case 'key.generate':
      return [
        `The key ${step.key.name} (${step.key.algorithm}, to ${step.key.use}) is made in ${names(plan, [step.unit])}, and stays there. Write down its check value.`,
      ];
    case 'key.wrap':
      return [
        `${step.keys.join(', ')} are wrapped under the master key of ${names(plan, [step.unit])} into ${storeName(plan, step.store)}; each is proven to come back. They never leave the unit again.`,
      ];
    case 'key.unwrap':
      return [
        `${step.keys.join(', ')} are brought back from ${storeName(plan, step.store)} into ${names(plan, [step.unit])}. Compare each check value with the record.`,
      ];
    case 'key.destroy':
      return [
        `Before each confirmation, compare the key that the screen names with this line: ${step.keys.join(', ')} on ${names(plan, [step.unit])}.`,
      ];
    case 'key.package':
      return [
        `Insert the medium with the wrapping parameters ${step.parameters}. The file must say: target ${step.target ?? 'ibm-key-protect'}, purpose ${step.purpose}.`,
        ...waysOf(step.authenticate).map(authentication),
        `The key ${step.key.name} is made in ${names(plan, [step.unit])}, wrapped and destroyed there. Write down its check value.`,
      ];
    case 'fact':
      return [
        `${step.by.join(', ')}: ${step.ask.trim()}`,
        ...(step.attach === true ? ['Name the files that go with the answer; the record names each by its hash.'] : []),
      ];
    case 'custody':
      return custody(plan, step);
    case 'statement':
      return ['Read aloud:', `“${step.text.trim()}”`, `Each of ${step.by.join(', ')} confirms.`];
    case 'checkpoint':
      return [
        `${quorum(step.signers)} sign the record so far. Each compares the root on the screen with the one on a station of their own, or is recorded as having relied on the screen.`,
      ];
    case 'pause':
      return [
        `Put under seal: ${step.seals.join(', ')}. ${step.by.join(', ')} state the number of each seal, and write it here.`,
        `${quorum(step.signers)} sign the record so far. Everybody writes down the root that the screen shows.`,
        'The session ends here. The next one has a binding of its own, a pre-flight in which the seals are compared, and a roll call.',
      ];
    case 'export':
      return [
        `${quorum(plan.signOff.quorum)} sign the last checkpoint.`,
        `The evidence bundle is written${step.media.length === 0 ? '' : `, copied to ${step.media.join(', ')}`} and read back. Write down the last root.`,
      ];
  }
}

type PlannedPin = Plan['pins'][number];

function pinsOf(plan: Plan, unit: string, kind: PlannedPin['for']): readonly PlannedPin[] {
  return plan.pins.filter((pin) => pin.for === kind && pin.units.includes(unit));
}

function hands({ parts }: PlannedPin): string {
  return parts === 2 ? 'each of two people one part, alone at the keyboard' : 'one person';
}

function pinChange(plan: Plan, unit: string, kind: PlannedPin['for']): string[] {
  return pinsOf(plan, unit, kind).map(
    (pin) =>
      `${unit}: ${pin.heldBy} enter the old PIN ${pin.id} (${kind}), and ${pin.madeBy} make a new one, ${hands(pin)}.`,
  );
}

/** What is done with things under seal; the numbers are written down beside it. */
function custody(plan: Plan, { act, objects, by, place }: StepOf<'custody'>): string[] {
  const things = objects.map((id) => `${plan.materials.find((one) => one.id === id)?.name ?? id} (${id})`).join('; ');
  const signed = `For each object one of ${by.join(', ')} who keeps it and one who watches sign with their own keys.`;
  switch (act) {
    case 'in':
      return [`Taken into custody, each under the seal that it has: ${things}. Kept at: ${place ?? ''}.`, signed];
    case 'closed':
      return [`Put under a new seal, each: ${things}. Kept at: ${place ?? ''}.`, signed];
    case 'opened':
      return [
        `Read the number of each seal aloud before it is broken; another one than the ledger has is an exception: ${things}.`,
        signed,
      ];
    case 'destroyed':
      return [
        `Read the number of each seal aloud, if there is one, then destroy the object with its content, before everybody: ${things}.`,
        signed,
      ];
  }
}

/** Who holds copies of components, as sentences; empty where nobody does. */
export function copiesInWords(plan: Plan): string {
  return (sharedKeyOf(plan)?.copiesOf ?? [])
    .map(({ position, of }) => ` ${position} hold copies, of ${of.join(', ')}, one each.`)
    .join('');
}

/** The shares of the master key in words, such as `2 components, all of them needed`. */
export function sharesInWords(plan: Plan): string {
  const shared = sharedKeyOf(plan);
  if (shared === null) return 'no shares';
  const { scheme, shares, needed } = shared;
  return scheme === 'components'
    ? `${String(shares)} components, all of them needed`
    : `${String(shares)} shares of SLIP-39 words, any ${String(needed)} of them needed`;
}

/** A quorum in words, such as `1 × witness and 2 × crypto-administrator`. */
export function quorum(signers: readonly RoleCount[]): string {
  return signers.map(({ role, count }) => `${String(count)} × ${role}`).join(' and ');
}

function authentication(how: Way): string {
  switch (how.by) {
    case 'read-back':
      return `The collector reads the fingerprint of the wrapping key aloud; ${how.positions.join(', ')} compare it with the screen. Nothing is wrapped to a key that differs.`;
    case 'pinned':
      return `The fingerprint of the wrapping key must be ${how.publicKeySha256}.`;
    case 'two-collectors':
      return `The parameters ${how.second}, fetched by a second collector, must name the same wrapping key.`;
  }
}

function storeName(plan: Plan, store: string): string {
  return plan.keyStores?.find(({ id }) => id === store)?.name ?? store;
}

function names(plan: Plan, units: readonly string[]): string {
  return units.map((id) => plan.units.find((unit) => unit.id === id)?.name ?? id).join(' and ');
}
