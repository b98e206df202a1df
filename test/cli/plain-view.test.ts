import { describe, expect, it } from 'vitest';
import { PlainView } from '../../src/cli/plain-view.ts';

function view(): { written: () => string; plain: PlainView } {
  const pieces: string[] = [];
  const plain = new PlainView({
    write: (text) => {
      pieces.push(String(text));
      return true;
    },
  });
  return { written: () => pieces.join(''), plain };
}

describe('what is awaited, without a terminal', () => {
  it('is said once, however often the search takes turns', () => {
    const { plain, written } = view();
    for (let turn = 0; turn < 3; turn += 1) {
      plain.wait('looking for a server');
      plain.wait('waiting for the sender', 'since 0:05');
    }
    expect(written()).toBe('looking for a server\nwaiting for the sender (since 0:05)\n');
  });

  it('is said again when something has happened, and it was not what was awaited last', () => {
    const { plain, written } = view();
    const heard = () =>
      written()
        .split('\n')
        .filter((line) => line.startsWith('waiting')).length;
    plain.wait('waiting for the sender');
    plain.line('a path is there');
    plain.wait('waiting for the sender');
    expect(heard()).toBe(1);
    plain.wait('starting');
    plain.line('the sender has left');
    plain.wait('waiting for the sender');
    expect(heard()).toBe(2);
    plain.hide();
    plain.wait('waiting for the sender');
    expect(heard()).toBe(3);
  });
});
