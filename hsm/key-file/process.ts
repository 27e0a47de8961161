/** Entry of the key-file process: it signs with keys of participants that are in files, and loads no PKCS#11 module. */
import { connection } from '../connection';
import { KEY_FILE_OPERATIONS } from '../contract';
import { serve } from '../serve';
import { keyFileHandlers } from './handlers';

const { port, makeLink } = connection();
serve(KEY_FILE_OPERATIONS, keyFileHandlers(), port, makeLink);
