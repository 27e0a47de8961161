/**
 * A process that runs the handlers of a module worker: requests come as JSON lines on standard input, answers go out as
 * lines. It stands in for the real worker where a test wants the process to die in the middle. PINs for tests are argv[2].
 */
import { createInterface } from 'node:readline';
import { DeviceError } from '../../ceremony/command/device-error';
import type { PersonLink } from '../../hsm/contract';
import { moduleHandlers } from '../../hsm/unit/operations';
import { FakeLink } from './people';

interface Line {
  readonly operation: string;
  readonly args: unknown;
}

const link = new FakeLink(JSON.parse(process.argv[2] ?? '{}') as Record<string, string>);
const handlers = moduleHandlers() as Readonly<Record<string, (args: unknown, link: PersonLink) => unknown>>;

for await (const line of createInterface({ input: process.stdin })) {
  const { operation, args } = JSON.parse(line) as Line;
  try {
    const result: unknown = await handlers[operation]?.(args, link);
    console.log(JSON.stringify({ result }));
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    const { code, message, changed, next, uncertain } = error;
    console.log(JSON.stringify({ error: { code, message, changed, next, uncertain } }));
  }
}
