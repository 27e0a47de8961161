/**
 * Entry of the page of a secret window: one question to one person, past main. It runs as little as it can (no Carbon
 * scripts, no store), since it is the one page that holds secrets.
 */
import './styles/foundation.scss';
import './styles/secret.scss';
import { createRoot } from 'react-dom/client';
import { SECRET_WINDOW } from '../ipc/contract';
import { callerOf } from './bridge';
import { keepInside } from './secret/keep-inside';
import { PortInbox } from './secret/port-inbox';
import { SecretApp } from './secret/secret-app';
import { SecretExchange } from './secret/secret-exchange';

const place = document.getElementById('app');
if (place === null) throw new RangeError('page: expected an element #app, got none');

const inbox = new PortInbox(window);
keepInside(window);

const main = callerOf(SECRET_WINDOW, window.keyrite);
const exchange = new SecretExchange({
  context: () => main.invoke('secret.context', {}),
  finished: () => main.invoke('secret.finished', {}),
});
const root = createRoot(place);
root.render(<SecretApp exchange={exchange} />);
window.addEventListener('pagehide', () => {
  exchange.leave();
  root.unmount();
});
void exchange.begin(inbox);
