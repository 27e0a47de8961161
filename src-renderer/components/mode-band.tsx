/** The mark of what is at stake: a band over the whole width, on every screen that shows a binding or a run. */
import './mode-band.scss';

/** `REHEARSAL`, striped and over the whole width; in production a plain `PRODUCTION`. */
export function ModeBand({ mode }: { readonly mode: 'rehearsal' | 'production' }) {
  return (
    <section className={`mode-band mode-band--${mode}`} aria-label={mode === 'rehearsal' ? 'Rehearsal' : 'Production'}>
      <strong className="mode-band__word">{mode === 'rehearsal' ? 'REHEARSAL' : 'PRODUCTION'}</strong>
      <span className="mode-band__meaning">
        {mode === 'rehearsal'
          ? 'What is made here can never pass as production'
          : 'Every act changes real crypto units and goes on record'}
      </span>
    </section>
  );
}
