/** The forms "printed" and "pdf" of a share: a sheet with words or rows and a QR code, made where the share is. */
import type { ArgsOf, ResultOf, SHARE_OPERATIONS } from '../../contract';
import type { SetInHand } from '../set-in-hand';
import { writePage } from './page-writer';
import { sendToPrinter } from './printer-device';
import { shareFileName, type ShareMedia } from './share-medium';
import { layOutSheet } from './share-sheet';

/**
 * Prints a share on a USB printer, or writes its sheet as a PDF to a medium. It is typed back from the sheet like one that was
 * copied by hand.
 *
 * @returns the name of the file on the medium; null where it was printed
 * @throws DeviceError as `SetInHand.handOver`, `sendToPrinter` and `ShareMedia.write`
 */
export async function printShare(
  set: SetInHand,
  media: ShareMedia,
  { index, custodian, to }: ArgsOf<typeof SHARE_OPERATIONS, 'share.print'>,
): Promise<ResultOf<typeof SHARE_OPERATIONS, 'share.print'>> {
  return set.handOver(index, custodian, async (name, sheet) => {
    const page = writePage(layOutSheet(sheet), to.kind === 'printer' ? to.language : 'pdf');
    try {
      if (to.kind === 'printer') {
        await sendToPrinter(to.path, page);
        return { file: null };
      }
      const file = shareFileName(name, 'pdf');
      media.write(to.medium, file, page);
      return { file };
    } finally {
      page.fill(0);
    }
  });
}
