/**
 * Ceremonies in which people come and go, with a pause under seal: truthful bundles, which both verifiers accept, and
 * bundles that lie about it with every hash and signature in order, which both refuse.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import type { Json, JsonObject } from '../../ceremony/canonical-json';
import { PAYLOAD_TYPES } from '../../ceremony/command/dsse';
import { verifyBundle } from '../../ceremony/bundle/verify';
import type { BodyOf, Draft, LineType } from '../../ceremony/transcript/line';
import { isForScript } from './for-script';
import { makeBundle, type Variation } from './software-ceremony';
import { folderAt, removeDirectory, temporaryDirectory } from './temp-folder';
import { sampled } from '../sampled';

const it = sampled(8);

const SCRIPT = fileURLToPath(new URL('../../ceremony/bundle/verify.sh', import.meta.url));

let directory = '';
beforeEach(async () => {
  directory = await temporaryDirectory();
});
afterEach(async () => {
  await removeDirectory(directory);
});

/** Exit code and output of verify.sh. */
function runScript(...args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile('sh', [SCRIPT, ...args], { timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr });
    });
  });
}

/** Changes the body of drafts of one type (where `when` holds). */
function bodyOf<T extends LineType>(
  type: T,
  change: (body: BodyOf<T>) => object,
  when: (draft: Draft) => boolean = () => true,
): Variation {
  return {
    draft: (draft) => {
      if (draft.type !== type || !when(draft)) return draft;
      return { ...draft, body: change(draft.body) } as unknown as Draft;
    },
  };
}

/** Changes the body of the session's line. */
function session(change: (body: JsonObject) => object): Variation {
  return bodyOf(
    'ceremony.resumed',
    (body) => change(body as unknown as JsonObject),
    (draft) => draft.type === 'ceremony.resumed' && draft.body.session !== undefined,
  );
}

const payloadOf = (type: string, change: (payload: JsonObject) => JsonObject): Variation => ({
  payload: (given, payload: Json) => (given === type ? change(payload as JsonObject) : payload),
});
const without = (drop: (draft: Draft) => boolean): Variation => ({ draft: (draft) => (drop(draft) ? null : draft) });
const isOf = (type: Draft['type'], step: string | null) => (draft: Draft) => draft.type === type && draft.step === step;
const readings = (
  change: (value: { readings: JsonObject[]; skewMs: JsonObject }) => object,
  by?: readonly string[],
) => ({
  draft: (draft: Draft): Draft => {
    if (draft.type !== 'fact.recorded' || draft.body.fact !== 'clock.readings') return draft;
    const value = change(draft.body.value as unknown as { readings: JsonObject[]; skewMs: JsonObject });
    return { ...draft, by: by ?? draft.by, body: { ...draft.body, value } } as unknown as Draft;
  },
});
/** Puts a draft before the first one that matches. */
const before = (matches: (draft: Draft) => boolean, put: Draft): Variation => {
  let done = false;
  return {
    draft: (draft) => {
      if (done || !matches(draft)) return draft;
      done = true;
      return put;
    },
  };
};

/** Name, variation, and words that verifyBundle must say. */
const LIES: readonly (readonly [string, Variation, RegExp])[] = [
  [
    'nobody reads a clock',
    without((draft) => draft.type === 'fact.recorded' && draft.body.fact === 'clock.readings'),
    /step preflight: nobody read a clock of their own, and no exception says why/,
  ],
  [
    'nobody brings the file',
    { noFile: 'silent' },
    /step filed: no file goes with the answer, and no exception says why/,
  ],
  [
    'an exception is raised within a step',
    {
      noFile: 'excepted',
      draft: (draft) => {
        if (draft.type !== 'fact.recorded' || draft.body.fact !== 'exception.raised') return draft;
        return { ...draft, step: (draft.body.value as unknown as { readonly step: string }).step };
      },
    },
    /raises an exception that cannot be read/,
  ],
  [
    'a witness of another id is an operator by the same name',
    {
      secondBinding: (text) => text.replace('name: Nora Müller', 'name: "ADA  Müller"'),
    },
    /ada and nora have one name and hold crypto-administrator and auditor, which the plan keeps apart/,
  ],
  [
    'somebody enrolled has the name of an operator',
    {
      draft: (draft) =>
        draft.type === 'participant.enrolled'
          ? { ...draft, body: { ...draft.body, participant: { ...draft.body.participant, name: 'Ada Müller' } } }
          : draft,
    },
    /ada and emil have one name and hold crypto-administrator and witness, which the plan keeps apart/,
  ],
  ['a session is approved by too few', { secondApprovers: ['vera'] }, /2 approvals needed/],
  ['a session is approved by nobody', { secondApprovers: [] }, /2 approvals needed/],
  [
    'a session is approved by somebody who comes with it',
    {
      secondApprovers: ['vera', 'nora'],
      secondBinding: (text) =>
        text.replace(
          'id: nora, name: Nora Müller, position: auditors',
          'id: nora, name: Nora Müller, position: approvers',
        ),
    },
    /not hold|approver's approval|approvals needed/,
  ],
  [
    'a session is approved as another binding',
    payloadOf(PAYLOAD_TYPES.approval, (payload) => ({ ...payload, binding: '1'.repeat(64) })),
    /approver's approval/,
  ],
  [
    'somebody has another name in the second session',
    { secondBinding: (text) => text.replace('name: Wanda Müller', 'name: Wanda Meier') },
    /wanda stood on the roster with another name/,
  ],
  [
    'somebody has another position in the second session',
    {
      secondBinding: (text) =>
        text.replace(
          'id: wanda, name: Wanda Müller, position: witnesses',
          'id: wanda, name: Wanda Müller, position: auditors',
        ),
    },
    /wanda takes another position|another name, role/,
  ],
  [
    'the roster of a session is not that of its binding',
    session((body) => {
      const of = body['session'] as JsonObject;
      return { ...body, session: { ...of, roster: (of['roster'] as Json[]).slice(1) } };
    }),
    /roster is not the one that plan and binding make/,
  ],
  [
    'the binding of a session is of another ceremony',
    { secondBinding: (text) => text.replace('ceremony: software-1', 'ceremony: software-2') },
    /of another ceremony, mode or plan/,
  ],
  [
    'the binding of a session tells of another state of a unit',
    {
      secondBinding: (text) => text.replace(/"?stateSha256"?: ?"?[0-9a-f]{64}"?/, `"stateSha256":"${'1'.repeat(64)}"`),
    },
    /another state of unit-a/,
  ],
  [
    'the binding of a session names another unit',
    { secondBinding: (text) => text.replace(/"identity": ?"[0-9a-f]{64}"/, `"identity":"${'1'.repeat(64)}"`) },
    /names another unit than unit-a/,
  ],
  [
    'a session has another number',
    session((body) => ({ ...body, session: { ...(body['session'] as JsonObject), number: 3 } })),
    /does not open session 2/,
  ],
  [
    'a session does not name its files',
    session((body) => ({ ...body, files: (body['files'] as Json[]).slice(0, 1) })),
    /does not name .*, a file of its session/,
  ],
  [
    'a session is called a crash',
    session((body) => ({ ...body, reason: 'crash' })),
    /begins after a pause, and only then/,
  ],
  ['the pause is left out', without((draft) => draft.type === 'ceremony.paused'), /does not pause the ceremony/],
  ['the pause is not resumed', without((draft) => draft.type === 'ceremony.resumed'), /only a new session goes on/],
  [
    'the pause tells of another seal',
    bodyOf('ceremony.paused', (body) => ({ ...body, seals: [{ material: 'case', number: 'B-0001' }] })),
    /reason or the seals are not those/,
  ],
  [
    'the number of a seal is not on record',
    without((draft) => draft.type === 'fact.recorded' && draft.body.fact === 'seal'),
    /seal on case is not on record/,
  ],
  [
    'the checkpoint of the pause is not signed by the witness',
    { halfwaySigners: ['ada'] },
    /no checkpoint of this step/,
  ],
  [
    'the presence of the first session stands in for the second',
    { secondPresent: (id) => id !== 'carl' },
    /carl has not proved presence in this session/,
  ],
  [
    'somebody signs the last checkpoint who is not there in the second session',
    { secondPresent: (id) => id !== 'bela', finalSigners: ['ada', 'bela', 'emil'] },
    /bela/,
  ],
  ['somebody away signs', bodyOf('participant.left', (body) => ({ ...body, participant: 'bela' })), /bela had left/],
  [
    'somebody replaced signs the last checkpoint',
    { finalSigners: ['ada', 'bela', 'wanda'] },
    /wanda had left, and signed the last checkpoint/,
  ],
  [
    'the alternate is of another position',
    bodyOf('participant.replaced', (body) => ({ ...body, by: 'otto' })),
    /otto is no alternate of the same position/,
  ],
  ['the alternate is not there', { secondPresent: (id) => id !== 'emil' }, /emil has not proved presence/],
  [
    'an enrolment has one voucher',
    {
      ...bodyOf('participant.enrolled', (body) => ({ ...body, vouchers: ['ada'] })),
      signers: (type, _, signers) => (type === PAYLOAD_TYPES.enrolment ? ['ada', 'emil'] : signers),
    },
    /two other people/,
  ],
  [
    'an enrolment is signed by one voucher only',
    { signers: (type, _, signers) => (type === PAYLOAD_TYPES.enrolment ? ['ada', 'emil'] : signers) },
    /another moment, ceremony, person/,
  ],
  [
    'the enrolled person vouches for themselves',
    {
      ...bodyOf('participant.enrolled', (body) => ({ ...body, vouchers: ['ada', 'emil'] })),
      signers: (type, _, signers) => (type === PAYLOAD_TYPES.enrolment ? ['ada', 'emil'] : signers),
    },
    /two other people/,
  ],
  [
    'somebody vouches who may not',
    {
      draft: (draft) =>
        draft.type === 'participant.enrolled'
          ? { ...draft, by: ['ada', 'carl'], body: { ...draft.body, vouchers: ['ada', 'carl'] } }
          : draft,
      signers: (type, _, signers) => (type === PAYLOAD_TYPES.enrolment ? ['ada', 'carl', 'emil'] : signers),
    },
    /two other people/,
  ],
  [
    'the enrolled person did not sign',
    { signers: (type, _, signers) => (type === PAYLOAD_TYPES.enrolment ? ['ada', 'otto'] : signers) },
    /another moment, ceremony, person/,
  ],
  [
    'an enrolment is of another moment',
    payloadOf(PAYLOAD_TYPES.enrolment, (payload) => ({ ...payload, head: '1'.repeat(64) })),
    /another moment, ceremony, person/,
  ],
  [
    'an enrolment is of another ceremony',
    payloadOf(PAYLOAD_TYPES.enrolment, (payload) => ({ ...payload, ceremony: 'other' })),
    /another moment, ceremony, person/,
  ],
  [
    'an enrolment is into another position',
    payloadOf(PAYLOAD_TYPES.enrolment, (payload) => ({ ...payload, position: 'auditors' })),
    /another moment, ceremony, person/,
  ],
  [
    'other identification is on record than was signed',
    bodyOf('participant.enrolled', (body) => ({ ...body, identification: 'A library card.' })),
    /another moment, ceremony, person/,
  ],
  [
    'the enrolled person is given another role',
    bodyOf('participant.enrolled', (body) => ({ ...body, participant: { ...body.participant, roles: ['auditor'] } })),
    /has not the role of the position/,
  ],
  [
    'somebody is enrolled outside a step that enrols',
    { draft: (draft) => (draft.type === 'participant.enrolled' ? { ...draft, step: null } : draft) },
    /outside a step that enrols/,
  ],
  [
    'an enrolment does not name the key',
    bodyOf('participant.enrolled', (body) => ({ ...body, files: [] })),
    /does not name the key/,
  ],
  [
    'clocks are read by two people',
    readings((value) => ({ ...value, readings: value.readings.slice(0, 2) }), ['ada', 'otto']),
    /3 people must each read a clock/,
  ],
  [
    'one person reads two clocks',
    readings((value) => ({
      ...value,
      readings: value.readings.map((one, place) => (place === 1 ? { ...one, by: 'ada' } : one)),
    })),
    /3 people must each read a clock/,
  ],
  [
    'another skew is told than was read',
    readings((value) => ({ ...value, skewMs: { ...value.skewMs, median: 0 } })),
    /skew is not that of the readings/,
  ],
  [
    'the clock is two minutes off and nobody says so',
    { clockSkews: { ada: 121_000, otto: 120_000, wanda: 119_000 } },
    /more than a minute off/,
  ],
  [
    'an exception is signed that nobody raised',
    without((draft) => draft.type === 'fact.recorded' && draft.body.fact === 'exception.raised'),
    /was not raised before/,
  ],
  [
    'somebody who is bound later does something in the first session',
    {
      draft: (draft) =>
        draft.type === 'fact.recorded' && draft.body.fact === 'seal' ? { ...draft, by: ['nora'] } : draft,
    },
    /nora is not on the roster/,
  ],
  [
    'a file lies in a session that is not on record',
    { extra: { 'sessions/0003/binding.yaml': 'keyrite: binding/1\n' } },
    /session that is not on record/,
  ],
  [
    'somebody not there reads a clock after leaving',
    before(isOf('step.started', 'preflight-2'), {
      type: 'participant.left',
      step: null,
      by: [],
      body: { participant: 'wanda', reason: 'home' },
    }),
    /wanda had left|not under way/,
  ],
];

describe('lies about sessions, people and clocks', () => {
  it.each(LIES)('%s', { timeout: 240_000 }, async (name, variation, words) => {
    const { draft, ...rest } = variation;
    await makeLife({ ...rest, ...(draft === undefined ? {} : { draft }) });
    const report = await verifyBundle(folderAt(directory));
    const said = report.findings.map(({ where, reason }) => `${where}: ${reason}`).join('\n');
    expect(report.verdict, said).toBe('refused');
    expect(said).toMatch(words);
    if (!isForScript(LIES.findIndex(([one]) => one === name))) return;
    const script = await runScript(directory);
    expect(script.output).toMatch(/verdict: refused/);
    expect(script.code).toBe(1);
  });
});

describe('truthful records', () => {
  const expectVerdict = async (verdict: string): Promise<void> => {
    const report = await verifyBundle(folderAt(directory));
    expect({ verdict: report.verdict, findings: report.findings }).toEqual({ verdict, findings: [] });
    expect((await runScript(directory)).output).toContain(`verdict: ${verdict}`);
  };

  it('two sessions, somebody enrolled, somebody late, somebody replaced, a clock that went back', async () => {
    await makeLife({});
    await expectVerdict('consistent');
  });

  it('is verified by the key of an approver of both sessions, and not by that of the first alone', async () => {
    const { people } = await makeLife({
      planText: (text) => text.replace('position: approvers, count: 2', 'position: approvers, count: 1'),
      secondApprovers: ['zeno'],
    });
    for (const [id, verdict] of [
      ['zeno', 'verified'],
      ['vera', 'refused'],
    ] as const) {
      const key = people.get(id)?.spki ?? '';
      expect((await verifyBundle(folderAt(directory), { approverKeys: [key] })).verdict).toBe(verdict);
      const { output } = await runScript('--approver', `${directory}/keys/${id}.pem`, directory);
      expect(output).toContain(`verdict: ${verdict}`);
    }
  });

  it('a pause is incomplete, before the next session is opened and while its files are written', async () => {
    let paused = false;
    const stop = new Error('stop');
    const made = makeLife({
      secondBinding: (text) => {
        paused = true;
        return text;
      },
      draft: (draft) => {
        if (paused && draft.type === 'ceremony.resumed') throw stop;
        return draft;
      },
    });
    await expect(made).rejects.toBe(stop);
    const folder = folderAt(directory);
    // New people's keys come right before the line that names them.
    await folder.remove('keys/nora.pem');
    const report = await verifyBundle(folder);
    expect({ verdict: report.verdict, findings: report.findings }).toEqual({ verdict: 'incomplete', findings: [] });
    expect(report.missing.map(({ reason }) => reason).join('\n')).toMatch(/paused under seal/);
    expect((await runScript(directory)).output).toContain('verdict: incomplete');
  });

  it('a clock more than a minute off, under an exception that was raised', async () => {
    let readingsSeen = false;
    await makeLife({
      clockSkews: { ada: 121_000, otto: 120_000, wanda: 119_000 },
      exceptedClock: true,
      draft: (draft) => {
        if (draft.type === 'fact.recorded' && draft.body.fact === 'clock.readings') readingsSeen = true;
        return draft;
      },
    });
    expect(readingsSeen).toBe(true);
    await expectVerdict('consistent');
  });

  it('the step after a pause is skipped before it', async () => {
    await makeLife({ skipAcrossPause: 'preflight-2' });
    await expectVerdict('consistent');
  });

  it('no file was brought, under an exception that was raised', async () => {
    await makeLife({ noFile: 'excepted' });
    await expectVerdict('consistent');
  });

  it('nobody read a clock, under an exception, or under the rules of version 0.1.0', { timeout: 240_000 }, async () => {
    const isReading = (draft: Draft): boolean => draft.type === 'fact.recorded' && draft.body.fact === 'clock.readings';
    await makeLife({ exceptedClock: true, ...without(isReading) });
    await expectVerdict('consistent');
    await removeDirectory(directory);
    directory = await temporaryDirectory();
    await makeLife({
      noFile: 'silent',
      draft: (draft) => {
        if (draft.type !== 'ceremony.opened') return isReading(draft) ? null : draft;
        const { rules, ...body } = draft.body;
        return rules === undefined ? draft : { ...draft, body };
      },
    });
    await expectVerdict('consistent');
  });
});

function makeLife(variation: Variation): ReturnType<typeof makeBundle> {
  return makeBundle(folderAt(directory), { realLife: true, ...variation });
}
