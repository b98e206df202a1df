import { describe, expect, it } from 'vitest';
import { commandFor } from '../../../src/cli/words/receive-command.ts';

describe('receiveCommand', () => {
  it('is as short as can be without a server', () => {
    expect(commandFor('receive', '7-a-b-c', [])).toBe('p2pshare receive 7-a-b-c');
  });

  it('survives a shell, whatever the sender named as a server', () => {
    expect(commandFor('receive', '7-a-b-c', ['[::1]:1', "x'; rm -rf ~ #"])).toBe(
      "p2pshare receive --server '[::1]:1' --server 'x'\\''; rm -rf ~ #' 7-a-b-c",
    );
  });
});
