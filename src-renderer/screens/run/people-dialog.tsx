/** Somebody leaves, comes, is replaced or signs paper: said at any moment, carried out at the next safe point. */
import { useId, useState, type ReactNode } from 'react';
import { Select, SelectItem, TextArea, TextInput } from '../../components/carbon';
import { roleWord } from '../../components/words';
import type { PersonView, RunView } from '../../../ipc/view';
import { act, ask } from '../../store';
import { DialogBox } from './dialog-box';

type Kind = RunView['changes'][number]['kind'];

const KINDS: readonly Kind[] = ['left', 'late', 'replaced', 'paper'];
const KIND_WORDS: Readonly<Record<Kind, string>> = {
  left: 'Somebody leaves, or did not come',
  late: 'Somebody came late, or is back',
  replaced: 'An alternate takes somebody’s place',
  paper: 'Somebody without a token signed paper',
};
const MEANS: Readonly<Record<Kind, string>> = {
  left: 'They do nothing and sign nothing until they prove presence again.',
  late: 'They prove presence with their own key, at a secret window.',
  replaced: 'The alternate is bound to the same position, and proves presence first where that was not done.',
  paper: 'The scan is attached by its hash. It is evidence, and never counts as a signature.',
};
/** Longest texts of the contract, in UTF-16 code units. */
const LONGEST = { prose: 4000, name: 200 } as const;

const NOTHING = { participant: '', by: '', reason: '', name: '', role: '' } as const;
type Draft = Readonly<Record<keyof typeof NOTHING, string>>;

/** The dialog. What was typed stays until it is taken. */
export function PeopleDialog({
  run,
  open,
  onClose,
}: {
  readonly run: RunView;
  readonly open: boolean;
  readonly onClose: () => void;
}): ReactNode {
  const id = useId();
  const [kind, setKind] = useState<Kind>('left');
  const [draft, setDraft] = useState<Draft>(NOTHING);
  const [tried, setTried] = useState(false);
  const choices = choicesOf(run.people, kind);
  const participant = choices.find((one) => one.id === draft.participant) ?? choices[0];
  const alternates = alternatesOf(run.people, participant);
  const by = alternates.find((one) => one.id === draft.by) ?? alternates[0];
  const nobody = nobodyWords(kind, participant, by);
  const fields = fieldsOf(kind);
  const change = (name: keyof Draft, value: string): void => setDraft({ ...draft, [name]: value });
  const send = async (): Promise<void> => {
    const missing = fields.find(({ name }) => draft[name].trim() === '');
    setTried(missing !== undefined);
    if (missing !== undefined) document.getElementById(`${id}-${missing.name}`)?.focus();
    if (missing !== undefined || nobody !== null) return;
    if (!(await said(kind, { ...draft, participant: participant?.id ?? '', by: by?.id ?? '' }))) return;
    setDraft(NOTHING);
    onClose();
  };
  return (
    <DialogBox
      open={open}
      heading="Somebody comes or goes"
      yes={kind === 'paper' ? 'Choose the scan…' : 'Put it on record'}
      no="Back"
      onNo={onClose}
      onYes={send}
    >
      <Select
        id={`${id}-kind`}
        labelText="What happened"
        value={kind}
        onChange={(event) => {
          const chosen = KINDS.find((one) => one === event.target.value);
          if (chosen !== undefined) setKind(chosen);
          setTried(false);
        }}
      >
        {KINDS.map((one) => (
          <SelectItem key={one} value={one} text={KIND_WORDS[one]} />
        ))}
      </Select>
      <p>{MEANS[kind]}</p>
      {nobody === null ? null : <p role="status">{nobody}</p>}
      {kind === 'paper' || participant === undefined ? null : (
        <div className="run-dialog__row">
          <PersonSelect
            id={`${id}-participant`}
            label={kind === 'replaced' ? 'Whose place' : 'Who'}
            people={choices}
            value={participant.id}
            onChange={(value) => change('participant', value)}
          />
          {kind !== 'replaced' || by === undefined ? null : (
            <PersonSelect
              id={`${id}-by`}
              label="The alternate"
              people={alternates}
              value={by.id}
              onChange={(value) => change('by', value)}
            />
          )}
        </div>
      )}
      {fields.map(({ name, label, missing }) => {
        const field = {
          id: `${id}-${name}`,
          labelText: label,
          value: draft[name],
          invalid: tried && draft[name].trim() === '',
          invalidText: missing,
        };
        return name === 'reason' ? (
          <TextArea
            key={name}
            {...field}
            rows={2}
            maxLength={LONGEST.prose}
            onChange={(event) => change(name, event.target.value)}
          />
        ) : (
          <TextInput
            key={name}
            {...field}
            maxLength={LONGEST.name}
            onChange={(event) => change(name, event.target.value)}
          />
        );
      })}
      <p>It goes on record at the next safe point; until then it stands under People as waiting.</p>
    </DialogBox>
  );
}

function PersonSelect({
  id,
  label,
  people,
  value,
  onChange,
}: {
  readonly id: string;
  readonly label: string;
  readonly people: readonly PersonView[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}): ReactNode {
  return (
    <Select id={id} labelText={label} value={value} onChange={(event) => onChange(event.target.value)}>
      {people.map((one) => (
        <SelectItem key={one.id} value={one.id} text={`${one.name}, ${one.roles.map(roleWord).join(', ')}`} />
      ))}
    </Select>
  );
}

/** Asks main; true when it was taken. */
async function said(kind: Kind, { participant, by, reason, name, role }: Draft): Promise<boolean> {
  switch (kind) {
    case 'late':
      return act('run.change-people', { kind, participant });
    case 'left':
      return act('run.change-people', { kind, participant, reason });
    case 'replaced':
      return act('run.change-people', { kind, participant, by, reason });
    case 'paper':
      return (await ask('run.paper-signature', { name, role })) === true;
  }
}

function choicesOf(people: readonly PersonView[], kind: Kind): readonly PersonView[] {
  const attending = people.filter(({ attends }) => attends);
  switch (kind) {
    case 'late':
      return attending.filter(({ present }) => !present);
    case 'left':
      return attending.filter(({ left }) => !left);
    case 'replaced':
      return attending.filter((one) => alternatesOf(people, one).length > 0);
    case 'paper':
      return [];
  }
}

function alternatesOf(people: readonly PersonView[], participant: PersonView | undefined): readonly PersonView[] {
  return people.filter(({ id, position }) => position === participant?.position && id !== participant.id);
}

function nobodyWords(kind: Kind, participant: PersonView | undefined, by: PersonView | undefined): string | null {
  if (kind === 'late' && participant === undefined) return 'Everybody who takes part is present.';
  if (kind === 'left' && participant === undefined) return 'Everybody is away already.';
  if (kind === 'replaced' && by === undefined) return 'Nobody else is bound to the position of anybody here.';
  return null;
}

const REASON = { name: 'reason', label: 'Why', missing: 'Say why' } as const;
const SIGNED = [
  { name: 'name', label: 'Name of whoever signed', missing: 'Say who signed' },
  { name: 'role', label: 'What they are here as', missing: 'Say what they are here as' },
] as const;

function fieldsOf(
  kind: Kind,
): readonly { readonly name: keyof Draft; readonly label: string; readonly missing: string }[] {
  if (kind === 'paper') return SIGNED;
  return kind === 'late' ? [] : [REASON];
}
