import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';

/** A command line that makes no sense. Here `message` is what the person sees. */
export class UsageError extends P2PShareError {
  readonly hint: string | undefined;

  constructor(
    message: string,
    hint?: string,
    code: ErrorCode = 'P2P_USAGE',
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.hint = hint;
  }
}
