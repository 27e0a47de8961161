/**
 * Handles of slots and objects as opaque values: only this folder can open one, and none outlives the initialisation of
 * the module that it came from (a stale handle may name another object by then).
 */

/** Base of both kinds of handle. */
abstract class Handle {
  readonly #bytes: Buffer;
  readonly #generation: number;

  constructor(bytes: Buffer, generation: number) {
    if (!Buffer.isBuffer(bytes) || bytes.length !== 8) throw new TypeError('handle: expected a Buffer of 8 bytes');
    this.#bytes = bytes;
    this.#generation = generation;
  }

  /**
   * The bytes of a handle, for a call in this folder.
   *
   * @throws TypeError for something that is no handle, RangeError for one from before the module was initialised again
   */
  static open(handle: Handle, generation: number): Buffer {
    if (!(#bytes in handle)) throw new TypeError('handle: expected one of ours');
    if (handle.#generation !== generation)
      throw new RangeError('handle: it is from before the module was initialised again');
    return handle.#bytes;
  }

  /** Whether two handles are the same number of the same initialisation. */
  static same(left: Handle, right: Handle): boolean {
    return left.#generation === right.#generation && left.#bytes.equals(right.#bytes);
  }
}

/** A slot with a token in it. */
export class SlotHandle extends Handle {}

/** An object on a token or of a session. */
export class ObjectHandle extends Handle {}

/** See {@link Handle.open}. */
export const openHandle = (handle: SlotHandle | ObjectHandle, generation: number): Buffer =>
  Handle.open(handle, generation);

/** See {@link Handle.same}. */
export const sameHandle = (left: SlotHandle, right: SlotHandle): boolean => Handle.same(left, right);
