/** Hashes and patterns: hex in groups of four, and the PGP words for reading aloud, two below each group. */
import './hash.scss';
import { hexGroups } from '../../ceremony/words';

/** A hash on a line of its own or in a table: groups of four hex digits, which may wrap between two groups. */
export function Hash({ hex }: { readonly hex: string }) {
  return <span className="hash mono">{hexGroups(hex)}</span>;
}

/**
 * A hash to be read aloud and compared: rows of four groups, numbered, each group above its two words. A group is two
 * bytes, and so are its words: whoever reads one reads the other.
 *
 * @param props.label what it is the hash of, such as `Hash of the plan`
 * @param props.hex 64 hex digits
 * @param props.words the PGP words of the same bytes, separated by spaces; empty where there are none
 */
export function ReadAloud({
  label,
  hex,
  words,
}: {
  readonly label: string;
  readonly hex: string;
  readonly words: string;
}) {
  const groups = hexGroups(hex).split(' ');
  const said = words === '' ? [] : words.split(/\s+/);
  const rows = Array.from({ length: Math.ceil(groups.length / 4) }, (_, row) => groups.slice(row * 4, row * 4 + 4));
  return (
    <table className="read-aloud" aria-label={`${label}, to be read aloud`}>
      <tbody>
        {rows.map((row, place) => (
          <tr key={place}>
            <th scope="row">
              <span className="visually-hidden">Row </span>
              {place + 1}
            </th>
            {row.map((group, column) => (
              <td key={column}>
                <span className="read-aloud__hex mono">{group}</span>{' '}
                <span className="read-aloud__words">
                  {said.slice((place * 4 + column) * 2, (place * 4 + column) * 2 + 2).join(' ')}
                </span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
