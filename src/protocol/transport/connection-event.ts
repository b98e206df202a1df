/** Close codes of the transport itself; the session above uses the numbers from 16 on. */
export const CloseCode = { none: 0, protocolViolation: 1 } as const;

export type ConnectionEvent =
  | { readonly kind: 'record'; readonly plaintext: Uint8Array }
  | { readonly kind: 'strict'; readonly active: boolean }
  | {
      readonly kind: 'closed';
      readonly by: 'self' | 'peer';
      readonly code: number;
      readonly reason: string;
    };
