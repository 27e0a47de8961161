/** Keys of the display itself (xdotool): they go to whatever window the display gives them to, no debugger in between. */
import { execFileSync } from 'node:child_process';

/** Keyboard of a display. */
export class DisplayKeys {
  readonly #env: Readonly<Record<string, string>>;

  /** @param env variables by which programs find the display */
  constructor(env: Readonly<Record<string, string>>) {
    this.#env = env;
  }

  type(text: string): void {
    this.#xdotool('type', '--delay', '12', text);
  }

  press(...keys: readonly string[]): void {
    this.#xdotool('key', '--delay', '30', ...keys);
  }

  /** Moves the pointer: keys that no window was given go to the one below it. */
  pointAt(x: number, y: number): void {
    this.#xdotool('mousemove', '--sync', String(x), String(y));
  }

  /** Ids of the windows that can be seen and whose title fits; the topmost last. Empty when there are none. */
  visible(title: string): string[] {
    try {
      return this.#xdotool('search', '--onlyvisible', '--name', title).split('\n');
    } catch {
      return [];
    }
  }

  #xdotool(...args: readonly string[]): string {
    const env = { ...process.env, ...this.#env };
    return execFileSync('xdotool', args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  }
}
