import { display } from '../../protocol/display.ts';
import { type ErrorCode, P2PShareError } from '../../protocol/errors.ts';
import { formatBytes } from '../words/quantity.ts';
import type { Role } from '../words/role.ts';
import { knownCause } from './known-causes.ts';
import { UsageError } from './usage-error.ts';

/** What a person is told. Lower case, no full stop: it follows `p2pshare: error:`. */
export interface Message {
  readonly text: string;
  readonly hint: string;
}

/** Where only one of the two can do something, the other one is told what to ask for. */
interface SidedMessage {
  readonly text: string;
  readonly hint: string | Readonly<Record<Role, string>>;
  /** What is said instead at the side that was told of it, where both may meet it. */
  readonly far?: Message;
}

const NEW_CODE: Readonly<Record<Role, string>> = {
  sender: 'run p2pshare send again to get a new code',
  receiver: 'ask the sender for a new code',
};

const RETRY = 'nothing was left under the final name; run both commands again to retry';

/** For a local path: people copy it. */
const PATH_COLUMNS = 200;
/** For a whole sentence with a path in it. */
const USAGE_COLUMNS = 600;

const SAME_PLACE = 'both sides must be on one local network or name the same --server';

/** The only place for the words of errors. */
export const MESSAGES: Readonly<Record<ErrorCode, SidedMessage>> = {
  P2P_USAGE: {
    text: 'the command line makes no sense',
    hint: 'p2pshare --help shows what there is',
  },
  P2P_CODE_INVALID: {
    text: 'this is not a code',
    hint: 'a code is a number and three words, such as 4821-word-word-word; check for a typo',
  },
  P2P_CODE_UNKNOWN: {
    text: 'nobody is sending under this code',
    hint: `check the number at its start, and that the sender still waits; ${SAME_PLACE}`,
  },
  P2P_CODE_USED: {
    text: 'this code has already been used',
    hint: 'a code works once; if it was not you who used it, tell the sender',
  },
  P2P_CODE_EXPIRED: { text: 'this code has expired', hint: NEW_CODE },
  P2P_CODE_MISMATCH: {
    text: 'the code did not match',
    hint: 'check for a typo; if there is none, someone may be guessing: make a new code',
  },
  P2P_CODE_BURNT: {
    text: 'too many wrong codes were tried, so this one no longer works',
    hint: {
      sender: `${NEW_CODE.sender}, and tell it to nobody but the receiver`,
      receiver: NEW_CODE.receiver,
    },
  },
  P2P_NOT_VERIFIED: {
    text: 'the words were not the same on both sides',
    hint: 'nothing was sent; if nobody slipped, somebody is between you who knew the code: make a new one, and tell it another way',
  },
  P2P_DECLINED: {
    text: 'the offer was declined',
    hint: 'nothing was written; the sender can offer it again under a new code',
  },
  P2P_CANCELLED: {
    text: 'the transfer was cancelled',
    hint: RETRY,
    far: {
      text: 'the other side cancelled the transfer',
      hint: RETRY,
    },
  },
  P2P_SERVER_UNREACHABLE: {
    text: 'no rendezvous server answered',
    hint: 'check the name or address given with --server; neither UDP nor a WebSocket over TCP got through to it, which --verbose says more of',
  },
  P2P_PEER_UNREACHABLE: {
    text: 'no path to the other side worked',
    hint: 'without --direct-only and with a --server that relays, most networks work',
  },
  P2P_TIMEOUT: {
    text: 'the other side did not answer in time',
    hint: {
      sender: `tell the receiver the command with the code; ${SAME_PLACE}; --timeout waits longer`,
      receiver: `check the number of the code, and that the sender still waits; ${SAME_PLACE}; --timeout waits longer`,
    },
  },
  P2P_INTERRUPTED: {
    text: 'the connection was lost before the transfer was complete',
    hint: 'check both networks and run both commands again with a new code',
  },
  P2P_INTEGRITY: {
    text: 'what arrived is not what was sent',
    hint: 'nothing was written under the final name; check disk and memory, then try again',
  },
  P2P_SOURCE_MISSING: { text: 'there is no such file or folder', hint: 'check the path' },
  P2P_SOURCE_UNREADABLE: {
    text: 'it cannot be read',
    hint: {
      sender: 'check its permissions, and that it is a file or a folder and not a device',
      receiver: 'ask the sender to check it, and to send it again',
    },
  },
  P2P_SOURCE_CHANGED: {
    text: 'a file changed while it was being sent',
    hint: {
      sender:
        'send it again when nothing writes to it; in a folder, --skip-changed leaves such files out',
      receiver: 'ask the sender to send it again when nothing writes to it',
    },
  },
  P2P_NAME_REFUSED: {
    text: 'a name is not safe to write',
    hint: {
      sender:
        'rename it, have it renamed on the way with --encode-names, or leave it out with --exclude',
      receiver:
        'choose a name yourself with --out FILE, accept a hidden one with --allow-hidden, or ask the sender to rename it',
    },
  },
  P2P_TARGET_EXISTS: {
    text: 'the destination already exists',
    hint: {
      sender:
        'send it again; the receiver can add --on-conflict rename or overwrite, or another --out',
      receiver: 'nothing was changed; add --on-conflict rename or overwrite, or name another --out',
    },
  },
  P2P_TARGET_UNWRITABLE: {
    text: 'the destination cannot be written',
    hint: {
      sender: 'send it again when the receiver has another folder for it',
      receiver: 'check that the folder exists and is yours to write, or choose another with --out',
    },
  },
  P2P_DISK_FULL: {
    text: 'there is not enough space at the destination',
    hint: {
      sender: 'send it again when the receiver has made room for it',
      receiver: 'make room or choose another place with --out, and have it sent again',
    },
  },
  P2P_LOCAL_IO: {
    text: 'reading or writing failed',
    hint: '--verbose shows what the system said',
    far: {
      text: 'reading or writing failed at the other side',
      hint: 'what the system said is shown there, with --verbose',
    },
  },
  P2P_STATE_UNSAFE: {
    text: 'the folder for unfinished transfers is not yours alone',
    hint: 'give it to nobody but yourself (chmod 700), or name another one in XDG_STATE_HOME; --verbose says what is wrong with it',
  },
  P2P_VERSION_MISMATCH: {
    text: 'the other side speaks another version of the protocol',
    hint: 'bring p2pshare up to date on both machines and on the server',
  },
  P2P_SENDER_OUTDATED: {
    text: "the sender's p2pshare is too old for the others",
    hint: {
      sender: 'bring p2pshare up to date on this machine',
      receiver: 'ask the sender to bring p2pshare up to date',
    },
  },
  P2P_RECEIVER_OUTDATED: {
    text: "the receiver's p2pshare is too old for the others",
    hint: {
      sender: 'ask the receiver to bring p2pshare up to date',
      receiver: 'bring p2pshare up to date on this machine',
    },
  },
  P2P_SERVER_OUTDATED: {
    text: "the server's p2pshare is too old for this one",
    hint: 'bring it up to date if it is yours, or use another --server',
  },
  P2P_SERVER_BUSY: {
    text: 'the server has reached a limit',
    hint: 'wait a few minutes and try again, or use another --server; one of your own grants more with --per-address',
  },
  P2P_PROTOCOL: {
    text: 'something happened that p2pshare does not expect',
    hint: 'try again; if it comes back, please report it with what --verbose shows',
    far: {
      text: 'something happened at the other side that p2pshare does not expect',
      hint: 'try again; if it comes back, please report it with what --verbose shows there',
    },
  },
};

/**
 * The words for any error; what is no error of ours is a bug. Only sides of a transfer meet errors
 * with two hints.
 */
export function messageFor(error: unknown, role: Role = 'receiver'): Message {
  if (!(error instanceof P2PShareError)) return messageOf({ code: 'P2P_PROTOCOL' }, role);
  const { text, hint } = knownCause(error) ?? messageOf(error, role);
  const where = error.path === undefined ? '' : `: ${display(error.path, PATH_COLUMNS)}`;
  const room = roomOf(error);
  const message = { text: `${text}${where}${room}`, hint, ...howToGoOn(error, role) };
  // What is wrong with a command line is only known where it is read.
  // It may quote what was typed, or pasted from somewhere.
  if (error instanceof UsageError) {
    return {
      text: display(error.message, USAGE_COLUMNS),
      hint: display(error.hint ?? message.hint, USAGE_COLUMNS),
    };
  }
  return error.code === 'P2P_USAGE' ? { text: error.message, hint: message.hint } : message;
}

function roomOf({ space }: P2PShareError): string {
  if (space === undefined) return '';
  const [needed, free] = [space.neededBytes, space.freeBytes].map(formatBytes);
  return `: it takes ${needed}, and there is room for ${free}`;
}

/** Whoever can go on need not be told how to start over. */
function howToGoOn({ code, ticket }: P2PShareError, role: Role): Partial<Message> {
  if (ticket === undefined) return {};
  const resume = `p2pshare resume ${ticket}`;
  if (code === 'P2P_TARGET_EXISTS' && role === 'receiver') {
    return {
      hint: `what has come is kept for a day: run the same command again with --on-conflict rename or overwrite, or move what is in the way and run ${resume}; so must the other side, if it has not sent everything`,
    };
  }
  const how =
    code === 'P2P_SOURCE_CHANGED' && role === 'sender'
      ? 'run the same command again, with --skip-changed to leave out files in folders that change'
      : `run the same command again, or ${resume}`;
  return {
    hint: `the same code works for a day: ${how}; so must the other side, unless it still waits`,
  };
}

function messageOf(
  { code, by }: { readonly code: ErrorCode; readonly by?: 'peer' | undefined },
  role: Role,
): Message {
  const { text, hint, far } = MESSAGES[code];
  if (far !== undefined && by === 'peer') return far;
  return { text, hint: typeof hint === 'string' ? hint : hint[role] };
}
