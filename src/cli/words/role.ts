/** Which side of a transfer this process is. */
export type Role = 'sender' | 'receiver';
