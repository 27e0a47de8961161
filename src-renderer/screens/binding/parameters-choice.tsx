/** To which wrapping key a rehearsal wraps: that of a parameters file, or a throw-away one. */
import { ActionButton } from '../../components/action-button';
import { act } from '../../store';

/** What is chosen, and how to change it. */
export function ParametersChoice({ file }: { readonly file: string | null }) {
  return (
    <section className="binding__parameters" aria-labelledby="parameters">
      <h3 id="parameters">Wrapping key</h3>
      {file === null ? (
        <p>A throw-away wrapping key, made for this rehearsal: no real service can unwrap what is exported.</p>
      ) : (
        <p>
          The wrapping parameters of <span className="mono breakable">{file}</span>
        </p>
      )}
      <div className="binding__buttons">
        <ActionButton small onAct={() => void act('binding.choose-parameters', {})}>
          {file === null ? 'Use a wrapping parameters file …' : 'Use another file …'}
        </ActionButton>
        {file === null ? null : (
          <ActionButton small weight="quiet" onAct={() => void act('binding.forget-parameters', {})}>
            Use a throw-away wrapping key
          </ActionButton>
        )}
      </div>
    </section>
  );
}
