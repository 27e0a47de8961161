/** Copies of the sealed bundle, on the media that the plan's export steps name. */
import { DeviceError } from '../command/device-error';
import type { Binding } from '../plan/binding-schema';
import type { Plan } from '../plan/schema';
import { CeremonyStopped, type Ceremony } from './ceremony';
import { untilItWorks } from './until-it-works';

type Medium = Binding['media'][number];

/** A medium without its copy. `reason`: what went wrong last, in words. */
export interface MediumWithoutCopy extends Medium {
  readonly reason: string;
}

/** The bundle is complete and sealed, and a medium lacks its copy. A resumed ceremony copies it. */
export class BundleNotCopied extends Error {
  override readonly name = 'BundleNotCopied';
  /** The media that did get their copy, in the binding's order. */
  readonly copied: readonly Medium[];
  /** Those that did not, one at least, in the binding's order. */
  readonly lacking: readonly MediumWithoutCopy[];

  constructor(copied: readonly Medium[], lacking: readonly MediumWithoutCopy[]) {
    const reasons = lacking.map(({ reason }) => reason);
    super(
      [`The bundle is complete and sealed, but it is not on ${listed(lacking.map(({ id }) => id))}.`, ...reasons].join(
        '\n',
      ),
    );
    this.copied = copied;
    this.lacking = lacking;
  }
}

/** The bound media that an export step names: those that get a copy of the sealed bundle, in the binding's order. */
export function exportMedia(plan: Plan, binding: Binding): readonly Medium[] {
  const wanted = plan.steps.flatMap((step) => (step.action === 'export' ? step.media : []));
  return binding.media.filter((one) => wanted.includes(one.id));
}

/**
 * Copies the sealed bundle to its media. Whichever is there gets its copy before anybody is asked about one that is not.
 *
 * @throws BundleNotCopied when a medium did not get its copy: the people stopped, or trying again is no use
 */
export async function copyToMedia(ceremony: Ceremony): Promise<void> {
  const { people, workstation } = ceremony.ports;
  const media = exportMedia(ceremony.plan, ceremony.binding);
  const reasons = new Map<Medium, string>();
  const copy = async (medium: Medium): Promise<void> => {
    try {
      await workstation.copyToMedium(medium.path, ceremony.name.id);
      reasons.delete(medium);
    } catch (error) {
      reasons.set(medium, reasonOf(error));
      throw error;
    }
  };
  for (const medium of media) {
    people.tell({ kind: 'progress', text: `copying the bundle to ${medium.id}` });
    await copy(medium).catch(() => undefined);
  }
  for (const medium of [...reasons.keys()]) {
    try {
      await untilItWorks(people, `the sealed bundle is copied to ${medium.id}`, () => copy(medium));
    } catch (error) {
      // Whoever stops is not asked about the next one; what is wrong with one medium says nothing about another.
      if (error instanceof CeremonyStopped) break;
    }
  }
  if (reasons.size === 0) return;
  throw new BundleNotCopied(
    media.filter((one) => !reasons.has(one)),
    media.flatMap((one) => (reasons.has(one) ? [{ ...one, reason: reasons.get(one) ?? '' }] : [])),
  );
}

/** The text of an error that nobody foresaw may hold anything: its class alone. */
function reasonOf(error: unknown): string {
  if (error instanceof DeviceError) return error.message;
  return `The copy ended in an error that was not foreseen (${error instanceof Error ? error.name : typeof error}).`;
}

function listed(ids: readonly string[]): string {
  const last = ids.at(-1) ?? '';
  return ids.length < 2 ? last : `${ids.slice(0, -1).join(', ')} or ${last}`;
}
