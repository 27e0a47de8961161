/** `keyrite cosign`: a witness, on a station of their own, recomputes a whole bundle and signs what they found. */
import { cosignatureFile, cosignatureMessage, cosignaturePayload } from '../../ceremony/bundle/cosignature';
import { verifyBundle } from '../../ceremony/bundle/verify';
import { isValidSignature } from '../../ceremony/command/dsse';
import { FileBundleFolder } from '../../workstation/bundle-folder';
import { UsageError } from '../../workstation/explain';
import { existingFolder } from '../../workstation/input';
import { writeNewFile } from '../../workstation/output-file';
import { EXIT, type ExitCode } from '../exit';
import { signerOf, signersBoundIn, withSigners, type Signing } from '../signers';
import { thisApp } from '../this-app';
import { readArguments, required } from './arguments';
import { outsideOf } from './verify';

/**
 * Writes the cosignature, which travels back and is filed with `keyrite addendum --kind cosignature`.
 *
 * @param signing how people sign
 */
export async function cosign(args: string[], signing: Signing = withSigners): Promise<ExitCode> {
  const given = readArguments(args, 'BUNDLE', ['as', 'key', 'binding', 'out', 'plan-hash', 'approver'], ['approver']);
  const bundle = existingFolder(given.operand, 'bundle');
  const signer = signerOf(required(given, 'as'), given.options['key']);
  const { id } = signer;
  const out = given.options['out'] ?? `${id}.cosignature.json`;
  const report = await verifyBundle(new FileBundleFolder(bundle), outsideOf(given));
  const { name, version, sha256 } = thisApp();
  const payload = cosignaturePayload(report, id, { name, version, sha256 }, new Date().toISOString());
  const roster = report.summary?.roster ?? [];
  const message = cosignatureMessage(payload);
  const bound = signersBoundIn(given.options['binding'], bundle, payload.ceremony);
  const context = { ceremony: payload.ceremony, roster, folder: bundle, bound };
  const signature = await signing([signer], context, (sign) => sign(id, message));
  const key = roster.find((person) => person.id === id)?.key;
  if (key === undefined || !isValidSignature(key, message, signature)) {
    throw new UsageError(
      `the signature does not fit the key of ${id} on the roster`,
      'Give the right key file, or the right token.',
    );
  }
  writeNewFile(out, cosignatureFile(payload, signature));
  const { verdict, root } = payload;
  process.stdout.write(
    given.json
      ? `${JSON.stringify({ out, participant: id, verdict, root })}\n`
      : `${verdict}\nroot  ${root}\n      ${report.summary?.rootWords ?? ''}\n${out}\n`,
  );
  return EXIT.good;
}
