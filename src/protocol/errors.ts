/**
 * Every way in which a transfer can end badly. The list is closed: the text and the hint that a
 * person sees are made from these codes in one place (`cli/errors/messages.ts`), and so is the exit code.
 */
export const ERROR_CODES = [
  'P2P_USAGE',
  'P2P_CODE_INVALID',
  'P2P_CODE_UNKNOWN',
  'P2P_CODE_USED',
  'P2P_CODE_EXPIRED',
  'P2P_CODE_MISMATCH',
  'P2P_CODE_BURNT',
  'P2P_NOT_VERIFIED',
  'P2P_DECLINED',
  'P2P_CANCELLED',
  'P2P_SERVER_UNREACHABLE',
  'P2P_PEER_UNREACHABLE',
  'P2P_TIMEOUT',
  'P2P_INTERRUPTED',
  'P2P_INTEGRITY',
  'P2P_SOURCE_MISSING',
  'P2P_SOURCE_UNREADABLE',
  'P2P_SOURCE_CHANGED',
  'P2P_NAME_REFUSED',
  'P2P_TARGET_EXISTS',
  'P2P_TARGET_UNWRITABLE',
  'P2P_DISK_FULL',
  'P2P_LOCAL_IO',
  'P2P_STATE_UNSAFE',
  'P2P_VERSION_MISMATCH',
  'P2P_SENDER_OUTDATED',
  'P2P_RECEIVER_OUTDATED',
  'P2P_SERVER_OUTDATED',
  'P2P_SERVER_BUSY',
  'P2P_PROTOCOL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

interface Space {
  readonly neededBytes: number;
  readonly freeBytes: number;
}

/** The one error class of the project. `message` is for logs; people see `cli/errors/messages.ts`. */
export class P2PShareError extends Error {
  readonly code: ErrorCode;
  /** Of a transfer that can go on: the id by which `resume` knows it. */
  readonly ticket: string | undefined;
  /** The local path that it is about, raw; where there is more than one to choose from. */
  readonly path: string | undefined;
  /** `peer`: it was met at the other side, which told us of it. */
  readonly by: 'peer' | undefined;

  /** Of a destination that is too small: how many bytes it would take, and may. */
  readonly space: Space | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & {
      readonly ticket?: string;
      readonly path?: string;
      readonly by?: 'peer' | undefined;
      readonly space?: Space | undefined;
    } = {},
  ) {
    super(message, options);
    this.name = 'P2PShareError';
    this.code = code;
    this.ticket = options.ticket;
    this.path = options.path;
    this.by = options.by;
    this.space = options.space;
  }
}
