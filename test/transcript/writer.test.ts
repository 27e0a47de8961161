import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../ceremony/canonical-json';
import type { BundleFolder } from '../../ceremony/engine/ports';
import type { Draft } from '../../ceremony/transcript/line';
import { treeHash } from '../../ceremony/transcript/merkle';
import { readTranscript } from '../../ceremony/transcript/read';
import { ClockWentBack, TranscriptDamaged, TranscriptWriter } from '../../ceremony/transcript/writer';
import { folderAt, removeDirectory, temporaryDirectory } from '../bundle/temp-folder';

const FILE = 'transcript.jsonl';
const random = (length: number): Uint8Array => new Uint8Array(length).fill(0xab);
const fact = (answer: string): Draft => ({
  type: 'fact.recorded',
  step: null,
  by: [],
  body: { fact: 'answer', value: { asked: '?', answer } },
});

let directory = '';
let folder: BundleFolder;
let time = 0;
const clock = { now: (): string => new Date((time += 1000)).toISOString() };

beforeEach(async () => {
  directory = await temporaryDirectory();
  folder = folderAt(directory);
  time = Date.parse('2026-11-23T09:00:00.000Z');
});
afterEach(async () => {
  await removeDirectory(directory);
});

async function written(count: number): Promise<TranscriptWriter> {
  const writer = await TranscriptWriter.create(folder, clock, random);
  for (let line = 0; line < count; line += 1) await writer.append(fact(`fact ${String(line)}`));
  return writer;
}

const content = async (): Promise<string> => Buffer.from(await folder.read(FILE)).toString('utf8');

describe('TranscriptWriter', () => {
  it('writes canonical lines chained by hash', async () => {
    const writer = await written(2);
    const [first = '', second = ''] = (await content()).split('\n');
    expect(first).toBe(
      `{"at":"2026-11-23T09:00:01.000Z","body":{"fact":"answer","value":{"answer":"fact 0","asked":"?"}},"by":[],"prev":"${'0'.repeat(64)}",` +
        `"salt":"${'ab'.repeat(16)}","seq":0,"step":null,"type":"fact.recorded"}`,
    );
    const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect((JSON.parse(second) as { prev: string }).prev).toBe(sha256(first));
    expect(writer.head).toBe(sha256(second));
    expect(writer.size).toBe(2);
    expect(writer.root).toBe(Buffer.from(treeHash([Buffer.from(first), Buffer.from(second)])).toString('hex'));
  });

  it('refuses what does not fit the schema, and writes nothing', async () => {
    const writer = await written(1);
    const before = await content();
    const wrong = { type: 'fact.recorded', step: null, by: [], body: { fact: 'f' } } as unknown as Draft;
    await expect(writer.append(wrong)).rejects.toThrow(RangeError);
    const told = (name: string, value: JsonObject): Draft => ({ ...fact('x'), body: { fact: name, value } }) as Draft;
    await expect(writer.append(told('f', {}))).rejects.toThrow('body of fact.recorded: fact: there is none called f');
    await expect(writer.append(told('answer', { asked: '?' }))).rejects.toThrow('value of answer: answer: ');
    await expect(writer.append({ ...fact('x'), step: 'Not An Id' })).rejects.toThrow(
      'line fact.recorded: step expected an id',
    );
    await expect(writer.append(fact('half \ud800'))).rejects.toThrow('surrogate');
    await expect(writer.append(fact('x'.repeat(1024 * 1024)))).rejects.toThrow('at most 1048576 bytes');
    expect(await content()).toBe(before);
    await writer.append(fact('good'));
    expect(readTranscript(await folder.read(FILE)).findings).toEqual([]);
  });

  it('can try again after a failed append', async () => {
    let full = true;
    const failing: BundleFolder = {
      ...folder,
      append: (name, bytes) => (full ? Promise.reject(new Error('no space left')) : folder.append(name, bytes)),
    };
    const writer = await TranscriptWriter.create(failing, clock, random);
    await expect(writer.append(fact('one'))).rejects.toThrow('no space left');
    expect(writer.size).toBe(0);
    full = false;
    await writer.append(fact('one'));
    await writer.append(fact('two'));
    expect(readTranscript(await folder.read(FILE))).toMatchObject({ findings: [], torn: null, lines: { length: 2 } });
  });

  it('does not let appends overlap', async () => {
    const writer = await written(1);
    const first = writer.append(fact('one'));
    await expect(writer.append(fact('two'))).rejects.toThrow('still being written');
    await first;
    expect(writer.size).toBe(2);
  });

  it('stops when the clock goes back, but for a clock exception', async () => {
    const writer = await written(1);
    time -= 60_000;
    await expect(writer.append(fact('late'))).rejects.toThrow(ClockWentBack);
    const record = { payload: '', payloadType: 'application/vnd.keyrite.exception', signatures: [] };
    await writer.append({ type: 'exception.recorded', step: 'preflight', by: [], body: { kind: 'clock', record } });
    await writer.append(fact('on'));
    expect(readTranscript(await folder.read(FILE)).findings).toEqual([]);
  });

  it('begins only where there is nothing, or a first line that was cut short', async () => {
    await folder.append(FILE, Buffer.from('{"at":'));
    const writer = await TranscriptWriter.create(folder, clock, random);
    await writer.append(fact('one'));
    expect((await content()).split('\n')).toHaveLength(2);
    await expect(TranscriptWriter.create(folder, clock, random)).rejects.toThrow(TranscriptDamaged);
  });
});

describe('resume', () => {
  it('goes on where a whole transcript stopped', async () => {
    const before = await written(5);
    const { writer, lines, torn } = await TranscriptWriter.resume(folder, clock, random);
    expect(torn).toBeNull();
    expect(lines).toHaveLength(5);
    expect([writer.head, writer.size, writer.root]).toEqual([before.head, before.size, before.root]);
    await writer.append(fact('on'));
    expect(readTranscript(await folder.read(FILE)).findings).toEqual([]);
  });

  it('cuts off a last line that was cut short at any byte, and tells its length and hash', async () => {
    await written(3);
    const whole = Buffer.from(await folder.read(FILE));
    const lastStart = whole.lastIndexOf('\n', whole.length - 2) + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: lastStart + 1, max: whole.length - 1 }), async (length) => {
        await folder.remove(FILE);
        await folder.create(FILE, whole.subarray(0, length));
        const { writer, lines, torn } = await TranscriptWriter.resume(folder, clock, random);
        const tail = whole.subarray(lastStart, length);
        expect(torn).toEqual({ bytes: tail.length, sha256: createHash('sha256').update(tail).digest('hex') });
        expect(lines).toHaveLength(2);
        expect(writer.size).toBe(2);
        expect(Buffer.from(await folder.read(FILE)).equals(whole.subarray(0, lastStart))).toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('cuts off a last line of garbage such as zeros that a power cut leaves', async () => {
    await written(2);
    await folder.append(FILE, Buffer.from('\0\0\0\0\n'));
    const { lines, torn } = await TranscriptWriter.resume(folder, clock, random);
    expect([lines.length, torn?.bytes]).toEqual([2, 5]);
  });

  it.each([
    ['a line changed', (text: string) => text.replace('fact 0', 'fact 9')],
    ['a line dropped', (text: string) => text.split('\n').toSpliced(1, 1).join('\n')],
    ['garbage in the middle', (text: string) => text.split('\n').with(1, 'garbage').join('\n')],
    ['the last line changed', (text: string) => text.replace('"seq":2', '"seq":7')],
    ['the last line not canonical', (text: string) => text.replace('"fact 2"', ' "fact 2"')],
    ['two lines of garbage at the end', (text: string) => `${text}x\ny\n`],
    ['garbage and a torn line', (text: string) => `${text}x\ny`],
  ])('refuses %s, and leaves the file as it is', async (_, change) => {
    await written(3);
    const damaged = change(await content());
    await folder.remove(FILE);
    await folder.create(FILE, Buffer.from(damaged));
    await expect(TranscriptWriter.resume(folder, clock, random)).rejects.toThrow(TranscriptDamaged);
    expect(await content()).toBe(damaged);
  });
});

describe('readTranscript', () => {
  it('never throws for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        readTranscript(bytes);
        readTranscript(Buffer.concat([bytes, Buffer.from('\n')]));
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(readTranscript(Buffer.from(`${text}\n`)).findings).toHaveLength(1);
      }),
    );
  });

  it('bounds the number of lines', async () => {
    await written(4);
    expect(readTranscript(await folder.read(FILE), 2).findings).toEqual([{ line: 2, reason: 'more than 2 lines' }]);
  });
});
