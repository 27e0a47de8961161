/**
 * Entry of the share process: a child of the command line or a utility process of the app. `--transport` says that it
 * will re-wrap one key, not hold a set.
 */
import { connection } from '../connection';
import { SHARE_OPERATIONS } from '../contract';
import { serve } from '../serve';
import { shareHandlers } from './handlers';

const { port, makeLink } = connection();
serve(SHARE_OPERATIONS, shareHandlers({ transport: process.argv.includes('--transport') }), port, makeLink);
