/** What lies around the signed record so that a stranger can check it: the script and a page of plain words. */
import script from './verify.sh';

const README = `x`;

/** The files of the kit by name. */
export function verifyKit(): Readonly<Record<'verify.sh' | 'README.txt', Uint8Array>> {
  return { 'verify.sh': Buffer.from(script, 'utf8'), 'README.txt': Buffer.from(README, 'utf8') };
}
