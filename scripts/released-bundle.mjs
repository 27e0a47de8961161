/**
 * `node scripts/released-bundle.mjs VERSION`: makes the bundle of a version that is about to be released, with the programs
 * of this checkout, and puts it into test/fixtures/bundles/VERSION. A rehearsal on SoftHSM2 in two sessions, with clock
 * readings, somebody enrolled on the day, attachments, and an addendum after the close. Run `npm test` or `npm start` once
 * before, for the set-up; takes half a minute.
 */
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isMain } from './is-main.mjs';
import { ROOT } from './setup.mjs';

const PLAN = join(ROOT, 'examples', 'two-days.ceremony.yaml');
const PROGRAM = join(ROOT, 'build', 'keyrite.cjs');
/** What a fixture has at most, in bytes. */
const MOST = 1024 * 1024;

/** @param {readonly string[]} args */
function keyrite(args) {
  return execFileSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/**
 * @param {string} version
 * @returns {string} the fixture's folder
 */
function makeFixture(version) {
  /** @type {{ version: string }} */
  const { version: own } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  if (own !== version) throw new Error(`package.json says ${own}: set the version first`);
  const fixture = join(ROOT, 'test/fixtures/bundles', version);
  if (existsSync(fixture)) throw new Error(`${fixture} is there already: a released bundle is never made anew`);
  execFileSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], { stdio: 'inherit' });
  const said = keyrite(['--version']).trim();
  if (said !== `keyrite ${version}`) throw new Error(`the program that was built is ${said}`);
  // Paths in a bundle may be read by anybody: they tell of this folder and of nothing else.
  const work = mkdtempSync('/tmp/keyrite-released-');
  try {
    const bundle = join(work, 'bundle');
    keyrite(['rehearse', PLAN, '--keep', join(work, 'room'), '--out', bundle]);
    const binding = join(bundle, 'sessions/0002/binding.yaml');
    const reason = 'The worksheets were shredded, witnessed.';
    const signers = ['--signer', 'alice', '--signer', 'frank', '--binding', binding];
    keyrite(['addendum', bundle, '--kind', 'destruction', '--reason', reason, ...signers]);
    execFileSync('sh', [join(bundle, 'verify.sh')], { stdio: ['ignore', 'ignore', 'inherit'] });
    /** @type {{ verdict: string, summary: { ceremony: string, planHash: string, root: string, lines: number, signers: string[] } }} */
    const { verdict, summary } = JSON.parse(keyrite(['verify', bundle, '--json']));
    if (verdict !== 'consistent') throw new Error(`the bundle is ${verdict}`);
    const length = sizeOf(bundle);
    if (length > MOST) throw new Error(`the bundle has ${String(length)} bytes, more than ${String(MOST)}`);
    mkdirSync(fixture);
    cpSync(bundle, join(fixture, 'bundle'), { recursive: true });
    const { ceremony, planHash, root, lines, signers: signedBy } = summary;
    const expected = { ceremony, planHash, root, lines, signers: signedBy, approver: 'heidi', someoneElse: 'carol' };
    writeFileSync(join(fixture, 'expected.json'), `${JSON.stringify(expected, null, 2)}\n`);
    return fixture;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function sizeOf(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, found) => sum + (found.isFile() ? found.size : 0), 0);
}

if (isMain(import.meta.url)) {
  const [version = ''] = process.argv.slice(2);
  if (!/^\d+\.\d+\.\d+$/.test(version)) {
    console.error('usage: node scripts/released-bundle.mjs VERSION');
    process.exitCode = 2;
  } else {
    console.log(makeFixture(version));
  }
}
