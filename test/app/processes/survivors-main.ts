/** Ends what a ceremony left behind, as whoever runs this: prints the process ids as JSON, or the code of the error. */
import { DeviceError } from '../../../ceremony/command/device-error';
import { endSurvivors } from '../../../workstation/survivors';

endSurvivors(process.argv[2] ?? '').then(
  (ended) => {
    process.stdout.write(JSON.stringify(ended));
  },
  (error: unknown) => {
    process.stdout.write(JSON.stringify(error instanceof DeviceError ? error.code : String(error)));
  },
);
