/** What a verifier brings along: without it, a bundle can only be consistent with itself. */
import { TextArea } from '../../components/carbon';
import { useState } from 'react';
import * as v from 'valibot';
import { Sha256Hex } from '../../../ceremony/text-forms';
import type { VerifyView } from '../../../ipc/view';
import { ActionButton } from '../../components/action-button';
import { Hash } from '../../components/hash';
import { Panel } from '../../components/panel';
import { counted } from '../../components/words';
import { act, ask } from '../../store';

/** A hash as people type or paste it: groups, line breaks and capitals are theirs. Null when nothing is given. */
export function typedHash(typed: string): { readonly hash: string | null } | { readonly problem: string } {
  const digits = typed.replace(/[\s:]/g, '').toLowerCase();
  if (digits === '') return { hash: null };
  if (/[^0-9a-f]/.test(digits)) return { problem: 'Only the digits 0 to 9 and the letters a to f' };
  if (!v.safeParse(Sha256Hex, digits).success)
    return { problem: `64 digits are needed; these are ${String(digits.length)}` };
  return { hash: digits };
}

/** The plan hash, the approvers' keys, and the choice of a bundle. `report`: of the open bundle; null: none is open. */
export function OutsideForm({ report }: { readonly report: VerifyView | null }) {
  const [typed, setTyped] = useState(report?.planHashFrom === 'person' ? (report.planHash ?? '') : '');
  // Before a bundle is open main tells of no keys: the form counts what it had main take.
  const [taken, setTaken] = useState(0);
  const keys = report?.approverKeys.length ?? taken;
  const given = typedHash(typed);
  const problem = 'problem' in given ? given.problem : null;
  const unavailable = problem === null ? null : 'Correct the hash of the plan, or clear it';
  const openFolder = () => 'hash' in given && ask('verify.open-folder', { planHash: given.hash });

  const addApprover = async () => {
    if ((await ask('verify.add-approver', {})) === true) setTaken((count) => count + 1);
  };
  const forget = async () => {
    if (await act('verify.forget-approvers', {})) setTaken(0);
  };

  return (
    <Panel title="What you bring along">
      <p className="quiet">
        Take both from a source that is not the bundle: the printed script, or the approver in person. Without either,
        the best verdict is “consistent”.
      </p>
      <TextArea
        id="plan-hash"
        className="verify__hash"
        labelText="Hash of the plan, if you have it"
        helperText="64 hex digits; spaces do not matter"
        value={typed}
        maxLength={200}
        rows={3}
        autoComplete="off"
        spellCheck={false}
        invalid={problem !== null}
        invalidText={problem ?? ''}
        onChange={(event) => setTyped(event.target.value)}
      />
      <div className="verify__keys">
        <p role="status">
          {keys === 0 ? 'No approver’s key was taken' : `${counted(keys, 'approver’s key', 'approvers’ keys')} taken`}
        </p>
        {report === null ? null : (
          <ul className="verify__key-list">
            {report.approverKeys.map((sha256) => (
              <li key={sha256}>
                <Hash hex={sha256} />
              </li>
            ))}
          </ul>
        )}
        <ActionButton small onAct={() => void addApprover()}>
          Take an approver’s public key …
        </ActionButton>
        {keys === 0 ? null : (
          <ActionButton small weight="quiet" onAct={() => void forget()}>
            Forget the keys taken
          </ActionButton>
        )}
      </div>
      <div className="verify__ways">
        {report === null ? (
          <ActionButton weight="primary" unavailable={unavailable} onAct={openFolder}>
            Choose the folder of a bundle …
          </ActionButton>
        ) : (
          <>
            <ActionButton
              weight="primary"
              unavailable={unavailable}
              onAct={() => 'hash' in given && act('verify.again', { planHash: given.hash })}
            >
              Verify again
            </ActionButton>
            <ActionButton onAct={openFolder}>Choose another bundle …</ActionButton>
          </>
        )}
      </div>
    </Panel>
  );
}
