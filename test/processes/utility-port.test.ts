/** The person link over ports, against ends that do not keep to the order: in Electron itself by test/app/processes. */
import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Dialogue, AskingLink } from '../../hsm/contract';
import { PersonLost, PersonRefused } from '../../hsm/person-errors';
import { makeExchangeKeys, PUBLIC_KEY_BYTES, SEAL_BYTES, type Seal } from '../../hsm/sealed-exchange';
import { MAX_BODY_BYTES, type PortQuestion } from '../../hsm/secret-port';
import { utilityPersonLink, utilityServerPort, type UtilityPort } from '../../hsm/utility-port';

const QUESTION: Dialogue = {
  kind: 'share-show',
  custodian: 'carol',
  set: '0'.repeat(32),
  index: 1,
  of: 3,
  form: 'rows',
};

/** A port whose far end the test is. Like Electron's, it emits `close` before `close()` returns. */
class TestPort extends EventEmitter implements UtilityPort {
  readonly sent: unknown[] = [];
  isClosed = false;
  postMessage(message: unknown): void {
    this.sent.push(structuredClone(message));
  }
  start(): void {
    // Nothing is held back here.
  }
  close(): void {
    this.isClosed = true;
    this.emit('close');
  }
  say(data: unknown): void {
    this.emit('message', { data });
  }
}

class TestParent extends EventEmitter {
  postMessage(): void {
    // The link says nothing to main by itself.
  }
  say(data: unknown, ports: readonly TestPort[] = []): void {
    this.emit('message', { data, ports });
  }
}

let parent: TestParent;
let link: AskingLink;
let events: string[];
let exchange: string;

beforeEach(() => {
  parent = new TestParent();
  events = [];
  link = utilityPersonLink(parent, {
    asking: (dialogue, id) => {
      exchange = id;
      events.push(`asking ${dialogue.kind}`);
    },
    answered: () => events.push('answered'),
  });
});

/** What is asked, once it is; `seal` is the person's. */
interface Asked {
  readonly port: TestPort;
  readonly answer: Promise<Uint8Array>;
  readonly seal: Seal;
  readonly question: PortQuestion;
}

/** Asks, and hands over a port whose far end says hello. */
async function greeted(body = Buffer.from('worksheet')): Promise<Asked> {
  const answer = link.ask(QUESTION, body);
  answer.catch(() => undefined);
  const port = new TestPort();
  parent.say({ link: exchange }, [port]);
  const keys = await makeExchangeKeys('person', exchange);
  port.say({ kind: 'hello', exchange, key: keys.publicKey });
  await expect.poll(() => port.sent.length).toBe(1);
  const [question] = port.sent as PortQuestion[];
  return { port, answer, seal: await keys.agree(question!.key), question: question! };
}

describe('a person link over ports', () => {
  test('asks after the hello, sealed and in memory of its own, and gives what was answered', async () => {
    const pool = Buffer.from('others worksheet others');
    const { port, answer, seal, question } = await greeted(pool.subarray(7, 16));
    expect(Buffer.from(question.body).toString('latin1')).not.toContain('worksheet');
    expect(question.body.buffer.byteLength).toBe(9 + SEAL_BYTES);
    expect(Buffer.from(await seal.open('question', question.body)).toString()).toBe('worksheet');
    port.say({
      kind: 'answer',
      exchange,
      answer: 'given',
      body: await seal.close('answer: given', Uint8Array.from([1, 2])),
    });
    expect(await answer).toEqual(Uint8Array.from([1, 2]));
    expect(port.isClosed).toBe(true);
    expect(events).toEqual(['asking share-show', 'answered']);
  });

  test('says nothing before the hello of this exchange', async () => {
    const answer = link.ask(QUESTION, Buffer.from('worksheet'));
    const port = new TestPort();
    parent.say({ link: exchange }, [port]);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(port.sent).toEqual([]);
    port.say({ kind: 'hello', exchange: 'f'.repeat(32), key: new Uint8Array(PUBLIC_KEY_BYTES) });
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
    expect(port.sent).toEqual([]);
  });

  test('says nothing any more when the far end went after its hello', async () => {
    const answer = link.ask(QUESTION, Buffer.from('worksheet'));
    const port = new TestPort();
    parent.say({ link: exchange }, [port]);
    port.say({ kind: 'hello', exchange, key: (await makeExchangeKeys('person', exchange)).publicKey });
    port.close();
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(port.sent).toEqual([]);
  });

  test('tells a refusal from a loss', async () => {
    const { port, answer, seal } = await greeted();
    const body = await seal.close('answer: refused', new Uint8Array());
    port.say({ kind: 'answer', exchange, answer: 'refused', body });
    await expect(answer).rejects.toBeInstanceOf(PersonRefused);
  });

  test('is lost when main says so, before the port came and after it; a port that comes late is closed', async () => {
    const before = link.ask(QUESTION);
    parent.say({ gone: exchange });
    await expect(before).rejects.toBeInstanceOf(PersonLost);
    const late = new TestPort();
    parent.say({ link: exchange }, [late]);
    expect(late.isClosed).toBe(true);

    const { port, answer } = await greeted();
    parent.say({ gone: exchange });
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
    expect(port.isClosed).toBe(true);
    expect(events.filter((event) => event === 'answered')).toHaveLength(2);
  });

  test('closes a second port, one that comes with anything else, and goes on with the first', async () => {
    const { port, answer, seal } = await greeted();
    const [second, stray] = [new TestPort(), new TestPort()];
    parent.say({ link: exchange }, [second]);
    parent.say({ id: 1, operation: 'unit.read', args: {} }, [stray]);
    expect([second.isClosed, stray.isClosed, port.isClosed]).toEqual([true, true, false]);
    port.say({ kind: 'answer', exchange, answer: 'given', body: await seal.close('answer: given', new Uint8Array()) });
    expect(await answer).toHaveLength(0);
  });

  test.each<[string, (id: string) => object]>([
    ['of another exchange', () => ({ kind: 'answer', exchange: 'f'.repeat(32), answer: 'given' })],
    ['of another kind', (id) => ({ kind: 'question', exchange: id, answer: 'given' })],
    ['with more to it', (id) => ({ kind: 'answer', exchange: id, answer: 'given', more: 1 })],
  ])('an answer %s is not taken', async (_what, make) => {
    const { port, answer, seal } = await greeted();
    port.say({ ...make(exchange), body: await seal.close('answer: given', Uint8Array.from([1, 2, 3])) });
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
    expect(port.isClosed).toBe(true);
  });

  test.each<[string, (seal: Seal) => Promise<Uint8Array>]>([
    ['in clear', () => Promise.resolve(Buffer.from('1234, and long enough for a sealed one'))],
    ['sealed as a refusal', (seal) => seal.close('answer: refused', Uint8Array.from([1]))],
    [
      'sealed for another exchange',
      async () => {
        const [one, other] = [
          await makeExchangeKeys('person', 'f'.repeat(32)),
          await makeExchangeKeys('asker', exchange),
        ];
        return (await one.agree(other.publicKey)).close('answer: given', Uint8Array.from([1]));
      },
    ],
    [
      'changed on the way',
      async (seal) => (await seal.close('answer: given', Uint8Array.from([1]))).map((byte) => byte ^ 1),
    ],
  ])('an answer %s is not taken', async (_what, make) => {
    const { port, answer, seal } = await greeted();
    port.say({ kind: 'answer', exchange, answer: 'given', body: await make(seal) });
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
    expect(port.isClosed).toBe(true);
  });

  test.each([
    ['is no point of the curve', new Uint8Array(PUBLIC_KEY_BYTES).fill(4)],
    ['is too short', new Uint8Array(PUBLIC_KEY_BYTES - 1)],
    ['is missing', undefined],
  ])('a hello whose key %s is not answered', async (_what, key) => {
    const answer = link.ask(QUESTION, Buffer.from('worksheet'));
    const port = new TestPort();
    parent.say({ link: exchange }, [port]);
    port.say({ kind: 'hello', exchange, key });
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
    expect(port.sent).toEqual([]);
  });

  test.each([
    ['text', 'PIN'],
    ['too long', new Uint8Array(MAX_BODY_BYTES + SEAL_BYTES + 1)],
    ['too short', new Uint8Array(SEAL_BYTES - 1)],
    ['another view', new Uint16Array(2)],
    ['missing', undefined],
  ])('a body that is %s is not taken', async (_what, body) => {
    const { port, answer } = await greeted();
    port.say({ kind: 'answer', exchange, answer: 'given', body });
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
  });

  test('an answer before the question is none', async () => {
    const answer = link.ask(QUESTION);
    const port = new TestPort();
    parent.say({ link: exchange }, [port]);
    port.say({ kind: 'answer', exchange, answer: 'given', body: new Uint8Array(SEAL_BYTES) });
    await expect(answer).rejects.toBeInstanceOf(PersonLost);
  });

  test('a body that is too long to be sent is a fault of ours', async () => {
    await expect(link.ask(QUESTION, new Uint8Array(MAX_BODY_BYTES + 1))).rejects.toThrow(
      'body: expected at most 8192 bytes, got 8193',
    );
    expect(events).toEqual([]);
  });
});

test('a wanted exit waits until main has the words said before it, but not for ever', () => {
  vi.useFakeTimers();
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never);
  const on = vi.spyOn(process, 'on').mockReturnValue(process);
  try {
    const heard: unknown[] = [];
    const server = utilityServerPort(parent);
    server.onMessage((message) => heard.push(message));
    server.exit(0);
    vi.advanceTimersByTime(1000);
    expect(exit).not.toHaveBeenCalled();
    parent.say({ leave: true });
    expect(exit).toHaveBeenCalledExactlyOnceWith(0);
    expect(heard).toEqual([]);
    exit.mockClear();
    vi.clearAllTimers();
    server.exit(0);
    vi.advanceTimersByTime(4900);
    expect(exit).toHaveBeenCalledExactlyOnceWith(0);
  } finally {
    exit.mockRestore();
    on.mockRestore();
    vi.useRealTimers();
  }
});
