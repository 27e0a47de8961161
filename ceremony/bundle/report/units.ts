/** Crypto units: what they are by their own word, and how they stood before and after. */
import { cell, exact, facts, heading, paragraph, table, type Block, type Cell } from '../../print/document';
import type { Plan } from '../../plan/schema';
import { hexCell, instantCell } from './exact-cells';
import { pinChangesOf } from './keys-made';
import { namesOf, type Recorded } from './recorded';
import { NOT_STATED, stated, statedWhere } from './stated';
import { lastOf, moduleOf, readingsOf, type RegisterStory, type UnitReadingStory } from './unit-readings';

/** What PKCS#11 has no field for, and what a blank field says. */
const NOT_TOLD = 'not told by the token';

/** Every unit of the plan. */
export function unitsSection(recorded: Recorded): Block[] {
  return [
    heading(2, 'Crypto units, before and after'),
    paragraph(
      'Vendor, model, serial and firmware are what the token says of itself. PKCS#11 does not tell whether a token is in its FIPS mode: what stands here of it, people saw on the device and stated in the binding. A unit is told from others by its identity key, never by its serial.',
    ),
    ...(recorded.plan?.units ?? []).flatMap((unit) => unitBlocks(recorded, unit)),
  ];
}

function unitBlocks(recorded: Recorded, { id, name, begins, label }: Plan['units'][number]): Block[] {
  const readings = readingsOf(recorded, id);
  const before = readings.find(isWhole) ?? readings.find(isState);
  const after = readings.findLast(isState);
  const token = lastOf(readings, (one) => one.token);
  const identity = lastOf(readings, (one) => one.identity);
  const module = moduleOf(recorded, id);
  const end = recorded.plan?.endState.find(({ unit }) => unit === id);
  const states = [
    ...(before === undefined ? [] : [['Before', before] as const]),
    ...(after === undefined || after === before ? [] : [['After', after] as const]),
  ];
  return [
    heading(3, name),
    facts(`What ${name} is`, [
      ['Unit', cell(exact(id))],
      ['Vendor', cell(told(token?.manufacturer))],
      ['Model', cell(told(token?.model))],
      ['Serial', cell(told(token?.serial))],
      ['Firmware', cell(told(token?.firmware))],
      ['FIPS 140', fipsCell(recorded, id)],
      ['PIN entry', cell(pinEntry(token?.protectedPath))],
      ...pinChanges(recorded, id),
      ['Label', cell(token?.label ?? label)],
      ['Identity', identity === null ? cell('none on record') : hexCell(identity)],
      [
        'PKCS#11 module',
        module === null
          ? cell('nothing is on record')
          : [
              ...cell(
                `${module.library.manufacturer}, ${module.library.description}, version ${module.library.version}, Cryptoki ${module.library.cryptoki}; line ${String(module.line)}`,
                exact(module.path),
              ),
              ...hexCell(module.sha256),
            ],
      ],
      ['Came into the ceremony', cell(begins)],
      [
        'To be at the end, by the plan',
        cell(end === undefined ? 'not said' : `${end.mode}, master key ${end.masterKey}`),
      ],
    ]),
    table(
      `${name} as it was read`,
      [
        ['When', 9],
        ['Read', 15],
        ['State', 32],
        ['New register', 22],
        ['Current register', 22],
      ],
      states.map(([title, reading]) => [cell(title), ...readingCells(reading)]),
      { rowHeads: true, none: 'Its state was not read.' },
    ),
  ];
}

/** Certificate, level and mode as people stated them. */
function fipsCell(recorded: Recorded, id: string): Cell {
  const found = stated(recorded, ({ units }) => units.find((one) => one.id === id)?.fips);
  if (found === null) return cell(`${NOT_STATED}: compare with the device and its certificate`);
  const { certificate, level, mode, seenBy } = found.value;
  return cell(
    `${certificate}, level ${String(level)}; ${mode === 'approved' ? 'in its approved mode' : 'NOT in its approved mode'}`,
    `seen by ${namesOf(recorded, seenBy)}, ${statedWhere(recorded, found)}`,
  );
}

/** Whether state and registers were read at once. */
function isWhole({ state, registers }: UnitReadingStory): boolean {
  return state !== null && registers !== null;
}

function isState({ state, registers }: UnitReadingStory): boolean {
  return state !== null || registers !== null;
}

function readingCells({ at, line, state, stateKept, registers }: UnitReadingStory): readonly Cell[] {
  return [
    [...instantCell(at), ...cell(`line ${String(line)}`)],
    state === null
      ? cell('none')
      : cell(
          `${state.mode}, counter ${String(state.counter)}`,
          `administrators: ${state.administrators.map(({ id }) => id).join(', ') || 'none'}`,
          `signature threshold ${String(state.signatureThreshold)}, revocation threshold ${String(state.revocationThreshold)}`,
          ...(stateKept === null
            ? []
            : [
                stateKept === 'none'
                  ? 'the token keeps no state: a rollback would not be visible on it'
                  : 'state kept on the token',
              ]),
        ),
    register(registers?.new),
    register(registers?.current),
  ];
}

function register(story: RegisterStory | undefined): Cell {
  if (story === undefined) return cell('not read');
  return [...cell(story.status), ...(story.pattern === null ? [] : hexCell(story.pattern, 4))];
}

function told(value: string | undefined): string {
  return value === undefined || value.trim() === '' ? NOT_TOLD : value;
}

/** A row where a PIN was changed; none otherwise. */
function pinChanges(recorded: Recorded, unit: string): (readonly [string, Cell])[] {
  const changed = pinChangesOf(recorded).filter((one) => one.unit === unit);
  if (changed.length === 0) return [];
  const words = changed.map(
    ({ pin, anew, line }) =>
      `${pin} PIN ${anew ? 'set anew by the security officer, without the old one' : 'changed'}, line ${String(line)}`,
  );
  return [['PINs', cell(...words, 'One login with each new PIN proved it.')]];
}

function pinEntry(protectedPath: boolean | undefined): string {
  if (protectedPath === undefined) return NOT_TOLD;
  return protectedPath ? 'on the token’s own pad' : 'through the workstation';
}
