/** Entry of a module worker under Node: one process per PKCS#11 module. */
import { MODULE_OPERATIONS } from './contract';
import { nodePersonLink, nodeServerPort, PERSON_LINK_FD } from './node-port';
import { serve } from './serve';
import { moduleHandlers } from './unit/operations';

serve(MODULE_OPERATIONS, moduleHandlers(), nodeServerPort(), (events) => nodePersonLink(PERSON_LINK_FD, events));
