/** What the home screen and the pre-flight say of the program itself, as found and not as configured. */
import { readFileSync } from 'node:fs';
import type { RoomFinding, RuntimeView } from '../ipc/view';
import { leavesNoCoreDump } from './hardening/forbid-core-dumps';

/** What there is to judge. */
export interface Hardening {
  readonly runtime: RuntimeView;
  /** The build lets a debugger attach. */
  readonly testBuild: boolean;
  /** In what the fuses differ from the table. */
  readonly fuseDifferences: readonly string[];
  /** Process ids of renderers that live now, and of main. */
  readonly renderers: readonly number[];
  readonly main: number;
}

/** The findings. Wording: no full stop in a label; the remedy says what to do. */
export function hardeningFindings(hardening: Hardening): RoomFinding[] {
  const { runtime, testBuild, fuseDifferences, renderers, main } = hardening;
  const unsandboxed = renderers.filter((pid) => !isSandboxed(pid));
  const dumping = [main, ...renderers].filter((pid) => !leavesNoCoreDump(pid));
  return [
    runtimeFinding(runtime),
    {
      check: 'Package',
      ok: runtime.packaged && !testBuild,
      found: testBuild ? 'a test build, which lets a debugger attach' : packagedWords(runtime),
      remedy:
        runtime.packaged && !testBuild ? '' : 'For production, install the packaged app; a rehearsal needs nothing.',
    },
    {
      check: 'Fuses',
      ok: fuseDifferences.length === 0,
      found: fuseDifferences.length === 0 ? 'as the table says' : fuseDifferences.join('; '),
      remedy:
        fuseDifferences.length === 0 ? '' : 'For production, install the packaged app; a rehearsal needs nothing.',
    },
    {
      check: 'Sandbox of the windows',
      ok: renderers.length > 0 && unsandboxed.length === 0,
      found: renderers.length === 0 ? 'no window to look at' : sandboxWords(unsandboxed.length),
      remedy:
        unsandboxed.length === 0
          ? ''
          : 'End Keyrite, and do not start it as root or in a container without namespaces.',
    },
    {
      check: 'Core dumps of the app',
      ok: dumping.length === 0,
      found: dumping.length === 0 ? 'off' : `on in ${String(dumping.length)} processes`,
      remedy: dumping.length === 0 ? '' : 'End Keyrite and start it again; a crash could leave secrets in a file.',
    },
  ];
}

function runtimeFinding({ electron, standing }: RuntimeView): RoomFinding {
  const found = {
    supported: `${electron}, supported`,
    development: `${electron}, the development runtime, past its end of life`,
    test: `${electron}, which only this test build admits`,
  };
  return {
    check: 'Electron',
    ok: standing === 'supported',
    found: found[standing],
    remedy: standing === 'supported' ? '' : 'Rehearsals only: production is refused on it, without exception.',
  };
}

function packagedWords({ packaged }: RuntimeView): string {
  return packaged ? 'the packaged app' : 'a checkout: rehearsals only';
}

function sandboxWords(without: number): string {
  return without === 0 ? 'on, with system calls filtered' : `off in ${String(without)} processes`;
}

/** Whether the kernel filters a process's system calls and lets it gain no rights. */
function isSandboxed(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
    return /^Seccomp:\s+2$/m.test(status) && /^NoNewPrivs:\s+1$/m.test(status);
  } catch {
    // Gone since: it does nothing any more.
    return true;
  }
}
