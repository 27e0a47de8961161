/** A binding as the app shows it before it is used: what stands for the plan's names, and whether it is there now. */
import { existsSync } from 'node:fs';
import { DeviceError } from '../../ceremony/command/device-error';
import { spkiSha256 } from '../../ceremony/command/dsse';
import type { Documents } from '../../ceremony/engine/open';
import type { TokenDescription } from '../../ceremony/engine/ports';
import { readWrappingParameters } from '../../ceremony/keypackage/wrapping-parameters';
import { checkBinding } from '../../ceremony/plan/check';
import type { Binding, Module, TokenAddress } from '../../ceremony/plan/binding-schema';
import type { Finding } from '../../ceremony/plan/finding';
import { hexGroups, words } from '../../ceremony/words';
import type { BindingView, FindingView } from '../../ipc/view';
import { ModuleDevices } from '../../hsm/devices';
import { checkBoundInputs } from '../../workstation/bound-inputs';
import { explain } from '../../workstation/explain';
import { readBytes } from '../../workstation/input';
import { storeInWords } from '../../workstation/key-store-folders';
import { mediumProblem } from '../../workstation/linux-workstation';
import type { Processes } from '../../workstation/processes';
import { fileSha256 } from '../../workstation/rehearsal/module-file';
import { approvalFindings, approvalsView } from './approvals';
import { isGood } from './plan-view';

/** Tokens that each module shows; for a module that could not be asked, what it has against it. */
export type TokensByModule = ReadonlyMap<string, readonly TokenDescription[] | DeviceError>;

/** Largest parameters file that is read, in bytes. */
const PARAMETERS_LIMIT = 64 * 1024;

/**
 * Asks each module of a binding for its tokens. Nobody is asked for a PIN.
 *
 * @param processes of the modules; the caller ends them
 */
export async function lookAtTokens({ plan, binding }: Documents, processes: Processes): Promise<TokensByModule> {
  const devices = new ModuleDevices({
    plan: plan.plan,
    binding: binding.binding,
    startWorker: (module) => processes.startModuleWorker(module),
    startKeyFileProcess: () => processes.startKeyFileProcess(),
  });
  const tokens = new Map<string, readonly TokenDescription[] | DeviceError>();
  try {
    for (const { id } of binding.binding.modules) {
      tokens.set(id, await describedTokens(devices, id));
    }
  } finally {
    await devices.close();
  }
  return tokens;
}

async function describedTokens(
  devices: ModuleDevices,
  module: string,
): Promise<readonly TokenDescription[] | DeviceError> {
  try {
    return (await devices.describeModule(module)).tokens;
  } catch (error) {
    if (error instanceof DeviceError) return error;
    throw error;
  }
}

/**
 * The binding for the main window.
 *
 * @param from its file, or `room`
 * @param session what its check finds, and the binding before; left out: it is the first binding of a ceremony
 */
export function bindingView(
  documents: Documents,
  from: string,
  isPlayed: (participant: string) => boolean,
  tokens: TokensByModule,
  session?: { readonly findings: readonly Finding[]; readonly first: Binding },
): BindingView {
  const { plan } = documents.plan;
  const { binding, sha256 } = documents.binding;
  const findings: FindingView[] = [
    // What it says of approvers who cannot sign here, the approvals say better: they know the files.
    ...(session?.findings ?? checkBinding(plan, documents.plan.sha256, binding)).filter(
      ({ rule }) => rule !== 'approved-beforehand',
    ),
    ...approvalFindings(documents, session?.first),
    ...inputFindings(documents),
    ...mediaFindings(binding),
    ...tokenFindings(binding, tokens),
  ];
  const roleOf = (position: string) => plan.positions.find(({ id }) => id === position)?.role ?? 'approver';
  const nameOf = (unit: string) => plan.units.find(({ id }) => id === unit)?.name ?? unit;
  return {
    ceremony: binding.ceremony,
    mode: binding.mode,
    sha256,
    words: words(Buffer.from(sha256, 'hex')),
    from,
    people: binding.people.map(({ id, name, position, key, token }) => ({
      id,
      name,
      position,
      role: roleOf(position),
      algorithm: key.algorithm,
      key: spkiSha256(key.spki),
      holder: key.holder,
      token: token === undefined ? null : addressText(token.address),
      played: isPlayed(id),
    })),
    modules: binding.modules.map((module) => ({
      id: module.id,
      path: module.path,
      sha256: module.sha256,
      ...moduleState(module),
    })),
    units: binding.units.map(({ id, module, address, lastKnown }) => ({
      id,
      name: nameOf(id),
      module,
      token: addressText(address),
      lastKnown: lastKnown?.stateSha256 ?? null,
    })),
    media: binding.media.map(({ id, path }) => {
      const problem = mediumProblem(path);
      return { id, path, state: problem ?? 'There, can be written to', ok: problem === null };
    }),
    keyStores: (binding.keyStores ?? []).map(({ id, path }) => ({
      id,
      name: plan.keyStores?.find((one) => one.id === id)?.name ?? id,
      path,
      state: storeInWords(path),
    })),
    parameters: binding.wrappingParameters.map(parametersView),
    approvals: approvalsView(documents, session?.first),
    findings,
    good: isGood(findings),
  };
}

/** Modules and wrapping parameters: what is wrong with one of them would end the ceremony at the step that needs it. */
function inputFindings({ plan, binding }: Documents): FindingView[] {
  try {
    checkBoundInputs(plan.plan, binding.binding);
    return [];
  } catch (error) {
    const { happened, changed, next } = explain(error);
    const remedy = next ?? changed ?? '';
    return [{ severity: 'error', step: null, rule: 'bound-input', message: happened, remedy }];
  }
}

/** A medium may still be brought before the export: a warning. */
function mediaFindings({ media }: Binding): FindingView[] {
  return media.flatMap(({ id, path }) => {
    const problem = mediumProblem(path);
    if (problem === null) return [];
    const remedy = 'Mount it before the export; otherwise the bundle stays on this workstation only.';
    return [warning('medium-missing', `Medium ${id}, ${path}: ${problem.replace(/[.?]$/, '')}.`, remedy)];
  });
}

/** Tokens may still be inserted before they are needed: warnings. */
function tokenFindings({ people, units }: Binding, tokens: TokensByModule): FindingView[] {
  const wanted = [
    ...units.map(({ id, module, address }) => ({ whose: `Crypto unit ${id}`, module, address })),
    ...people.flatMap(({ name, token }) =>
      token === undefined ? [] : [{ whose: name, module: token.module, address: token.address }],
    ),
  ];
  const unasked = [...tokens].flatMap(([module, found]) =>
    found instanceof DeviceError
      ? [
          warning(
            'module-not-asked',
            `Module ${module} could not be asked for its tokens: ${found.message}`,
            found.next,
          ),
        ]
      : [],
  );
  const unseen = wanted.flatMap(({ whose, module, address }) => {
    const shown = tokens.get(module) ?? [];
    if (shown instanceof DeviceError || shown.some((token) => isAt(token, address))) return [];
    const message = `${whose}: module ${module} shows no ${addressText(address)} now.`;
    return [warning('token-not-seen', message, BRING_TOKEN)];
  });
  return [...unasked, ...unseen];
}

const BRING_TOKEN = 'Insert the token, or correct the binding, before the step that needs it.';

function warning(rule: string, message: string, remedy: string): FindingView {
  return { severity: 'warning', step: null, rule, message, remedy };
}

function isAt(token: TokenDescription, { blank, label, serial }: TokenAddress): boolean {
  if (blank) return !token.initialised;
  return (label === undefined || token.label === label) && (serial === undefined || token.serial === serial);
}

function addressText({ blank, label, serial }: TokenAddress): string {
  if (blank) return 'blank token';
  const parts = [label === undefined ? '' : `token ${label}`, serial === undefined ? '' : `serial ${serial}`];
  return parts.filter((part) => part !== '').join(', ');
}

function moduleState({ path, sha256, files }: Module): { readonly state: string; readonly ok: boolean } {
  for (const file of [{ path, sha256 }, ...files]) {
    const which = file.path === path ? '' : `${file.path}: `;
    if (!existsSync(file.path)) return { state: `${which}not there`, ok: false };
    try {
      if (fileSha256(file.path) !== file.sha256) return { state: `${which}another file than the one bound`, ok: false };
    } catch {
      return { state: `${which}cannot be read`, ok: false };
    }
  }
  return { state: 'There, as bound', ok: true };
}

/** What cannot be read is among the findings. */
function parametersView({ id, file }: Binding['wrappingParameters'][number]): BindingView['parameters'][number] {
  try {
    const read = readWrappingParameters(readBytes(file, 'wrapping-parameters.json', PARAMETERS_LIMIT));
    const spoken = words(Buffer.from(read.publicKeySha256, 'hex'));
    return {
      id,
      file,
      target: read.target,
      words: `${hexGroups(read.publicKeySha256)} (${spoken})`,
      expires: read.expires ?? 'no end',
    };
  } catch {
    return { id, file, target: '', words: '', expires: '' };
  }
}
