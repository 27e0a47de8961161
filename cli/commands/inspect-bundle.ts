/** `keyrite inspect BUNDLE`: who can still do what, and which quorums survive when given people leave. */
import { recordedIn } from '../../ceremony/bundle/report/recorded';
import {
  successionOf,
  type SetSuccession,
  type Succession,
  type UnitSuccession,
} from '../../ceremony/bundle/succession';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { EXIT, type ExitCode } from '../exit';
import { progressLine } from '../progress-line';

/**
 * Prints shares and administrators at the end of a bundle. Exit 1 when the bundle does not hold, or when a quorum that is in
 * use does not survive.
 *
 * @param without ids of people who leave
 * @throws UsageError when nothing of the bundle can be read, or for an id that nobody has
 */
export async function inspectBundle(path: string, without: readonly string[], json: boolean): Promise<ExitCode> {
  const folder = new FileBundleFolder(path);
  const report = await verifyBundle(folder, {}, progressLine(process.stderr));
  const recorded = await recordedIn(folder, report);
  if (recorded === null) throw new UsageError(`${path} cannot be read as a bundle`, 'See: keyrite verify');
  const succession = successionOf(recorded, without);
  const [stranger] = succession.unknown;
  if (stranger !== undefined) {
    throw new UsageError(
      `nobody in the bundle has the id ${stranger}`,
      `It knows ${recorded.people.map(({ id }) => id).join(', ')}.`,
    );
  }
  const { verdict } = report;
  // SECURITY(K-336): of a bundle that does not hold nothing is said that somebody could rely on.
  const holds = verdict === 'consistent' || verdict === 'verified';
  const { ceremony, root } = recorded.summary;
  if (json) {
    const { sets, units } = succession;
    process.stdout.write(
      `${JSON.stringify({ kind: 'evidence bundle', ceremony, root, verdict, without, sets, units })}\n`,
    );
  } else {
    process.stdout.write(`evidence bundle\n  ${'ceremony'.padEnd(14)}${ceremony}\n  ${'root'.padEnd(14)}${root}\n`);
    process.stdout.write(`  ${'verdict'.padEnd(14)}${verdict}\n`);
    for (const line of inLines(succession)) process.stdout.write(`${line}\n`);
    if (!holds) process.stdout.write('the bundle does not hold: rely on none of this. See: keyrite verify\n');
  }
  return holds && isAlive(succession) ? EXIT.good : EXIT.findings;
}

/** Whether every quorum that is in use can be reached. */
function isAlive({ sets, units }: Succession): boolean {
  return units.every((one) => one.survives) && sets.every((one) => one.state !== 'current' || one.survives);
}

function inLines({ without, sets, units }: Succession): readonly string[] {
  const when = without.length === 0 ? 'as everybody stays' : `without ${without.join(', ')}`;
  return [
    `shares ${when}:`,
    ...(sets.length === 0 ? ['  no set of shares'] : sets.flatMap(setLines)),
    `administrators ${when}:`,
    ...(units.length === 0 ? ['  no unit in operation'] : units.map(unitLine)),
  ];
}

const STATES = {
  current: '',
  replaced: ', replaced by another set',
  retired: ', of a master key that another took the place of',
} as const;

function setLines(one: SetSuccession): readonly string[] {
  const spare =
    one.spare >= 0
      ? `survives, ${String(one.spare)} more may go`
      : `LOST, ${String(-one.spare)} ${one.spare === -1 ? 'share is' : 'shares are'} missing`;
  const holders = one.holders.map(({ id, shares }) => `${id} (${shares.join(', ')})`).join(', ');
  return [
    `  ${one.id} ${one.set.slice(0, 8)}: ${String(one.left)} of ${String(one.shares)} shares, ${String(one.needed)} needed: ${
      one.state === 'current' ? spare : `${String(one.left)} not given back`
    }${STATES[one.state]}`,
    ...(holders === '' ? [] : [`    held by ${holders}`]),
    ...(one.rotate ? ['    ROTATE: old shares that were not destroyed bring the master key back'] : []),
  ];
}

function unitLine(one: UnitSuccession): string {
  const needed = `${String(one.signatureThreshold)} sign, ${String(one.revocationThreshold)} remove`;
  return `  ${one.id}: ${String(one.left)} of ${String(one.administrators.length)} administrators, ${needed}: ${one.survives ? 'survives' : 'LOST'}`;
}
