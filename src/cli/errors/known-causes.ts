import type { ErrorCode, P2PShareError } from '../../protocol/errors.ts';
import { causeChain } from './cause-chain.ts';

/** What is known of a failure beyond its code. */
export interface KnownCause {
  readonly text: string;
  readonly hint: string;
}

const UNTRUSTED: KnownCause = {
  text: "this machine does not trust the server's certificate",
  hint: 'if it is the one that you expect, name the certificate that vouches for it in NODE_EXTRA_CA_CERTS',
};
const WRONG_TIME: KnownCause = {
  text: "the server's certificate is not valid at the time that this machine has",
  hint: 'check the clock of this machine, and with whoever runs the server how long its certificate is good for',
};
/** Without an address nobody was asked, and nothing was in the way. */
const NAME_UNKNOWN: KnownCause = {
  text: 'the address of the rendezvous server cannot be found',
  hint: 'check the name given with --server, and that this machine is online',
};
const NO_WAY: KnownCause = {
  text: 'this machine has no way to the rendezvous server',
  hint: 'check that it is online, and whether a firewall keeps it in',
};
const NOT_ALLOWED: KnownCause = {
  text: 'the system does not allow it',
  hint: 'check the permissions of the file, of its folder, and of the disk',
};
const TOO_MANY_FILES: KnownCause = {
  text: 'too many files are open',
  hint: 'allow more (ulimit -n), or close what else is running',
};

const RENAME = 'rename it, or leave it out with --exclude';
const RENAME_OR_ENCODE =
  'rename it, have it renamed on the way with --encode-names, or leave it out with --exclude';
const FORBIDDEN: KnownCause = {
  text: 'a name has a character that not every system takes',
  hint: RENAME_OR_ENCODE,
};

/** By the code of the error and that of its cause (errno(3), the codes of Node's TLS, what is wrong with a name). */
const KNOWN: Partial<Readonly<Record<ErrorCode, Readonly<Record<string, KnownCause>>>>> = {
  P2P_SERVER_UNREACHABLE: {
    ECONNREFUSED: {
      text: 'the rendezvous server refuses connections on that port',
      hint: 'check the port given with --server, that p2pshare server runs there, and that no firewall is in between; UDP got no answer either',
    },
    ENOTFOUND: NAME_UNKNOWN,
    EAI_AGAIN: NAME_UNKNOWN,
    EAI_FAIL: NAME_UNKNOWN,
    ENETUNREACH: NO_WAY,
    EHOSTUNREACH: NO_WAY,
    ENETDOWN: NO_WAY,
    CERT_HAS_EXPIRED: WRONG_TIME,
    CERT_NOT_YET_VALID: WRONG_TIME,
    DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
    SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
    UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
    UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
    ERR_TLS_CERT_ALTNAME_INVALID: {
      text: "the server's certificate is for another name",
      hint: 'put the name that it is for behind wss://',
    },
  },
  P2P_NAME_REFUSED: {
    empty: { text: 'the root folder has no name to be sent under', hint: 'name what is in it' },
    separator: FORBIDDEN,
    'reserved character': FORBIDDEN,
    'invisible character': {
      text: 'a name has a character that cannot be seen',
      hint: RENAME_OR_ENCODE,
    },
    'trailing dot or space': { text: 'a name ends in a dot or a blank', hint: RENAME_OR_ENCODE },
    'device name': { text: 'a name is that of a device on Windows', hint: RENAME_OR_ENCODE },
    'reserved by p2pshare': {
      text: 'a name is like those of unfinished transfers',
      hint: RENAME_OR_ENCODE,
    },
    'not unicode': { text: 'a name is no text in UTF-8', hint: RENAME },
    'too long': { text: 'a name is too long for other systems', hint: RENAME },
    ENAMETOOLONG: { text: 'a path is longer than this system takes', hint: RENAME },
    'path too long': { text: 'a path is too long for other systems', hint: RENAME },
    'same name': {
      text: 'two of what is to be sent have the same name',
      hint: 'rename one of them, or send it by itself',
    },
    'same name in another case': {
      text: 'two names in a folder are the same but for their case, or how they are composed',
      hint: 'rename one of them, or leave it out with --exclude',
    },
  },
  P2P_SOURCE_UNREADABLE: {
    EACCES: {
      text: 'it may not be read by this user',
      hint: 'change its permissions, or leave it out with --exclude',
    },
    'size unknown': {
      text: 'the system makes up what is in it as it is read, and says that it is empty',
      hint: 'send what is in it now: cat FILE | p2pshare send - --name NAME',
    },
    'too many files': {
      text: 'there are more than a million files and folders in it',
      hint: 'send it in parts, or as an archive: tar c FOLDER | p2pshare send - --name NAME.tar',
    },
  },
  P2P_DISK_FULL: {
    EFBIG: {
      text: 'a file is larger than the destination takes',
      hint: 'choose another place with --out: FAT takes no file of 4 GiB, and ulimit -f may set a limit',
    },
  },
  P2P_LOCAL_IO: {
    EIO: {
      text: 'the disk reports an error',
      hint: 'look at the log of the system, and do not trust this disk before you have',
    },
    EROFS: {
      text: 'the file system is read-only',
      hint: 'name another place, or have it mounted so that it can be written',
    },
    ENOSPC: {
      text: 'there is no space left for what is written',
      hint: 'make room, or have it written somewhere else',
    },
    EACCES: NOT_ALLOWED,
    EPERM: NOT_ALLOWED,
    ENOMEM: {
      text: 'this process gets no more memory, or no addresses for it',
      hint: 'allow more (ulimit -v); with NODE_OPTIONS=--disable-wasm-trap-handler it needs fewer addresses',
    },
    EMFILE: TOO_MANY_FILES,
    ENFILE: TOO_MANY_FILES,
    ESTALE: {
      text: 'the network drive has lost the file',
      hint: 'check the connection to the drive, and run the command again',
    },
  },
};

/** What is known of this error, from whatever caused it in the end. */
export function knownCause(error: P2PShareError): KnownCause | undefined {
  const known = KNOWN[error.code];
  if (known === undefined) return undefined;
  for (const cause of causeChain(error.cause)) {
    const code = 'code' in cause ? String(cause.code) : '';
    if (Object.hasOwn(known, code)) return known[code];
  }
  return undefined;
}
