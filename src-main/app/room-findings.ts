/** What was looked at in the room, each with what to do about it: the home screen, and the pre-flight of a run. */
import type { Observation } from '../../ceremony/engine/ports';
import type { RoomFinding } from '../../ipc/view';

/** What to do when a check of the workstation finds something missing; by the name of the check. */
const REMEDIES: Readonly<Record<string, string>> = {
  'known answers': 'Do not use this workstation: an algorithm on it gives a wrong answer. Have it examined.',
  network: 'Pull the network cable and switch the radios off. Only the HSM links of the binding may be up.',
  swap: 'Switch swap off (swapoff -a), or use an encrypted one: memory with secrets could be written to disk.',
  'core dumps': 'Start Keyrite with core dumps switched off (ulimit -c 0).',
  'core dump program':
    'Have the system hand core dumps to no program: as root, sysctl -w kernel.core_pattern=core, and switch systemd-coredump or apport off. The limit of Keyrite then forbids the file.',
  'packaged app': 'Rehearsals only. For production, install the packaged app on a supported runtime.',
};

/** An observation of the workstation with its remedy. */
export function roomFinding({ check, ok, found }: Observation): RoomFinding {
  return { check, ok, found, remedy: ok === false ? remedyFor(check) : '' };
}

function remedyFor(check: string): string {
  if (check.startsWith('medium ')) return 'Mount the medium at its place, and see that it can be written to.';
  if (check.startsWith('HSM link '))
    return 'Connect the HSM and bring the interface up, or correct the link in the binding and have it approved again.';
  return REMEDIES[check] ?? 'Put it right, or have two people sign an exception.';
}
