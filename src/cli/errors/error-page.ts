import { ERROR_CODES, type ErrorCode, P2PShareError } from '../../protocol/errors.ts';
import { exitCodeOf } from './exit-code.ts';
import { MESSAGES, messageFor } from './messages.ts';

/** What has happened, in more words than fit a line. */
const MEANINGS: Readonly<Record<ErrorCode, string>> = {
  P2P_USAGE:
    'The command line, the environment, the configuration file, or an option of the library says something that cannot be meant. Nothing was done; the message says which part it is.',
  P2P_CODE_INVALID:
    'What was given is not of the form of a code, or one of its words is not in the list that codes are made of. Nobody was asked, so that no attempt is lost.',
  P2P_CODE_UNKNOWN:
    'The server, or the local network, knows of nobody who waits under this number: it was mistyped, the sender has ended, or the two sides are not at the same server.',
  P2P_CODE_USED:
    'Somebody has proved that they know the code, and has been served. To everybody else it is used up; whoever it was can go on with the same code.',
  P2P_CODE_EXPIRED:
    'The server has kept the place for as long as it keeps any, or the transfer is more than a day old.',
  P2P_CODE_MISMATCH:
    'The two sides have not proved the same words to each other: one was mistyped, or somebody between them tried to guess. No side learns from it what the other one has.',
  P2P_CODE_BURNT:
    'Three attempts with other words were made at this code, so that no fourth one is allowed: guessing must not pay.',
  P2P_NOT_VERIFIED:
    'A person has said that the words of --verify are not the same on both sides, or did not say that they are. Nothing was offered or sent.',
  P2P_DECLINED: 'The receiver did not accept what was offered. Nothing was sent or written.',
  P2P_CANCELLED: 'One of the two sides was told to stop before everything was there.',
  P2P_SERVER_UNREACHABLE:
    'None of the servers that are named could be spoken to, by UDP or by a WebSocket over TCP.',
  P2P_PEER_UNREACHABLE:
    'The other side was met, but no path to it could be found, and the relay was not allowed, not there, or not reached.',
  P2P_TIMEOUT: 'Nobody came, or the one who came did not answer, for as long as was to be waited.',
  P2P_INTERRUPTED:
    'Nothing has been heard of the other side for ten minutes, or it has ended without a word. What has come is kept where that is possible.',
  P2P_INTEGRITY:
    'What has arrived, or what was read again from the disk, has another checksum than what was sent. It was not given its name.',
  P2P_SOURCE_MISSING: 'Something that was to be sent is not there.',
  P2P_SOURCE_UNREADABLE:
    'Something that was to be sent is there, but the system does not let it be read, or makes up what is in it as it is read, as with files of `/proc`.',
  P2P_SOURCE_CHANGED:
    'A file is shorter, longer or newer than when it was offered, so that what arrives would be neither the old nor the new one. Where the sender had died in its last moment, the old one has arrived.',
  P2P_NAME_REFUSED:
    'A name cannot be written everywhere, is hidden, or would lead out of the folder. Names of the sender are never trusted.',
  P2P_TARGET_EXISTS: 'Something has the name already, and nobody has said what to do about it.',
  P2P_TARGET_UNWRITABLE:
    'The folder is not there, or the system does not let this user write into it.',
  P2P_DISK_FULL:
    'There is no room, or no quota, for what is to come. What has come is kept where that is possible.',
  P2P_LOCAL_IO: 'The system has failed to read or write for another reason, such as a broken disk.',
  P2P_STATE_UNSAFE:
    'The folder that holds the secrets of unfinished transfers can be read or changed by others, and so nothing in it is believed.',
  P2P_VERSION_MISMATCH:
    'The two sides, or one of them and the server, have no version of the protocol in common.',
  P2P_SENDER_OUTDATED:
    'The sender speaks only older versions of the protocol than the receiver, or than the server.',
  P2P_RECEIVER_OUTDATED:
    'The receiver speaks only older versions of the protocol than the sender, or than the server; or what is offered is of a kind that came later.',
  P2P_SERVER_OUTDATED: 'The server speaks only older versions of its protocol than this side.',
  P2P_SERVER_BUSY:
    'The server has as many places as it gives, or let this address begin nothing new for two minutes; or no direct path worked, and it relays as many transfers as it does.',
  P2P_PROTOCOL:
    'The other side, or a part of p2pshare, has done what it should never do. A bug, or somebody who tries something.',
};

const ROLES = ['sender', 'receiver'] as const;

/** `P2P_TIMEOUT` for what a person makes of it, in any case. */
export function errorNamed(name: string): ErrorCode | undefined {
  return ERROR_CODES.find((code) => code === name.toUpperCase());
}

/** All there is to say about an error, in paragraphs: what happened, what it means, what to do. */
export function errorPage(code: ErrorCode): string[] {
  const error = new P2PShareError(code, code);
  const { text } = MESSAGES[code];
  const [first = '', second] = new Set(ROLES.map((role) => messageFor(error, role).hint));
  return [
    `${text.charAt(0).toUpperCase()}${text.slice(1)} (exit code ${exitCodeOf(error)}).`,
    MEANINGS[code],
    ...(second === undefined
      ? [`What to do: ${first}.`]
      : [`What the sender can do: ${first}.`, `What the receiver can do: ${second}.`]),
  ];
}
