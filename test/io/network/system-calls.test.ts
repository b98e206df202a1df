import { expect, it, vi } from 'vitest';
import { systemCalls } from '../../../src/io/network/system-calls.ts';

const declared = vi.hoisted(() => [] as string[]);
vi.mock('koffi', () => ({
  default: { load: () => ({ func: (declaration: string) => declared.push(declaration) }) },
}));

// With `int64_t` a failure was 12884901887 on 32-bit ARM, and so a success.
it.each(['sendto', 'recvfrom'])(
  'the result of %s is as wide as the machine has it',
  async (name) => {
    await systemCalls();
    const [result] = declared.find((one) => one.includes(` ${name}(`))?.split(' ') ?? [];
    expect(result).toBe('long');
  },
);
