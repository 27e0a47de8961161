/** A share, or shares together, that SLIP-39 does not allow. The message goes to main: it tells of places, never of words. */
export class Slip39Refused extends Error {
  override readonly name = 'Slip39Refused';
}
