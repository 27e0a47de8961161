/** One way to break the example binding for each rule of the binding checker. */
import type { KeptSet } from '../../ceremony/custody/share-sets';
import type { Binding, BoundUnit, Module, Person } from '../../ceremony/plan/binding-schema';
import type { KeptShares, Plan, ShareForm } from '../../ceremony/plan/schema';
import type { Rule } from '../../ceremony/plan/finding';

/** A change to a fresh copy of the example binding, perhaps of its plan too, and the rule it must break. */
export interface BindingCase {
  readonly rule: Rule;
  readonly change: (binding: Binding, plan: Plan) => void;
}

function person(binding: Binding, id: string): Person {
  const found = binding.people.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

function unit(binding: Binding, id: string): BoundUnit {
  const found = binding.units.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
}

function hsm(binding: Binding): Module {
  const found = binding.modules.find((one) => one.id === 'hsm');
  if (found === undefined) throw new Error('no module hsm');
  return found;
}

/** A last known state whose identity is not the hash of the key beside it. */
function history(binding: Binding): NonNullable<BoundUnit['lastKnown']> {
  return {
    identity: 'a'.repeat(64),
    identitySpki: person(binding, 'ada-aker').key.spki,
    stateSha256: 'b'.repeat(64),
    counter: 3,
  };
}

/** The key of Ada Aker on its curve, its point compressed: openssl takes it, evidence does not. */
function compressed(binding: Binding): string {
  const spki = Buffer.from(person(binding, 'ada-aker').key.spki, 'base64');
  if (spki.length !== 91) throw new Error('not a P-256 key');
  const head = Buffer.from('3039301306072a8648ce3d020106082a8648ce3d030107032200', 'hex');
  const sign = 2 + ((spki[90] ?? 0) & 1);
  return Buffer.concat([head, Buffer.from([sign]), spki.subarray(27, 59)]).toString('base64');
}

/** Puts the key of Farid Haddad into a file. */
function inFile(binding: Binding): Person {
  const found = person(binding, 'farid-haddad');
  found.key.holder = 'file';
  found.keyFile = '/media/farid/key.pem';
  delete found.token;
  return found;
}

/** Gives one share another form than a worksheet. */
function giveForm(plan: Plan, form: ShareForm): void {
  if (plan.masterKey === undefined) throw new Error('the plan has a master key');
  Object.assign(plan.masterKey, { forms: [form] });
}

function allowFiles(plan: Plan): void {
  for (const one of plan.positions) one.keyFiles = true;
}

/** A step works on a key store. */
function inStore(plan: Plan): void {
  plan.keyStores = [{ id: 'backup', name: 'Backup' }];
  plan.steps.push({
    id: 'wrap',
    title: 'wrap',
    action: 'key.wrap',
    unit: 'unit-a',
    keys: ['k1'],
    store: 'backup',
  });
}

function beginOperational(plan: Plan): void {
  for (const one of plan.units) one.begins = 'operational';
}

/** A case for every rule of the binding checker. */
export const BINDING_CASES: readonly BindingCase[] = [
  { rule: 'plan-hash-differs', change: (binding) => (binding.plan = 'c'.repeat(64)) },
  {
    rule: 'enrol-not-bound',
    change: (_, plan) => {
      plan.steps.splice(2, 0, {
        id: 'guest',
        title: 'A guest',
        action: 'enrol',
        position: 'witness',
        vouchers: ['administrators'],
        identification: 'A passport.',
      });
    },
  },
  {
    rule: 'enrol-for-nothing',
    change: (binding) => {
      const token = { module: 'cards', address: { blank: false, label: 'guest' }, keyLabel: 'signing' };
      binding.enrol = [{ id: 'guest-1', position: 'witness', token }];
    },
  },
  {
    rule: 'fips-seen-by-nobody',
    change: (binding) => {
      const fips = { certificate: 'CMVP 4718', level: 3, mode: 'approved' as const, seenBy: ['ada-aker', 'mallory'] };
      for (const unit of binding.units) if (unit.id === binding.units[0]?.id) unit.fips = fips;
    },
  },
  {
    rule: 'regime-approved-mode',
    change: (binding, plan) => {
      plan.regime = 'fips-140-3';
      binding.mode = 'production';
    },
  },
  { rule: 'room-in-production', change: (binding) => (binding.room = '/run/keyrite/room') },
  {
    rule: 'position-not-filled',
    change: (binding) => (binding.people = binding.people.filter((one) => one.id !== 'emi-tanaka')),
  },
  { rule: 'position-overfilled', change: (binding) => (person(binding, 'greta-novak').position = 'witness') },
  { rule: 'unknown-position', change: (binding) => (person(binding, 'greta-novak').position = 'auditors') },
  { rule: 'person-twice', change: (binding) => (person(binding, 'hugo-silva').id = 'ines-weber') },
  { rule: 'person-twice', change: (binding) => (person(binding, 'hugo-silva').name = 'Inês  WEBER') },
  {
    rule: 'key-twice-bound',
    change: (binding) => (person(binding, 'ada-aker').key = person(binding, 'boris-lind').key),
  },
  { rule: 'key-unusable', change: (binding) => (person(binding, 'ada-aker').key.spki = 'AAAA') },
  { rule: 'key-unusable', change: (binding) => (person(binding, 'ada-aker').key.algorithm = 'ed25519') },
  {
    rule: 'key-not-pinned',
    change: (_, plan) => {
      for (const one of plan.positions) if (one.id === 'witness') one.pinnedKeys = ['d'.repeat(64)];
    },
  },
  { rule: 'key-unusable', change: (binding) => (person(binding, 'ada-aker').key.spki = compressed(binding)) },
  { rule: 'key-file-not-allowed', change: (binding) => inFile(binding) },
  {
    rule: 'key-file-missing',
    change: (binding, plan) => {
      allowFiles(plan);
      delete inFile(binding).keyFile;
    },
  },
  {
    rule: 'key-place-unclear',
    change: (binding, plan) => {
      allowFiles(plan);
      inFile(binding).token = person(binding, 'ada-aker').token;
    },
  },
  { rule: 'key-place-unclear', change: (binding) => (person(binding, 'farid-haddad').keyFile = '/media/farid.pem') },
  { rule: 'token-missing', change: (binding) => delete person(binding, 'farid-haddad').token },
  {
    rule: 'approved-beforehand',
    change: (binding, plan) => {
      for (const one of binding.people) if (one.position === plan.approval.position) delete one.token;
    },
  },
  { rule: 'duties-not-apart', change: (binding) => (person(binding, 'farid-haddad').name = 'ada åker') },
  { rule: 'module-unknown', change: (binding) => (unit(binding, 'unit-b').module = 'hms') },
  { rule: 'module-unused', change: (binding) => binding.modules.push({ ...hsm(binding), id: 'spare' }) },
  { rule: 'id-twice', change: (binding) => binding.modules.push(hsm(binding)) },
  { rule: 'id-twice', change: (binding) => binding.units.push(unit(binding, 'unit-a')) },
  {
    rule: 'environment-forbidden',
    change: (binding) => hsm(binding).environment.push({ name: 'LD_PRELOAD', value: '/tmp/x.so' }),
  },
  {
    rule: 'environment-forbidden',
    change: (binding) => hsm(binding).environment.push({ name: 'LD_LIBRARY_PATH', value: '/tmp' }),
  },
  { rule: 'unit-not-bound', change: (binding) => binding.units.pop() },
  { rule: 'unknown-unit', change: (binding) => binding.units.push({ ...unit(binding, 'unit-a'), id: 'unit-c' }) },
  {
    rule: 'address-missing',
    change: (binding, plan) => {
      for (const one of plan.units) if (one.id === 'unit-a') one.begins = 'foreign';
      unit(binding, 'unit-a').address = { blank: true };
    },
  },
  { rule: 'address-missing', change: (binding) => (unit(binding, 'unit-a').address = { blank: false }) },
  {
    rule: 'address-missing',
    change: (binding, plan) => {
      beginOperational(plan);
      for (const one of binding.units) one.address.blank = true;
    },
  },
  {
    rule: 'token-twice',
    change: (binding) => (unit(binding, 'unit-a').address = { ...unit(binding, 'unit-b').address }),
  },
  {
    rule: 'token-twice',
    change: (binding, plan) => {
      beginOperational(plan);
      for (const one of binding.units) one.lastKnown = history(binding);
    },
  },
  { rule: 'last-known-missing', change: (_, plan) => beginOperational(plan) },
  { rule: 'last-known-unexpected', change: (binding) => (unit(binding, 'unit-a').lastKnown = history(binding)) },
  {
    rule: 'identity-differs',
    change: (binding, plan) => {
      beginOperational(plan);
      unit(binding, 'unit-a').lastKnown = history(binding);
    },
  },
  { rule: 'parameters-not-bound', change: (binding) => (binding.wrappingParameters = []) },
  {
    rule: 'parameters-same-file',
    change: (binding, plan) => {
      for (const step of plan.steps) {
        if (step.action === 'key.package') step.authenticate = { by: 'two-collectors', second: 'second' };
      }
      binding.wrappingParameters.push({ id: 'second', file: '/media/ceremony-in/wrapping-parameters.json' });
    },
  },
  { rule: 'shares-not-bound', change: (_, plan) => keepShares(plan) },
  {
    rule: 'shares-not-bound',
    change: (binding, plan) => {
      keepShares(plan);
      carryShares(binding).state = 'replaced';
    },
  },
  {
    rule: 'shares-malformed',
    change: (binding, plan) => {
      keepShares(plan);
      const set = carryShares(binding);
      set.shares = set.shares.map((share) => ({ ...share, index: 2 }));
    },
  },
  {
    rule: 'share-token-missing',
    change: (binding, plan) => {
      keepShares(plan, [{ share: 1, form: 'own-token' }]);
      const [person] = binding.people;
      if (person === undefined) throw new Error('nobody is bound');
      carryShares(binding, person.id, person.name);
      delete person.token;
      person.keyFile = '/media/keys/signing.key';
    },
  },
  {
    rule: 'age-recipient-missing',
    change: (binding, plan) => {
      keepShares(plan, [{ share: 1, form: 'age-file', medium: 'evidence', lock: 'recipient' }]);
      const [person] = binding.people;
      if (person === undefined) throw new Error('nobody is bound');
      carryShares(binding, person.id, person.name);
    },
  },
  {
    rule: 'share-not-passed-on',
    change: (binding, plan) => {
      keepShares(plan, [{ share: 1, form: 'own-token' }]);
      const person = binding.people.find(({ position }) => position === 'custodians');
      if (person === undefined) throw new Error('no custodian is bound');
      carryShares(binding, person.id, person.name);
    },
  },
  {
    rule: 'shares-other-length',
    change: (binding, plan) => {
      keepShares(plan);
      plan.steps.splice(3, 0, { id: 'anew', title: 'Shares anew', action: 'shares.reshare', set: 'old-key' });
      carryShares(binding).bytes = 16;
    },
  },
  {
    rule: 'share-holder-unknown',
    change: (binding, plan) => {
      keepShares(plan);
      carryShares(binding);
    },
  },
  {
    rule: 'share-holder-unknown',
    change: (binding, plan) => {
      keepShares(plan);
      carryShares(binding, 'ada-aker');
    },
  },
  {
    rule: 'rotation-demanded',
    change: (binding, plan) => {
      plan.steps = plan.steps.filter(({ action }) => action !== 'master-key.generate');
      carryShares(binding).state = 'replaced';
    },
  },
  {
    rule: 'rotation-demanded',
    change: (binding, plan) => {
      keepShares(plan);
      const set = carryShares(binding);
      binding.shareSets?.sets.unshift({ ...set, id: 'older', set: 'e'.repeat(32), state: 'replaced' });
    },
  },
  { rule: 'ledger-object-missing', change: (_, plan) => keep(plan) },
  {
    rule: 'ledger-object-destroyed',
    change: (binding, plan) => {
      keep(plan);
      carry(binding, { state: 'destroyed', seal: null, place: null });
    },
  },
  {
    rule: 'ledger-object-elsewhere',
    change: (binding, plan) => {
      keep(plan);
      carry(binding, { state: 'sealed', seal: 'A-1', place: 'The other safe' });
    },
  },
  {
    rule: 'ledger-object-elsewhere',
    change: (binding, plan) => {
      keep(plan);
      carry(binding, { state: 'open', seal: null, place: null });
    },
  },
  {
    rule: 'ledger-object-kind',
    change: (binding, plan) => {
      keep(plan);
      carry(binding, { state: 'sealed', seal: 'A-1', place: 'The safe' }, 'card');
    },
  },
  {
    rule: 'ledger-object-known',
    change: (binding, plan) => {
      pinEnvelopes(plan).ledger = 'new';
      carry(binding, { state: 'destroyed', seal: null, place: null });
    },
  },
  {
    rule: 'id-twice',
    change: (binding, plan) => {
      keep(plan);
      carry(binding, { state: 'sealed', seal: 'A-1', place: 'The safe' });
      binding.custody?.objects.push(...binding.custody.objects);
    },
  },
  {
    rule: 'threshold-low',
    change: (binding, plan) => {
      binding.mode = 'production';
      delete binding.room;
      for (const step of plan.steps) if (step.action === 'unit.imprint') step.signatureThreshold = 1;
    },
  },
  {
    rule: 'age-recipient-missing',
    change: (_, plan) => giveForm(plan, { share: 1, form: 'age-file', medium: 'own', lock: 'recipient' }),
  },
  {
    rule: 'share-token-missing',
    change: (binding, plan) => {
      giveForm(plan, { share: 1, form: 'own-token' });
      for (const one of binding.people) delete one.token;
    },
  },
  {
    rule: 'printer-not-bound',
    change: (_, plan) => giveForm(plan, { share: 1, form: 'printed', printer: 'laser' }),
  },
  {
    rule: 'printer-keeps-copies',
    change: (binding, plan) => {
      giveForm(plan, { share: 1, form: 'printed', printer: 'laser' });
      binding.printers = [{ id: 'laser', path: 'laser-2nd-floor', language: 'pdf' }];
    },
  },
  {
    rule: 'printer-keeps-copies',
    change: (binding, plan) => {
      giveForm(plan, { share: 1, form: 'printed', printer: 'laser' });
      binding.printers = [{ id: 'laser', path: '/dev/stdout', language: 'postscript' }];
    },
  },
  {
    rule: 'share-medium-shared',
    change: (binding, plan) => {
      giveForm(plan, { share: 1, form: 'pdf', medium: 'own' });
      binding.media.push({ id: 'own', path: binding.media[0]?.path ?? '/media/usb' });
    },
  },
  { rule: 'store-not-bound', change: (_binding, plan) => inStore(plan) },
  {
    rule: 'store-twice',
    change: (binding, plan) => {
      inStore(plan);
      binding.keyStores = ['backup', 'other'].map((id) => ({ id, path: '/media/keys' }));
    },
  },
  { rule: 'medium-not-bound', change: (binding) => (binding.media = []) },
  { rule: 'id-twice', change: (binding) => binding.media.push(...binding.media) },
  { rule: 'bound-for-nothing', change: (binding) => binding.media.push({ id: 'other-usb', path: '/media/other' }) },
];

/** The plan passes on shares that an earlier ceremony left. */
function keepShares(plan: Plan, forms?: KeptShares['forms']): void {
  plan.keptShares = [
    {
      id: 'old-key',
      scheme: 'threshold',
      shares: 2,
      threshold: 2,
      is: 'current',
      custodians: ['custodians'],
      ...(forms === undefined ? {} : { forms }),
    },
  ];
  plan.steps.splice(2, 0, {
    id: 'pass-on',
    title: 'Shares are passed on',
    action: 'shares.transfer',
    set: 'old-key',
    from: 'custodians',
    to: 'custodians',
    by: ['witness'],
  });
}

/** The binding brings them. */
function carryShares(binding: Binding, holder = 'last-years-custodian', name = 'Somebody of last year'): KeptSet {
  const share = (index: number): KeptSet['shares'][number] => ({
    index,
    salt: '5'.repeat(32),
    commitment: String(index).repeat(64),
    holders: [{ id: holder, name, returned: false }],
  });
  const set: KeptSet = {
    id: 'old-key',
    set: 'd'.repeat(32),
    scheme: 'threshold',
    threshold: 2,
    pattern: '9'.repeat(64),
    state: 'current',
    shares: [share(1), share(2)],
  };
  binding.shareSets = { from: { ceremony: 'last-year', root: '7'.repeat(64) }, sets: [set] };
  return set;
}

function pinEnvelopes(plan: Plan): Plan['materials'][number] {
  const found = plan.materials.find(({ id }) => id === 'pin-envelopes');
  if (found === undefined) throw new Error('the plan has no pin-envelopes');
  return found;
}

/** The plan takes the PIN envelopes from the custody ledger. */
function keep(plan: Plan): void {
  Object.assign(pinEnvelopes(plan), { ledger: 'kept', at: 'The safe' });
}

/** The binding carries a ledger that has them. */
function carry(
  binding: Binding,
  is: { state: 'sealed'; seal: string; place: string } | { state: 'open' | 'destroyed'; seal: null; place: null },
  kind: 'seal' | 'card' = 'seal',
): void {
  const from = { ceremony: 'last-year', root: '7'.repeat(64) };
  binding.custody = { from, objects: [{ object: 'pin-envelopes', kind, ...is }] };
}
