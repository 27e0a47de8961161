/**
 * Corruptions of checkpoints and of what is signed, by somebody without a key: signatures moved, doubled, taken away, in
 * other forms, from another ceremony; signed things offered again in other places.
 */
import { canonicalJson, type Json, type JsonObject } from '../../../ceremony/canonical-json';
import { TRANSCRIPT } from '../../../ceremony/bundle/layout';
import { EMPTY, linesOf, replaced, text, withLines, without, type Files, type Random } from './bundle-files';
import { corruption, type Corruption, type Kind } from './corruption';
import { both, madeRight } from './file-corruptions';
import { envelopesRight } from './hashes-right';
import { said } from './forgery';

/** Every such corruption; `other` is the bundle of another ceremony of the same people. */
export function* signatureCorruptions(files: Files, other: Files, random: Random): Generator<Corruption> {
  const stems = [...files.keys()].flatMap((name) => /^(checkpoints\/\d{4})\.checkpoint$/.exec(name)?.[1] ?? []);
  for (const stem of stems) {
    yield* bodies(files, stem);
    yield* signatures(files, stem, stems, random);
    yield* envelopes(files, stem);
    yield* ofAnotherCeremony(files, other, stem);
  }
  yield* wholeCheckpoints(files, stems);
  yield* sealedThings(files, other);
  yield* modes(files);
}

/** As it is; with envelopes and sums right; and with all hashes right, where the change outlives that. */
function* thrice(original: Files, kind: Kind, name: string, make: () => Files): Generator<Corruption> {
  yield corruption(kind, 'as is', name, make);
  yield corruption(kind, 'hashes right', `${name}, envelopes and sums`, () => envelopesRight(make()));
  yield corruption(kind, 'hashes right', `${name}, everything`, () => madeRight(original, make()));
}

function* bodies(files: Files, stem: string): Generator<Corruption> {
  const name = `${stem}.checkpoint`;
  const [origin = '', size = '', root = ''] = text(files.get(name) ?? EMPTY).split('\n');
  const [, mode = '', ceremony = ''] = origin.split('/');
  const otherMode = mode === 'rehearsal' ? 'production' : 'rehearsal';
  const variants: readonly (readonly [Kind, string, string])[] = [
    ['checkpoint of another ceremony', 'another ceremony', `keyrite/${mode}/${ceremony}-2\n${size}\n${root}\n`],
    ['checkpoint of another ceremony', 'another log', `other/${mode}/${ceremony}\n${size}\n${root}\n`],
    ['rehearsal offered as production', 'the other mode', `keyrite/${otherMode}/${ceremony}\n${size}\n${root}\n`],
    ['checkpoint in another form', 'a smaller size', `${origin}\n${String(Number(size) - 1)}\n${root}\n`],
    ['checkpoint in another form', 'a larger size', `${origin}\n${String(Number(size) + 1)}\n${root}\n`],
    ['checkpoint in another form', 'a padded size', `${origin}\n0${size}\n${root}\n`],
    ['checkpoint in another form', 'size 0', `${origin}\n0\n${root}\n`],
    ['huge number', 'a huge size', `${origin}\n${'9'.repeat(400)}\n${root}\n`],
    ['checkpoint in another form', 'another root', `${origin}\n${size}\n${Buffer.alloc(32, 7).toString('base64')}\n`],
    ['checkpoint in another form', 'a short root', `${origin}\n${size}\n${Buffer.alloc(31, 7).toString('base64')}\n`],
    ['checkpoint in another form', 'spare bits of the root set', `${origin}\n${size}\n${spareBitsSet(root)}\n`],
    ['checkpoint in another form', 'a line more', `${origin}\n${size}\n${root}\nmore\n`],
    ['checkpoint in another form', 'no LF at the end', `${origin}\n${size}\n${root}`],
    ['checkpoint in another form', 'CRLF', `${origin}\r\n${size}\r\n${root}\r\n`],
    ['NUL byte', 'a NUL', `${origin}\0\n${size}\n${root}\n`],
    ['too long or too deep', 'a comment of 1 MiB', `${origin}\n${size}\n${root}\n${'# '.repeat(512 * 1024)}\n`],
  ];
  for (const [kind, what, body] of variants) {
    yield* thrice(files, kind, `${name}: ${what}`, () => replaced(files, name, Buffer.from(body)));
  }
}

function spareBitsSet(base64: string): string {
  return base64.replace(/.=$/u, (end) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`);
}

function* signatures(files: Files, stem: string, stems: readonly string[], random: Random): Generator<Corruption> {
  const participants = [...files.keys()].flatMap((name) => /^keys\/(.*)\.pem$/.exec(name)?.[1] ?? []);
  const nameOf = (id: string, of = stem): string => `${of}.${id}.sig`;
  const signers = participants.filter((id) => files.has(nameOf(id)));
  for (const id of signers) {
    const name = nameOf(id);
    const content = Buffer.from(files.get(name) ?? EMPTY);
    const rest = without(files, (one) => one === name);
    yield* thrice(files, 'signer removed', name, () => rest);
    yield* thrice(files, 'signer removed', `${name} and the line that tells of it`, () =>
      withLines(
        rest,
        linesOf(rest).filter((line) => !line.includes(`"name":"${name}"`)),
      ),
    );
    for (const other of participants) {
      if (other === id) continue;
      if (files.has(nameOf(other))) {
        yield* thrice(files, 'signer twice', `${name} in place of that of ${other}`, () =>
          replaced(files, nameOf(other), content),
        );
      } else {
        yield* thrice(files, 'signer twice', `${name} as that of ${other} too`, () =>
          replaced(files, nameOf(other), content),
        );
        yield* thrice(files, 'wrong role', `${name} as that of ${other}`, () => replaced(rest, nameOf(other), content));
      }
    }
    yield* thrice(files, 'wrong role', `${name} as that of a stranger`, () =>
      replaced(rest, nameOf('mallory'), content),
    );
    for (const one of stems) {
      const earlier = files.get(nameOf(id, one));
      if (one === stem || earlier === undefined) continue;
      yield* thrice(files, 'signature over another root', `${name} from ${one}`, () => replaced(files, name, earlier));
    }
    yield* forms(files, name, content, random);
  }
}

/** Encodings of the same or nearly the same signature that a lenient verifier takes. */
function* forms(files: Files, name: string, content: Buffer, random: Random): Generator<Corruption> {
  const put = (what: string, bytes: Uint8Array): Generator<Corruption> =>
    thrice(files, 'signature in another form', `${name}: ${what}`, () => replaced(files, name, bytes));
  yield* put('a byte behind', Buffer.concat([content, Buffer.from([0])]));
  yield* put('in base64', Buffer.from(content.toString('base64')));
  yield* put('in hex', Buffer.from(content.toString('hex')));
  yield* put('all zero', Buffer.alloc(content.length));
  yield* put('empty', EMPTY);
  const noise = Buffer.from(Array.from({ length: content.length }, () => random(256)));
  yield* put('noise', noise);
  if (content[0] !== 0x30 || content.length > 127 + 2) return;
  const body = content.subarray(2);
  yield* put('a length of two bytes', Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]));
  yield* put('an indefinite length', Buffer.concat([Buffer.from([0x30, 0x80]), body, Buffer.from([0, 0])]));
  const r = body.subarray(2, 2 + (body[1] ?? 0));
  const s = body.subarray(4 + r.length);
  const integers = (first: Uint8Array, second: Uint8Array): Buffer => {
    const parts = [first, second].map((one) => Buffer.concat([Buffer.from([2, one.length]), one]));
    const all = Buffer.concat(parts);
    return Buffer.concat([Buffer.from([0x30, all.length]), all]);
  };
  yield* put('r with a zero in front', integers(Buffer.concat([Buffer.from([0]), r]), s));
  yield* put('s with a zero in front', integers(r, Buffer.concat([Buffer.from([0]), s])));
  yield* put('r and s swapped', integers(s, r));
  yield* put('r and s raw', Buffer.concat([r.subarray(-32), s.subarray(-32)]));
  yield* put('r and s 0', integers(Buffer.from([0]), Buffer.from([0])));
  yield* put('r and s 1', integers(Buffer.from([1]), Buffer.from([1])));
  yield* put('a third integer', Buffer.concat([Buffer.from([0x30, body.length + 3]), body, Buffer.from([2, 1, 1])]));
}

function* envelopes(files: Files, stem: string): Generator<Corruption> {
  const name = `${stem}.dsse.json`;
  const stored = files.get(name);
  if (stored === undefined) return;
  const parsed = JSON.parse(text(stored)) as {
    readonly payload: string;
    readonly payloadType: string;
    readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  };
  const raw = (kind: Kind, what: string, content: string): Generator<Corruption> =>
    both(files, kind, `${name}: ${what}`, () => replaced(files, name, Buffer.from(content)), name);
  const put = (kind: Kind, what: string, value: Json): Generator<Corruption> =>
    raw(kind, what, `${canonicalJson(value)}\n`);
  const [first] = parsed.signatures;
  if (first !== undefined) {
    yield* put('signer twice', 'a signature twice', { ...parsed, signatures: [first, ...parsed.signatures] });
    yield* put('signer twice', 'two signatures of one', {
      ...parsed,
      signatures: parsed.signatures.map((one) => ({ ...one, keyid: first.keyid })),
    });
    yield* put('signer removed', 'a signature dropped', { ...parsed, signatures: parsed.signatures.slice(1) });
    yield* put('signer removed', 'no signature', { ...parsed, signatures: [] });
    yield* put('signature in another form', 'signatures reversed', {
      ...parsed,
      signatures: parsed.signatures.toReversed(),
    });
    yield* put('signature in another form', 'spare bits set', {
      ...parsed,
      signatures: parsed.signatures.map((one) => ({
        ...one,
        sig: one.sig.replace(/(.)=/u, (_, end: string) => `${String.fromCharCode(end.charCodeAt(0) + 1)}=`),
      })),
    });
    yield* put('wrong role', 'a stranger', {
      ...parsed,
      signatures: [{ ...first, keyid: 'mallory' }, ...parsed.signatures.slice(1)],
    });
  }
  yield* put('signature in another form', 'another payload type', {
    ...parsed,
    payloadType: 'application/vnd.keyrite.presence',
  });
  yield* put('signature over another root', 'another payload', {
    ...parsed,
    payload: Buffer.from('x\n').toString('base64'),
  });
  yield* raw('not in canonical form', 'spaces', `${JSON.stringify(parsed, null, 1)}\n`);
  yield* raw('not in canonical form', 'CRLF', `${canonicalJson(parsed)}\r\n`);
  yield* raw('duplicate key', 'signatures twice', text(stored).replace('"signatures"', '"signatures":[],"signatures"'));
}

/** Files of a checkpoint put in from another ceremony, in which the same people really signed. */
function* ofAnotherCeremony(files: Files, other: Files, stem: string): Generator<Corruption> {
  const kind = 'checkpoint of another ceremony';
  const inside = [...files.keys()].filter((name) => name.startsWith(`${stem}.`) && other.has(name));
  const all = (): Files => new Map([...files, ...inside.map((name) => [name, other.get(name) ?? EMPTY] as const)]);
  yield* thrice(files, kind, `${stem}: all files`, all);
  for (const name of inside) {
    yield* thrice(files, kind, name, () => replaced(files, name, other.get(name) ?? EMPTY));
  }
}

function* wholeCheckpoints(files: Files, stems: readonly string[]): Generator<Corruption> {
  for (const stem of stems) {
    const kind = 'signer removed';
    yield* thrice(files, kind, `${stem}: the whole checkpoint`, () =>
      without(files, (name) => name.startsWith(`${stem}.`)),
    );
    yield* thrice(files, kind, `${stem}: every signature`, () =>
      without(files, (name) => name.startsWith(`${stem}.`) && name.endsWith('.sig')),
    );
  }
  const last = stems.at(-1);
  if (last === undefined) return;
  const next = last.replace(/\d{4}$/u, (digits) => String(Number(digits) + 1).padStart(4, '0'));
  const copies = [...files]
    .filter(([name]) => name.startsWith(`${last}.`))
    .map(([name, content]) => [name.replace(last, next), content] as const);
  yield* thrice(files, 'signer twice', 'the last checkpoint doubled', () => new Map([...files, ...copies]));
}

/** Signed things of the transcript taken away, doubled, or offered again in other places. */
function* sealedThings(files: Files, other: Files): Generator<Corruption> {
  const lines = linesOf(files);
  const strange = linesOf(other);
  const parsed = lines.map((line) => JSON.parse(line) as { readonly type: string; readonly body: JsonObject });
  const put = (kind: Kind, name: string, changed: () => readonly string[]): Generator<Corruption> =>
    both(files, kind, name, () => withLines(files, changed()), TRANSCRIPT);
  const withBody = (at: number, body: JsonObject): string[] =>
    lines.with(at, canonicalJson({ ...(parsed[at] as unknown as JsonObject), body }));
  for (const [at, { type, body }] of parsed.entries()) {
    const member = SEALED[type];
    const sealed = member === undefined ? null : (body[member] as { signatures: JsonObject[] } | null);
    if (member === undefined || sealed === null) continue;
    const where = `line ${String(at)}`;
    const replayed = type === 'participant.present' ? 'presence replayed' : 'command replayed';
    const set = (value: Json): readonly string[] => withBody(at, { ...body, [member]: value });
    yield* put('signer removed', `${where}: no signature`, () =>
      set({ ...(sealed as unknown as JsonObject), signatures: [] }),
    );
    yield* put('signer removed', `${where}: nothing signed`, () => set(null));
    for (const [place, one] of sealed.signatures.entries()) {
      const rest = sealed.signatures.toSpliced(place, 1);
      yield* put('signer removed', `${where}: ${said(one['keyid'])}`, () =>
        set({ ...(sealed as unknown as JsonObject), signatures: rest }),
      );
      const twice = sealed.signatures.toSpliced(place, 0, one);
      yield* put('signer twice', `${where}: ${said(one['keyid'])}`, () =>
        set({ ...(sealed as unknown as JsonObject), signatures: twice }),
      );
      const stranger = sealed.signatures.with(place, { ...one, keyid: 'zz' });
      yield* put('wrong role', `${where}: a stranger for ${said(one['keyid'])}`, () =>
        set({ ...(sealed as unknown as JsonObject), signatures: stranger }),
      );
    }
    const alike = parsed.flatMap((line, place) =>
      line.type === type && place !== at && line.body[member] !== null ? [place] : [],
    );
    for (const place of alike.slice(0, 6)) {
      const elsewhere = parsed[place]?.body[member] ?? null;
      if (canonicalJson(elsewhere) === canonicalJson(sealed)) continue;
      yield* put(replayed, `${where}: that of line ${String(place)}`, () => set(elsewhere));
    }
    yield* put(replayed, `${where}: once more at the end`, () => lines.toSpliced(-1, 0, lines[at] ?? ''));
    const foreign =
      strange[at] === undefined ? undefined : (JSON.parse(strange[at]) as { body: JsonObject }).body[member];
    if (foreign !== undefined) yield* put(replayed, `${where}: that of another ceremony`, () => set(foreign));
  }
}

/** Where a line's signed thing stands. */
const SEALED: Readonly<Record<string, string>> = {
  'participant.present': 'proof',
  'step.intent': 'command',
  'exception.recorded': 'record',
};

/** The mode changed wherever it stands in clear, and in single places. */
function* modes(files: Files): Generator<Corruption> {
  const kind = 'rehearsal offered as production';
  const [first = ''] = linesOf(files);
  const [from, to] = first.includes('"mode":"rehearsal"') ? ['rehearsal', 'production'] : ['production', 'rehearsal'];
  const isText = (name: string): boolean =>
    /\.(?:jsonl|json|yaml|checkpoint)$/u.test(name) && !name.startsWith('packages/');
  const changed = (chosen: (name: string) => boolean): Files =>
    new Map(
      [...files].map(([name, content]) =>
        isText(name) && chosen(name) ? [name, Buffer.from(text(content).replaceAll(from, to))] : [name, content],
      ),
    );
  yield* thrice(files, kind, `${from} as ${to} everywhere`, () => changed(() => true));
  for (const only of ['transcript.jsonl', 'binding.json', 'binding.yaml', 'checkpoints/']) {
    if (![...files.keys()].some((name) => name.startsWith(only) && text(files.get(name) ?? EMPTY).includes(from)))
      continue;
    yield* thrice(files, kind, `${from} as ${to} in ${only}`, () => changed((name) => name.startsWith(only)));
  }
  const opened = first.replace(`"mode":"${from}"`, `"mode":"${to}"`);
  const keysFrom = opened.replace(
    /"keysFrom":"(?:binding|plan)"/u,
    `"keysFrom":"${to === 'production' ? 'plan' : 'binding'}"`,
  );
  yield* both(files, kind, 'line 0', () => withLines(files, [opened, ...linesOf(files).slice(1)]), TRANSCRIPT);
  yield* both(
    files,
    kind,
    'line 0 and where its keys come from',
    () => withLines(files, [keysFrom, ...linesOf(files).slice(1)]),
    TRANSCRIPT,
  );
}
