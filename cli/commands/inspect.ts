/** `keyrite inspect`: who of a bundle can still do what; what a plan, binding, parameters file, key package or receipt holds; or what a token can do. */
import { statSync } from 'node:fs';
import { RecordError } from '../../ceremony/keypackage/read-record';
import { readKeyPackage } from '../../ceremony/keypackage/key-package';
import { readReceipt } from '../../ceremony/keypackage/receipt';
import { readWrappingParameters } from '../../ceremony/keypackage/wrapping-parameters';
import { readBinding, readPlan } from '../../ceremony/plan/read';
import { hexGroups, words } from '../../ceremony/words';
import { EXIT, type ExitCode } from '../exit';
import { UsageError } from '../../workstation/explain';
import { readBytes } from '../../workstation/input';
import { readArguments } from './arguments';
import { inspectBundle } from './inspect-bundle';
import { inspectModule } from './inspect-module';
import { inspectSigned } from './inspect-signed';

/** Largest file that is looked at, in bytes. */
const LIMIT = 1024 * 1024;

/** What was found: the kind of file, and rows of a name and a value. */
interface Found {
  readonly kind: string;
  readonly rows: readonly (readonly [string, string])[];
}

/** Prints what the file holds; wrapped values are named by their length only. With `--module`, what a token can do. */
export async function inspect(args: string[]): Promise<ExitCode> {
  const given = readArguments(args, 'FILE?', ['module', 'token', 'without']);
  const module = given.options['module'];
  if ((module === undefined) === (given.operand === '')) {
    throw new UsageError('name a file, or a module with --module', 'See: keyrite help');
  }
  if (module !== undefined) return inspectModule(module, given.options['token'] ?? null, given.json);
  if (given.options['token'] !== undefined) throw new UsageError('--token goes with --module', 'See: keyrite help');
  const { without } = given.options;
  if (statSync(given.operand, { throwIfNoEntry: false })?.isDirectory() === true) {
    const ids = (without ?? '').split(',').map((id) => id.trim());
    return inspectBundle(given.operand, [...new Set(ids.filter((id) => id !== ''))], given.json);
  }
  if (without !== undefined) throw new UsageError('--without goes with a bundle', 'See: keyrite help');
  const bytes = readBytes(given.operand, 'plan, binding, parameters file, key package or receipt', LIMIT);
  const found = understand(bytes, given.operand);
  if (given.json) process.stdout.write(`${JSON.stringify({ kind: found.kind, ...Object.fromEntries(found.rows) })}\n`);
  else {
    process.stdout.write(`${found.kind}\n`);
    for (const [name, value] of found.rows) process.stdout.write(`  ${name.padEnd(14)}${value}\n`);
  }
  return EXIT.good;
}

function understand(bytes: Uint8Array, path: string): Found {
  const signed = inspectSigned(bytes);
  if (signed !== null) return signed;
  const text = Buffer.from(bytes).toString('utf8');
  const kind = /"?(?:keyrite|format)"?\s*:\s*"?([a-z-]+\/1)/.exec(text)?.[1];
  try {
    switch (kind) {
      case 'plan/1':
        return plan(text);
      case 'binding/1':
        return binding(text);
      case 'wrapping-parameters/1':
        return parameters(bytes);
      case 'key-package/1':
        return keyPackage(bytes);
      case 'keyrite-receipt/1':
        return receipt(bytes);
      default:
        throw new UsageError(
          `${path} is no file of Keyrite's`,
          'Name a plan, binding, parameters file, key package, receipt, proof, or something that is signed (a cosignature, an approval). For a bundle, see keyrite verify.',
        );
    }
  } catch (error) {
    if (error instanceof RecordError) throw new UsageError(`${path}: ${error.message}`, 'Bring the file again.');
    throw error;
  }
}

function plan(text: string): Found {
  const document = readPlan(text);
  const { title, purpose, positions, units, steps } = document.plan;
  return {
    kind: 'ceremony plan',
    rows: [
      ['title', title],
      ['purpose', purpose.trim()],
      ['plan hash', hexGroups(document.sha256)],
      ['in words', words(Buffer.from(document.sha256, 'hex'))],
      ['positions', positions.map((one) => `${String(one.count)} × ${one.id}`).join(', ')],
      ['units', units.map((one) => one.id).join(', ')],
      ['steps', steps.map((one) => one.action).join(', ')],
    ],
  };
}

function binding(text: string): Found {
  const { binding: bound, sha256 } = readBinding(text);
  return {
    kind: 'binding',
    rows: [
      ['ceremony', bound.ceremony],
      ['mode', bound.mode],
      ['plan hash', hexGroups(bound.plan)],
      ['binding hash', hexGroups(sha256)],
      ['people', bound.people.map((one) => `${one.name} (${one.position})`).join(', ')],
      ['modules', bound.modules.map((one) => `${one.id}: ${one.path}`).join(', ')],
    ],
  };
}

function parameters(bytes: Uint8Array): Found {
  const read = readWrappingParameters(bytes);
  return {
    kind: 'wrapping parameters',
    rows: [
      ['target', read.target],
      ['purpose', read.purpose.do],
      ['wrapping key', hexGroups(read.publicKeySha256)],
      ['in words', words(Buffer.from(read.publicKeySha256, 'hex'))],
      ['expires', read.expires ?? 'never: the service sets no end'],
      ['collected', `${read.collected.at} by ${read.collected.by}`],
      ['signed', read.signature === null ? 'no' : `by ${read.signature.by}, not checked here`],
    ],
  };
}

function keyPackage(bytes: Uint8Array): Found {
  const read = readKeyPackage(bytes);
  return {
    kind: 'key package',
    rows: [
      ['target', read.target],
      ['purpose', read.purpose.do],
      ['wrapped to', hexGroups(read.publicKeySha256)],
      ['wrapped in', read.wrappedIn],
      ['check value', `${read.checkValue.value} (${read.checkValue.algorithm})`],
      ['expires', read.expires ?? 'never: the service sets no end'],
      ['evidence', `${read.ceremony}, line ${String(read.line)}`],
    ],
  };
}

function receipt(bytes: Uint8Array): Found {
  const read = readReceipt(bytes);
  return {
    kind: 'receipt',
    rows: Object.entries(read).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  };
}
