import { describe, expect, it } from 'vitest';
import { stateFolder } from '../../../src/cli/settings/state-folder.ts';

describe('unfinished transfers are remembered', () => {
  it('in the state folder that the user names', () => {
    const env = { XDG_STATE_HOME: '/var/me', HOME: '/home/me' };
    expect(stateFolder(env, 'linux')).toBe('/var/me/p2pshare');
  });

  it.each([undefined, '', 'relative/path'])('in the usual one with %j for a name', (name) => {
    const env = { XDG_STATE_HOME: name, HOME: '/home/me' };
    expect(stateFolder(env, 'darwin')).toBe('/home/me/.local/state/p2pshare');
  });

  it('nowhere without a home', () => {
    expect(stateFolder({}, 'linux')).toBeUndefined();
    expect(stateFolder({ HOME: '' }, 'linux')).toBeUndefined();
    expect(stateFolder({ HOME: '/home/me' }, 'win32')).toBeUndefined();
  });
});
