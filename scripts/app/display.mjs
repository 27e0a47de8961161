/** A display of its own for a test or a measurement: Xvfb, with a cookie that only we know. */
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../setup/run-command.mjs';

/**
 * @typedef {object} Display
 * @property {{ DISPLAY: string, XAUTHORITY: string }} env for programs that are to be shown on it
 * @property {() => Promise<void>} close
 */

/**
 * Starts Xvfb.
 *
 * @param {{ width?: number, height?: number }} [size] in pixels
 * @returns {Promise<Display>}
 * @throws Error when Xvfb or xauth does not run
 */
export async function openDisplay({ width = 1920, height = 1080 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'keyrite-display-'));
  const cookie = randomBytes(16).toString('hex');
  const serverFile = join(folder, 'server');
  const XAUTHORITY = join(folder, 'client');
  // The server takes a cookie whatever display it stands under; the number is known only once the server runs.
  await addCookie(serverFile, ':0', cookie);
  const screen = ['-screen', '0', `${String(width)}x${String(height)}x24`];
  const server = spawn('Xvfb', ['-displayfd', '3', ...screen, '-nolisten', 'tcp', '-auth', serverFile], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const close = async () => {
    server.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const DISPLAY = `:${await displayNumber(server)}`;
    await addCookie(XAUTHORITY, DISPLAY, cookie);
    return { env: { DISPLAY, XAUTHORITY }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * @param {import('node:child_process').ChildProcess} server
 * @returns {Promise<string>}
 */
function displayNumber(server) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('close', () => reject(new Error('Xvfb ended before it had a display')));
    const stream = /** @type {import('node:stream').Readable} */ (server.stdio[3]);
    let text = '';
    stream.setEncoding('utf8').on('data', (/** @type {string} */ more) => {
      text += more;
      if (text.endsWith('\n')) resolve(text.trim());
    });
  });
}

/**
 * @param {string} file
 * @param {string} display
 * @param {string} cookie
 */
async function addCookie(file, display, cookie) {
  const { code, output } = await runCommand('xauth', ['-q', '-f', file, 'add', display, '.', cookie]);
  if (code !== 0) throw new Error(`xauth can't write ${file}: ${output.trim()}`);
}
