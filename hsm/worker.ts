/** Entry of a module worker: one process per PKCS#11 module, a child of the command line or a utility process of the app. */
import { connection } from './connection';
import { MODULE_OPERATIONS } from './contract';
import { serve } from './serve';
import { moduleHandlers } from './unit/operations';

const { port, makeLink } = connection();
serve(MODULE_OPERATIONS, moduleHandlers(), port, makeLink);
