/** Whether a binding fits its plan: every position, unit, module, parameters file and medium is there, once, and right. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { spkiSha256, type SignatureAlgorithm } from '../command/dsse';
import { isProperKey } from '../transcript/roster-key';
import { waysOf } from './authentication';
import type { Binding, Person, TokenAddress } from './binding-schema';
import { checkLedger } from './check-ledger';
import { checkRegimeBinding } from './check-regime';
import { checkBoundForms, checkBoundKeptForms } from './check-share-forms';
import { checkShareSets } from './check-share-sets';
import { brokenDuties, sameName } from './duties';
import { Findings, counted, repeated, type Finding, type Rule } from './finding';
import type { Plan, Position } from './schema';
import { broughtOn, custodyMedia, custodyPrinters, handsOut } from './share-forms';

/**
 * Checks a binding against the plan it was written for. A binding with a finding of severity `error` is refused.
 *
 * @param planSha256 the plan hash, 64 lower-case hex digits
 */
export function checkBinding(plan: Plan, planSha256: string, binding: Binding): Finding[] {
  const findings = new Findings();
  if (binding.plan !== planSha256) {
    findings.error(
      null,
      'plan-hash-differs',
      `The binding was written for the plan ${binding.plan}, and this plan is ${planSha256}.`,
      'Find out which of the two was changed; bind the plan that was approved.',
    );
  }
  if (binding.mode === 'production' && binding.room !== undefined) {
    findings.error(
      null,
      'room-in-production',
      'The binding names a room of throw-away tokens, which only a rehearsal has.',
      'Take `room` out.',
    );
  }
  if (binding.mode === 'production') checkThresholds(plan, findings);
  checkSeats(plan, binding, findings);
  for (const person of binding.people) checkPerson(plan, binding, person, findings);
  checkOpenSeats(plan, binding, findings);
  checkApprovers(plan, binding, findings);
  checkFips(binding, findings);
  checkRegimeBinding(plan, binding, findings);
  checkTwice(binding, findings);
  checkDuties(plan, binding, findings);
  checkModules(binding, findings);
  checkUnits(plan, binding, findings);
  checkFiles(plan, binding, findings);
  checkBoundForms(plan, binding, findings);
  checkBoundKeptForms(plan, binding, findings);
  checkLedger(plan, binding, findings);
  checkShareSets(plan, binding, findings);
  return findings.list;
}

/** What a plan for training may say, a production must not: its record would be refused by every verifier. */
function checkThresholds(plan: Plan, findings: Findings): void {
  for (const step of plan.steps) {
    if (step.action !== 'unit.imprint' && step.action !== 'unit.thresholds') continue;
    const lowest = Math.min(step.signatureThreshold, step.revocationThreshold);
    if (lowest >= 2) continue;
    findings.error(
      step.id,
      'threshold-low',
      `A threshold is ${String(lowest)}, and in production no person alone commands a unit.`,
      'Set both thresholds to 2 or more, and have the plan reviewed and approved again.',
    );
  }
}

/** Each position has its count of people, and at most its alternates more. */
function checkSeats(plan: Plan, binding: Binding, findings: Findings): void {
  for (const { id, count, alternates } of plan.positions) {
    const bound = binding.people.filter((one) => one.position === id).length;
    const seats = (binding.enrol ?? []).filter((one) => one.position === id).length;
    if (bound + seats > count + alternates && seats > 0) {
      findings.error(
        null,
        'position-overfilled',
        `Position ${id} has ${counted(bound + seats, 'seat')} bound or open, and takes ${String(count + alternates)} people with its alternates.`,
        `Take ${String(bound + seats - count - alternates)} of them out.`,
      );
    }
    if (bound < count) {
      findings.error(
        null,
        'position-not-filled',
        `Position ${id} needs ${counted(count, 'person', 'people')}, and ${String(bound)} ${bound === 1 ? 'is' : 'are'} bound.`,
        `Bind ${String(count - bound)} more to ${id}.`,
      );
    }
    if (bound > count + alternates) {
      const allowed = alternates === 0 ? String(count) : `${String(count)} and ${counted(alternates, 'alternate')}`;
      findings.error(
        null,
        'position-overfilled',
        `Position ${id} takes ${allowed}, and ${String(bound)} people are bound.`,
        `Take ${String(bound - count - alternates)} of them out.`,
      );
    }
  }
}

function checkPerson(plan: Plan, binding: Binding, person: Person, findings: Findings): void {
  const position = plan.positions.find((one) => one.id === person.position);
  if (position === undefined) {
    findings.error(
      null,
      'unknown-position',
      `${person.id} is bound to position ${person.position}, which the plan does not declare.`,
      `Bind ${person.id} to one of ${plan.positions.map((one) => one.id).join(', ')}.`,
    );
  }
  const fault = keyFault(person.key.algorithm, person.key.spki);
  if (fault !== null) {
    findings.error(
      null,
      'key-unusable',
      `The key of ${person.id} is not one for ${person.key.algorithm}: ${fault}.`,
      'Export the public key from the token again (DER SubjectPublicKeyInfo, in base64).',
    );
  }
  checkPlaceOfKey(position, person, findings);
  if (person.token !== undefined) {
    demandModule(binding, person.token.module, `The token of ${person.id}`, findings);
    demandAddress(person.token.address, `the token of ${person.id}`, findings);
  }
  const pinned = position?.pinnedKeys ?? [];
  if (binding.mode === 'production' && pinned.length > 0 && !pinned.includes(spkiSha256(person.key.spki))) {
    findings.error(
      null,
      'key-not-pinned',
      `The plan pins the keys of position ${person.position}, and the key of ${person.id} is none of them.`,
      'Bind the person whose key was approved with the plan, or have a changed plan approved.',
    );
  }
}

/** A key is on a token, or, where the plan allows it, in a file; and the binding says where that is. */
function checkPlaceOfKey(position: Position | undefined, person: Person, findings: Findings): void {
  const { id, key, token, keyFile } = person;
  const attends = position?.attends === true;
  if (key.holder === 'token' ? keyFile !== undefined : token !== undefined) {
    findings.error(
      null,
      'key-place-unclear',
      `The key of ${id} is held by a ${key.holder}, and the binding names a ${key.holder === 'token' ? 'file' : 'token'}.`,
      `Take \`${key.holder === 'token' ? 'keyFile' : 'token'}\` out, or correct \`holder\`.`,
    );
  }
  if (key.holder === 'token') {
    if (token !== undefined || !attends) return;
    findings.error(
      null,
      'token-missing',
      `${id} attends, and the binding does not say on which token the key is.`,
      `Add \`token\` to ${id}: module, address and keyLabel.`,
    );
    return;
  }
  // SECURITY(K-98): a file can be copied, and its holder never learns of it; whoever reviews the plan decides.
  if (position !== undefined && position.keyFiles !== true) {
    findings.error(
      null,
      'key-file-not-allowed',
      `${id} would sign with a key file, which the plan does not allow for position ${position.id}.`,
      `Give ${id} a token, or have a plan approved that allows it (\`keyFiles: true\`).`,
    );
  }
  if (keyFile !== undefined || !attends) return;
  findings.error(
    null,
    'key-file-missing',
    `${id} attends, and the binding does not say in which file the key is.`,
    `Add \`keyFile\`, an absolute path, to ${id}.`,
  );
}

/** Seats for people who are enrolled on the day: for a step that enrols, of somebody new, with a token that can be found. */
function checkOpenSeats(plan: Plan, binding: Binding, findings: Findings): void {
  const seats = binding.enrol ?? [];
  for (const step of plan.steps) {
    if (step.action !== 'enrol' || seats.some((one) => one.position === step.position)) continue;
    findings.error(
      step.id,
      'enrol-not-bound',
      `The step enrols people of position ${step.position}, and the binding has no open seat for one.`,
      'Add to `enrol`: id, position and token.',
    );
  }
  for (const { id, position, token } of seats) {
    if (!plan.steps.some((step) => step.action === 'enrol' && step.position === position)) {
      findings.error(
        null,
        'enrol-for-nothing',
        `The open seat ${id} is for position ${position}, which no step of the plan enrols anybody for.`,
        'Take it out, or bind the person with their key.',
      );
    }
    demandModule(binding, token.module, `The token of ${id}`, findings);
    demandAddress(token.address, `the token of ${id}`, findings);
  }
}

/** What is said of a device is said by people who can be asked. */
function checkFips({ units, people }: Binding, findings: Findings): void {
  for (const { id, fips } of units) {
    const stranger = fips?.seenBy.find((one) => !people.some((person) => person.id === one));
    if (stranger === undefined) continue;
    findings.error(
      null,
      'fips-seen-by-nobody',
      `The FIPS mode of ${id} was seen by ${stranger}, who is not bound.`,
      'Name in `seenBy` people of the binding.',
    );
  }
}

/** Null when the SPKI is a key of the algorithm; else what is wrong with it. */
function keyFault(algorithm: SignatureAlgorithm, spki: string): string | null {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return 'it is not a public key in DER SubjectPublicKeyInfo';
  }
  const found = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  if (found !== KEY_TYPES[algorithm]) return `it is ${found}`;
  return isProperKey({ algorithm, spki })
    ? null
    : 'evidence takes named curves with uncompressed points, and RSA of 2048 bits or more';
}

const KEY_TYPES: Readonly<Record<SignatureAlgorithm, string>> = {
  'ecdsa-p256-sha256': 'prime256v1',
  'ecdsa-p384-sha384': 'secp384r1',
  'ecdsa-p521-sha512': 'secp521r1',
  'rsa-pss-sha256': 'rsa',
  ed25519: 'ed25519',
};

/** Approvers sign when the ceremony is opened; who can sign nothing there brings a file that they signed before. */
function checkApprovers({ approval }: Plan, binding: Binding, findings: Findings): void {
  const approvers = binding.people.filter((one) => one.position === approval.position);
  const without = approvers.filter((one) => one.token === undefined && one.keyFile === undefined);
  if (approvers.length - without.length >= approval.count || without.length === 0) return;
  const names = without.map(({ name }) => name).join(' and ');
  findings.warn(
    null,
    'approved-beforehand',
    `${names} cannot approve at the workstation: the binding names neither their token nor their key file.`,
    'Have them approve beforehand with `keyrite approve`, and bring their files to the start.',
  );
}

/** Nobody, and nothing, stands for two. */
function checkTwice(binding: Binding, findings: Findings): void {
  for (const id of repeated([...binding.people, ...(binding.enrol ?? [])].map((one) => one.id))) {
    findings.error(
      null,
      'person-twice',
      `${id} is bound twice.`,
      'Everybody takes one position; give a second person another id.',
    );
  }
  for (const spki of repeated(binding.people.map((one) => one.key.spki))) {
    const holders = binding.people.filter((one) => one.key.spki === spki).map((one) => one.id);
    findings.error(
      null,
      'key-twice-bound',
      `${holders.join(' and ')} have the same key.`,
      'Everybody signs with a key of their own.',
    );
  }
  const tokens = [
    ...binding.units.map((unit) => ({ of: `unit ${unit.id}`, module: unit.module, address: unit.address })),
    ...binding.people.flatMap((one) =>
      one.token === undefined ? [] : [{ of: one.id, module: one.token.module, address: one.token.address }],
    ),
    ...(binding.enrol ?? []).map((one) => ({ of: one.id, module: one.token.module, address: one.token.address })),
  ].filter((one) => !one.address.blank && (one.address.label !== undefined || one.address.serial !== undefined));
  const placeOf = (one: (typeof tokens)[number]): string =>
    JSON.stringify([one.module, one.address.label ?? null, one.address.serial ?? null]);
  for (const place of repeated(tokens.map(placeOf))) {
    const holders = tokens.filter((one) => placeOf(one) === place).map((one) => one.of);
    findings.error(
      null,
      'token-twice',
      `${holders.join(' and ')} are bound to the same token.`,
      'Give each its own token address.',
    );
  }
  for (const identity of repeated(
    binding.units.flatMap((unit) => (unit.lastKnown === null ? [] : [unit.lastKnown.identity])),
  )) {
    const units = binding.units.filter((unit) => unit.lastKnown?.identity === identity).map((unit) => unit.id);
    findings.error(
      null,
      'token-twice',
      `Units ${units.join(' and ')} have one identity: they are the same unit.`,
      'Take the identity of each unit from the last verified bundle.',
    );
  }
}

/** Duties that the plan separates, and roles of one quorum, are held by people with different names. */
function checkDuties(plan: Plan, binding: Binding, findings: Findings): void {
  const people = binding.people.map(({ id, name, position }) => {
    const role = plan.positions.find((one) => one.id === position)?.role;
    return { id, name, roles: role === undefined ? [] : [role] };
  });
  const broken = brokenDuties(plan, people, sameName);
  for (const { people: ids, held, why } of broken) {
    findings.error(
      null,
      'duties-not-apart',
      `${ids.join(' and ')} have one name and hold ${held.join(' and ')}, which the plan keeps apart. ${why}`,
      'Bind another person, or, if they are two people, write their names so that they differ.',
    );
  }
  for (const name of repeated(people.map((one) => sameName(one.name)))) {
    const ids = people.filter((one) => sameName(one.name) === name).map((one) => one.id);
    if (broken.some(({ people: [first] }) => first === ids[0])) continue;
    findings.warn(
      null,
      'person-twice',
      `${ids.join(' and ')} have one name.`,
      'If they are one person, bind them once; if two, write their names so that they differ.',
    );
  }
}

function checkModules(binding: Binding, findings: Findings): void {
  for (const id of repeated(binding.modules.map((one) => one.id))) {
    findings.error(null, 'id-twice', `The module ${id} is bound twice.`, 'Give one of them another id.');
  }
  const people = [...binding.people, ...(binding.enrol ?? [])];
  const used = new Set([...binding.units.map((one) => one.module), ...people.map((one) => one.token?.module)]);
  for (const { id, environment } of binding.modules) {
    if (!used.has(id)) {
      findings.warn(null, 'module-unused', `The module ${id} has neither a unit nor a person's token.`, 'Take it out.');
    }
    for (const { name } of environment.filter((one) => FORBIDDEN_ENVIRONMENT.test(one.name))) {
      findings.error(
        null,
        'environment-forbidden',
        `The environment of module ${id} sets ${name}, which loads code that no hash in the binding covers.`,
        `Take ${name} out.`,
      );
    }
  }
}

/** Variables that make the dynamic linker, the shell that starts a worker, or Node load other code. */
const FORBIDDEN_ENVIRONMENT = /^(?:LD_[A-Z_]+|DYLD_[A-Z_]+|NODE_[A-Z_]+|ELECTRON_[A-Z_]+|BASH_ENV|ENV)$/;

function checkUnits(plan: Plan, binding: Binding, findings: Findings): void {
  for (const id of repeated(binding.units.map((one) => one.id))) {
    findings.error(null, 'id-twice', `The unit ${id} is bound twice.`, 'Bind it once.');
  }
  for (const { id } of binding.units.filter((one) => !plan.units.some((unit) => unit.id === one.id))) {
    findings.error(
      null,
      'unknown-unit',
      `The binding has a unit ${id}, which the plan does not declare.`,
      'Take it out, or write its id as the plan does.',
    );
  }
  for (const { id, begins } of plan.units) {
    const bound = binding.units.find((one) => one.id === id);
    if (bound === undefined) {
      findings.error(null, 'unit-not-bound', `The unit ${id} is not bound to a token.`, 'Add it to `units`.');
      continue;
    }
    demandModule(binding, bound.module, `Unit ${id}`, findings);
    demandAddress(bound.address, `unit ${id}`, findings);
    const isNew = begins !== 'imprint' && begins !== 'operational';
    if (isNew && bound.lastKnown !== null) {
      findings.error(
        null,
        'last-known-unexpected',
        `Unit ${id} begins ${begins} by the plan, and the binding gives it a last known state.`,
        'Set `lastKnown: null`, or carry out a plan in which the unit has a history.',
      );
    }
    if (begins === 'foreign' && bound.address.blank) {
      findings.error(
        null,
        'address-missing',
        `The token of unit ${id} was initialised by others, so it is not blank.`,
        'Give its label, its serial, or both.',
      );
    }
    if (isNew) continue;
    if (bound.lastKnown === null) {
      findings.error(
        null,
        'last-known-missing',
        `Unit ${id} begins ${begins} by the plan, and the binding does not say what it was left as.`,
        'Take identity, state hash and counter from the last verified bundle of the unit.',
      );
    } else if (spkiSha256(bound.lastKnown.identitySpki) !== bound.lastKnown.identity) {
      findings.error(
        null,
        'identity-differs',
        `The identity of unit ${id} is not the SHA-256 of its \`identitySpki\`.`,
        'Take both from the last verified bundle of the unit.',
      );
    }
    if (bound.address.blank) {
      findings.error(
        null,
        'address-missing',
        `Unit ${id} has a history, so its token is not blank.`,
        'Give its label, its serial, or both.',
      );
    }
  }
}

/** Wrapping parameters and media that the steps name. */
function checkFiles(plan: Plan, binding: Binding, findings: Findings): void {
  const parameters: { step: string; id: string }[] = [];
  const media: { step: string; id: string }[] = [];
  for (const step of plan.steps) {
    if (step.action === 'export') media.push(...step.media.map((id) => ({ step: step.id, id })));
    if (step.action !== 'key.package') continue;
    parameters.push({ step: step.id, id: step.parameters });
    for (const way of waysOf(step.authenticate)) {
      if (way.by !== 'two-collectors') continue;
      parameters.push({ step: step.id, id: way.second });
      const fileOf = (id: string): string | undefined => binding.wrappingParameters.find((one) => one.id === id)?.file;
      if (fileOf(way.second) !== undefined && fileOf(way.second) === fileOf(step.parameters)) {
        findings.error(
          step.id,
          'parameters-same-file',
          `${step.parameters} and ${way.second} are the same file, so no second collector is heard.`,
          'Bind the file that the second collector fetched.',
        );
      }
    }
  }
  demandBound(parameters, binding.wrappingParameters, 'parameters-not-bound', 'wrappingParameters', findings);
  const printers: { step: string; id: string }[] = [];
  for (const step of plan.steps) {
    media.push(...broughtOn(plan, step).map((id) => ({ step: step.id, id })));
    if (!handsOut(step)) continue;
    media.push(...custodyMedia(plan).map((id) => ({ step: step.id, id })));
    printers.push(...custodyPrinters(plan).map((id) => ({ step: step.id, id })));
  }
  demandBound(printers, binding.printers ?? [], 'printer-not-bound', 'printers', findings);
  demandBound(media, binding.media, 'medium-not-bound', 'media', findings);
  const stores = plan.steps.flatMap((step) => ('store' in step ? [{ step: step.id, id: step.store }] : []));
  demandBound(stores, binding.keyStores ?? [], 'store-not-bound', 'keyStores', findings);
  for (const path of repeated((binding.keyStores ?? []).map((one) => one.path))) {
    findings.error(
      null,
      'store-twice',
      `Two key stores are bound to the folder ${path}.`,
      'Give each key store a folder of its own.',
    );
  }
}

function demandBound(
  wanted: readonly { step: string; id: string }[],
  bound: readonly { readonly id: string }[],
  rule: Rule,
  list: string,
  findings: Findings,
): void {
  for (const { step, id } of wanted.filter((one) => !bound.some((other) => other.id === one.id))) {
    findings.error(
      step,
      rule,
      `The step needs ${id}, and \`${list}\` of the binding does not say what that is.`,
      `Add ${id} to \`${list}\`.`,
    );
  }
  for (const id of repeated(bound.map((one) => one.id))) {
    findings.error(null, 'id-twice', `\`${list}\` of the binding has ${id} twice.`, 'Bind it once.');
  }
  for (const { id } of bound.filter((one) => !wanted.some((other) => other.id === one.id))) {
    findings.warn(
      null,
      'bound-for-nothing',
      `\`${list}\` of the binding has ${id}, which no step of the plan names.`,
      'Take it out, or write the id as the plan does.',
    );
  }
}

function demandModule(binding: Binding, module: string, what: string, findings: Findings): void {
  if (binding.modules.some((one) => one.id === module)) return;
  findings.error(
    null,
    'module-unknown',
    `${what} names the module ${module}, which the binding does not have.`,
    `Add ${module} to \`modules\`, or name one of ${binding.modules.map((one) => one.id).join(', ')}.`,
  );
}

function demandAddress(address: TokenAddress, what: string, findings: Findings): void {
  if (address.blank || address.label !== undefined || address.serial !== undefined) return;
  findings.error(
    null,
    'address-missing',
    `Nothing says where ${what} is found.`,
    'Give its label or serial, or `blank: true` for a token that is not initialised yet.',
  );
}
