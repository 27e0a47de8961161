/** The rehearsal's player: started when a person whom it plays is asked for the first time, alive to the end of the run. */
import type { MessagePortMain } from 'electron';
import type { PlayerControl } from '../../workstation/rehearsal/player-contract';
import { startUtility, type UtilityTransport } from './utility-transport';

/** What the player is made of. */
export interface PlayerOptions {
  readonly program: string;
  readonly ceremony: string;
  /** Its memory: player.json of the rehearsal room. */
  readonly file: string;
}

/** How long the player may take to end by itself, in milliseconds. */
const STOP_MS = 2_000;

/** Main's side of the player. A player that died is started again: its memory is in its file. */
export class PlayerLink {
  readonly #options: PlayerOptions;
  #running: UtilityTransport | null = null;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** Hands the player the port of an exchange. Whoever asks sees the port close when the player dies. */
  serve(exchange: string, port: MessagePortMain): void {
    if (this.#running === null || this.#running.isGone) this.#running = this.#start();
    this.#running.hand({ serve: exchange } satisfies PlayerControl, port);
  }

  /** Ends the player after what it answers now. Resolves when it is gone; never rejects. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    const exited = new Promise<void>((resolve) => {
      running.onExit(() => {
        resolve();
      });
    });
    running.post({ stop: true } satisfies PlayerControl);
    const timer = setTimeout(() => {
      running.kill('SIGKILL');
    }, STOP_MS);
    await exited;
    clearTimeout(timer);
  }

  #start(): UtilityTransport {
    const { program, ceremony, file } = this.#options;
    const child = startUtility({ program, name: 'player', ceremony, args: [`--player=${file}`], environment: {} });
    child.onExit(() => {
      if (this.#running === child) this.#running = null;
    });
    return child;
  }
}
