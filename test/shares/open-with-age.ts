/** Opens an age file with the stock program, which asks for a passphrase at a terminal of its own. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';

const PROGRAM = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp('age', ['age', '-d', '-o', sys.argv[1] + '.open', sys.argv[1]])
while b'passphrase' not in os.read(fd, 1000): pass
os.write(fd, sys.stdin.readline().encode())
try:
    while os.read(fd, 1000): pass
except OSError: pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;

/** What is in the file. @throws Error when the passphrase does not open it */
export function openWithAge(file: string, passphrase: string): string {
  const { status, stderr } = spawnSync('python3', ['-c', PROGRAM, file], { input: `${passphrase}\n` });
  if (status !== 0) throw new Error(`age ended with ${String(status)}: ${stderr.toString()}`);
  const text = readFileSync(`${file}.open`, 'utf8');
  rmSync(`${file}.open`);
  return text;
}
