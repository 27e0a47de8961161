/** The share process of the command line: a forked child. `--transport` says that it will re-wrap one key, not hold a set. */
import { SHARE_OPERATIONS } from '../contract';
import { nodePersonLink, nodeServerPort, PERSON_LINK_FD } from '../node-port';
import { serve } from '../serve';
import { shareHandlers } from './handlers';

serve(
  SHARE_OPERATIONS,
  shareHandlers({ transport: process.argv.includes('--transport') }),
  nodeServerPort(),
  (events) => nodePersonLink(PERSON_LINK_FD, events),
);
