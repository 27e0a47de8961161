/** Whether a binding fits its plan: every position, unit, module, parameters file and medium is there, once, and right. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { spkiSha256, type SignatureAlgorithm } from '../command/dsse';
import type { Binding, Person, TokenAddress } from './binding-schema';
import { Findings, counted, repeated, type Finding, type Rule } from './finding';
import type { Plan } from './schema';

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
  checkSeats(plan, binding, findings);
  for (const person of binding.people) checkPerson(plan, binding, person, findings);
  checkTwice(binding, findings);
  checkDuties(plan, binding, findings);
  checkModules(binding, findings);
  checkUnits(plan, binding, findings);
  checkFiles(plan, binding, findings);
  return findings.list;
}

/** Each position has its count of people, and at most its alternates more. */
function checkSeats(plan: Plan, binding: Binding, findings: Findings): void {
  for (const { id, count, alternates } of plan.positions) {
    const bound = binding.people.filter((one) => one.position === id).length;
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
  if (person.key.holder === 'file') {
    findings.error(
      null,
      'key-file-not-available',
      `${person.id} would sign with a key file, which this version of Keyrite cannot use.`,
      `Give ${person.id} a token.`,
    );
  } else if (person.token === undefined && position?.attends === true) {
    findings.error(
      null,
      'token-missing',
      `${person.id} attends, and the binding does not say on which token the key is.`,
      `Add \`token\` to ${person.id}: module, address and keyLabel.`,
    );
  }
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

/** Null when the SPKI is a key of the algorithm; else what is wrong with it. */
function keyFault(algorithm: SignatureAlgorithm, spki: string): string | null {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  } catch {
    return 'it is not a public key in DER SubjectPublicKeyInfo';
  }
  const found = key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType ?? 'unknown';
  return found === KEY_TYPES[algorithm] ? null : `it is ${found}`;
}

const KEY_TYPES: Readonly<Record<SignatureAlgorithm, string>> = {
  'ecdsa-p256-sha256': 'prime256v1',
  'ecdsa-p384-sha384': 'secp384r1',
  'ecdsa-p521-sha512': 'secp521r1',
  'rsa-pss-sha256': 'rsa',
  ed25519: 'ed25519',
};

/** Nobody, and nothing, stands for two. */
function checkTwice(binding: Binding, findings: Findings): void {
  for (const id of repeated(binding.people.map((one) => one.id))) {
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
  const roleOf = (person: Person): string | undefined => plan.positions.find((one) => one.id === person.position)?.role;
  const groups: { roles: readonly string[]; why: string }[] = [
    ...plan.separationOfDuties.map(({ apart, why }) => ({ roles: apart, why })),
    { roles: plan.signOff.quorum.map((one) => one.role), why: 'Nobody counts twice in the final quorum.' },
  ];
  const sameName = (name: string): string => name.normalize('NFKC').toLowerCase().replaceAll(/\s+/gu, ' ').trim();
  for (const name of repeated(binding.people.map((one) => sameName(one.name)))) {
    const people = binding.people.filter((one) => sameName(one.name) === name);
    const roles = new Set(people.map(roleOf));
    const broken = groups.find((group) => group.roles.filter((role) => roles.has(role)).length > 1);
    const ids = people.map((one) => one.id).join(' and ');
    if (broken !== undefined) {
      const held = broken.roles.filter((role) => roles.has(role)).join(' and ');
      findings.error(
        null,
        'duties-not-apart',
        `${ids} have one name and hold ${held}, which the plan keeps apart. ${broken.why}`,
        'Bind another person, or, if they are two people, write their names so that they differ.',
      );
    } else {
      findings.warn(
        null,
        'person-twice',
        `${ids} have one name.`,
        'If they are one person, bind them once; if two, write their names so that they differ.',
      );
    }
  }
}

function checkModules(binding: Binding, findings: Findings): void {
  for (const id of repeated(binding.modules.map((one) => one.id))) {
    findings.error(null, 'id-twice', `The module ${id} is bound twice.`, 'Give one of them another id.');
  }
  const used = new Set([...binding.units.map((one) => one.module), ...binding.people.map((one) => one.token?.module)]);
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

/** Variables that make the dynamic linker or Node load other code. */
const FORBIDDEN_ENVIRONMENT =
  /^(?:LD_PRELOAD|LD_AUDIT|DYLD_INSERT_LIBRARIES|NODE_OPTIONS|NODE_PATH|ELECTRON_RUN_AS_NODE)$/;

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
    if (begins === 'blank' && bound.lastKnown !== null) {
      findings.error(
        null,
        'last-known-unexpected',
        `Unit ${id} begins blank by the plan, and the binding gives it a last known state.`,
        'Set `lastKnown: null`, or carry out a plan in which the unit has a history.',
      );
    }
    if (begins === 'blank') continue;
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
    if (step.authenticate.by !== 'two-collectors') continue;
    const second = step.authenticate.second;
    parameters.push({ step: step.id, id: second });
    const fileOf = (id: string): string | undefined => binding.wrappingParameters.find((one) => one.id === id)?.file;
    if (fileOf(second) !== undefined && fileOf(second) === fileOf(step.parameters)) {
      findings.error(
        step.id,
        'parameters-same-file',
        `${step.parameters} and ${second} are the same file, so no second collector is heard.`,
        'Bind the file that the second collector fetched.',
      );
    }
  }
  demandBound(parameters, binding.wrappingParameters, 'parameters-not-bound', 'wrappingParameters', findings);
  demandBound(media, binding.media, 'medium-not-bound', 'media', findings);
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
