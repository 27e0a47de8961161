/** The binding: which people, modules, tokens and media stand for the names of the plan on the day. */
import type { ScreenView } from '../../../ipc/view';
import { BindingChoice } from './binding-choice';
import { BindingMade } from './binding-made';

/** First the choice of a way, then what it led to. */
export function BindingScreen({ screen }: { readonly screen: Extract<ScreenView, { kind: 'binding' }> }) {
  const { plan, people, parametersFile, binding, session = null } = screen;
  if (binding === null) {
    return <BindingChoice key={plan.sha256} plan={plan} people={people} parametersFile={parametersFile} />;
  }
  return <BindingMade key={binding.sha256} plan={plan} binding={binding} session={session} />;
}
