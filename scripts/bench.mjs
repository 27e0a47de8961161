/**
 * `npm run bench`: the set-up, then every module in scripts/bench/. Each exports `async function bench({ root })`, which
 * returns a list of measurements `{name, value, unit, goal?, atLeast?}` (`goal`: the value should not exceed it; `atLeast`: nor
 * be less than that). They are printed
 * as a table and written to bench.json with the machine they were taken on.
 */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isMain } from './is-main.mjs';
import { ROOT, setUpThen } from './setup.mjs';

/**
 * @typedef {{ name: string, value: number, unit: string, goal?: number, atLeast?: number }} Measurement
 * @typedef {{ bench: (context: { root: string }) => Promise<Measurement[]> }} BenchModule
 */

/** @returns {Promise<number>} exit code: 1 when a module failed or a goal was missed */
async function runAll() {
  const folder = join(ROOT, 'scripts/bench');
  const files = existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.mjs'))
        .sort()
    : [];
  /** @type {Record<string, Measurement[]>} */
  const results = {};
  /** @type {string[]} */
  const failed = [];
  for (const file of files) {
    const name = file.replace(/\.mjs$/, '');
    console.log(`  …  ${name}`);
    try {
      const module = /** @type {BenchModule} */ (await import(pathToFileURL(join(folder, file)).href));
      results[name] = await module.bench({ root: ROOT });
    } catch (error) {
      failed.push(name);
      console.error(`${name} failed:`, error);
    }
  }
  const missed = printTable(results);
  const machine = {
    node: process.versions.node,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
  };
  writeFileSync(join(ROOT, 'bench.json'), `${JSON.stringify({ machine, results }, null, 2)}\n`);
  console.log(
    `\n${String(Object.keys(results).length)} measured, ${String(failed.length)} failed, ` +
      `${String(missed)} of the goals missed; written to bench.json`,
  );
  return failed.length === 0 && missed === 0 ? 0 : 1;
}

/**
 * @param {Record<string, Measurement[]>} results
 * @returns {number} how many goals were missed
 */
function printTable(results) {
  let missed = 0;
  for (const [name, measurements] of Object.entries(results)) {
    console.log(`\n${name}`);
    for (const { name: what, value, unit, goal, atLeast } of measurements) {
      const wanted = goal ?? atLeast;
      const isMet = !(value > (goal ?? Infinity)) && !(value < (atLeast ?? -Infinity)) && !Number.isNaN(value);
      if (wanted !== undefined && !isMet) missed += 1;
      const which = atLeast === undefined ? 'goal' : 'goal at least';
      const verdict = wanted === undefined ? '' : ` (${which} ${String(wanted)} ${unit}: ${isMet ? 'met' : 'MISSED'})`;
      console.log(`  ${what.padEnd(44)} ${value.toFixed(2).padStart(12)} ${unit}${verdict}`);
    }
  }
  return missed;
}

if (isMain(import.meta.url)) await setUpThen({ forTests: true }, runAll);
