/** Places for what is typed in a component, zeroed when it goes. */
import { useEffect, useState } from 'react';
import { TypedBytes } from './typed-bytes';

/** The same `count` places of `capacity` bytes for as long as the component is there. */
export function useTyped(count: number, capacity: number): readonly TypedBytes[] {
  const [places] = useState(() => Array.from({ length: count }, () => new TypedBytes(capacity)));
  useEffect(
    () => () => {
      // SECURITY(K-73): what was typed goes with the field it was typed in.
      for (const place of places) place.clear();
    },
    [places],
  );
  return places;
}
