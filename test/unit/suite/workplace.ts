/** Where the suite's worker runs: the real program in a process of its own, and the rehearsal's player for the people. */
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { builtScripts, NodeChildren } from '../../../cli/node-children';
import type { Module } from '../../../ceremony/plan/binding-schema';
import type { ArgsOf, MODULE_OPERATIONS, ResultOf } from '../../../hsm/contract';
import { enterStore } from '../../../workstation/rehearsal/opencryptoki-store';
import type { PlayerFault, PlayerMemory } from '../../../workstation/rehearsal/player-file';

type Operations = typeof MODULE_OPERATIONS;

/** A worker that takes requests; what it refuses rejects with the code, the words and whether it is uncertain. */
export interface SuiteWorker {
  call<K extends keyof Operations>(operation: K, args: ArgsOf<Operations, K>): Promise<ResultOf<Operations, K>>;
  stop(): Promise<void>;
}

/** A room with one module in it, and what runs in it. */
export interface Workplace {
  readonly room: string;
  readonly module: Module;
  /** Starts a worker in which nothing is loaded yet. Each has people who read the player's file afresh. */
  worker(): Promise<SuiteWorker>;
  /** A command line that runs in the same namespace as a worker that lives, for opencryptoki's sake. */
  beside(): readonly string[];
  /** Gives the worker's user what was made in the room meanwhile. */
  giveRoom(): void;
  close(): Promise<void>;
}

/** What the player of a room remembers. */
export function playerFile(room: string): string {
  return join(room, 'player.json');
}

/** The user PIN that the player made for a unit, joined. */
export function userPin(room: string, unit: string): string {
  const { pins } = JSON.parse(readFileSync(playerFile(room), 'utf8')) as PlayerMemory;
  const parts = pins.filter(({ of, role }) => of === unit && role === 'user');
  return [1, 2].map((part) => parts.find((one) => one.part === part)?.pin ?? '').join('');
}

/** Has the people of a room slip from now on, as told. Those of workers that live do not hear of it. */
export function laySlips(room: string, ...faults: readonly Omit<PlayerFault, 'milliseconds'>[]): void {
  const memory = JSON.parse(readFileSync(playerFile(room), 'utf8')) as PlayerMemory;
  writeFileSync(playerFile(room), JSON.stringify({ ...memory, faults }));
}

/** Workers as children of Node, as the command line starts them. */
export function nodeWorkplace(room: string, make: (room: string) => Module): Promise<Workplace> {
  const module = make(room);
  const ceremony = `suite-${randomBytes(4).toString('hex')}`;
  const alive = new Set<NodeChildren>();
  return Promise.resolve({
    room,
    module,
    worker: () => {
      const children = new NodeChildren({
        ceremony,
        scripts: builtScripts(resolve('build')),
        modules: [module],
        player: playerFile(room),
        names: {},
        startThrough: (one) => enterStore(room, one),
      });
      alive.add(children);
      const client = children.startModuleWorker(module);
      return Promise.resolve({
        call: (operation, args) => client.call(operation, args),
        stop: async () => {
          await client.stop();
          await children.endAll();
          alive.delete(children);
        },
      });
    },
    beside: () => {
      if (enterStore(room, module).length === 0) return [];
      return ['nsenter', '-t', String(pidOf(ceremony)), '-m', '-i', '--'];
    },
    giveRoom: () => undefined,
    close: async () => {
      await Promise.all([...alive].map((children) => children.endAll()));
    },
  });
}

/** The worker of a ceremony. */
function pidOf(ceremony: string): number {
  const found = readdirSync('/proc').find((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      return line.includes('worker.cjs') && line.includes(`--ceremony=${ceremony}`) && !line.startsWith('/bin/sh');
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error(`no worker of ${ceremony} is alive`);
  return Number(found);
}
