/** The one error that devices and the processes around them give to the engine. */

/** What a {@link DeviceError} says. */
export interface DeviceTrouble {
  /** `CKR_...`, `WORKER_CRASHED`, `WORKER_HUNG`, `MODULE_CHANGED`, `UNIT_CHANGED`, `SHARE_WRONG`, `PERSON_REFUSED`, ... */
  readonly code: string;
  /** What happened, to which unit. */
  readonly message: string;
  /** What was and what was not changed. */
  readonly changed: string;
  /** What to do next. */
  readonly next: string;
  /** True when the device may have acted although no answer came: it must be read again. */
  readonly uncertain: boolean;
}

/** A device or process did not do what it was asked. Never holds a secret. */
export class DeviceError extends Error implements DeviceTrouble {
  override readonly name = 'DeviceError';
  readonly code: string;
  readonly changed: string;
  readonly next: string;
  readonly uncertain: boolean;

  constructor(trouble: DeviceTrouble) {
    super(trouble.message);
    this.code = trouble.code;
    this.changed = trouble.changed;
    this.next = trouble.next;
    this.uncertain = trouble.uncertain;
  }
}
