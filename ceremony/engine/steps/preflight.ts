/** Pre-flight: the workstation, the modules, and the clock, before anybody touches a device. */
import type { Ceremony } from '../ceremony';
import { agreedNow, readClocks } from '../clock';
import { confirm } from '../confirm';
import { instantOfSpoken, spokenInstant } from '../../transcript/spoken-instant';
import { SPACE_TO_BEGIN, requireSpace } from '../space';
import type { StepHandler } from './handler';

/** Observes workstation and modules; the operators and the witness agree on the clock reading. */
export const preflight: StepHandler<'preflight'> = async (ceremony, step) => {
  const { workstation, devices, people } = ceremony.ports;
  await requireSpace(ceremony, SPACE_TO_BEGIN, 'a ceremony begins');
  const { modules, media } = ceremony.binding;
  const links = modules.flatMap(({ id: module, links: own }) => own.map((link) => ({ module, ...link })));
  const observations = await workstation.observe(media, links);
  await ceremony.recordFact(step.id, 'workstation', { observations: observations.map((one) => ({ ...one })) });
  const missing = observations.filter((one) => one.ok === false);
  for (const one of missing) people.tell({ kind: 'warning', text: `${one.check}: ${one.found}` });

  for (const { id, environment, files, links: own } of modules) {
    const description = await devices.describeModule(id);
    await ceremony.recordFact(step.id, 'module', {
      ...description,
      library: { ...description.library },
      tokens: description.tokens.map((one) => ({ ...one, pinFlags: [...one.pinFlags] })),
      // What steers the module: its worker has this environment and no other, and these files were as bound when it was loaded.
      environment,
      files,
      links: own,
    });
  }

  await readClocks(ceremony, step.id);
  const deciders = decidersOf(ceremony);
  const reading = earlierReading(ceremony.record.step(step.id).confirmed) ?? wholeSecond(agreedNow(ceremony));
  await confirm(ceremony, step.id, `${CLOCK}${spokenInstant(reading)}`, deciders);
  const { seals } = ceremony.record.pauses.at(-1) ?? { seals: [] };
  if (seals.length > 0) {
    const numbers = seals.map(({ material, number }) => `${material} ${number}`).join(', ');
    await confirm(ceremony, step.id, `The seals of the pause are whole, and have these numbers: ${numbers}`, deciders);
  }
  return { result: { missing: missing.map((one) => one.check), clock: reading } };
};

/** Crypto administrators and witnesses of this session; nobody has proved presence yet. */
function decidersOf(ceremony: Ceremony): string[] {
  const ids = new Set(
    ceremony.plan.positions
      .filter(({ role }) => role === 'crypto-administrator' || role === 'witness')
      .flatMap(({ id }) => ceremony.boundTo(id))
      .filter((id) => !ceremony.record.hasLeft(id)),
  );
  return ceremony.record.roster.filter(({ id }) => ids.has(id)).map(({ id }) => id);
}

const CLOCK = 'The workstation’s clock agrees with an independent clock: ';

/** The reading that people agreed on before a crash, so that they are not asked twice. */
function earlierReading(confirmed: readonly { readonly statement: string }[]): string | null {
  const found = confirmed.find((one) => one.statement.startsWith(CLOCK));
  return found === undefined ? null : instantOfSpoken(found.statement.slice(CLOCK.length));
}

/** Nobody reads milliseconds aloud, and what is agreed on is what was read. */
function wholeSecond(instant: string): string {
  return new Date(Math.floor(Date.parse(instant) / 1000) * 1000).toISOString();
}
