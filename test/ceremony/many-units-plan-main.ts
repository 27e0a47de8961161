/** For `npm run bench`: writes the plan of a ceremony with so many units; `node PROGRAM FILE COUNT`. */
import { writeManyUnitsPlan } from './small-plans';

const [file = '', count = ''] = process.argv.slice(2);
writeManyUnitsPlan(file, Number(count));
