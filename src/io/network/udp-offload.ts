import { getSystemErrorName } from 'node:util';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';
import { AF, SOCKET_ADDRESS_BYTES, SocketAddresses, socketAddress } from './socket-address.ts';
import { type SystemCalls, systemCalls } from './system-calls.ts';

/**
 * UDP segmentation and receive offload (Linux `UDP_SEGMENT`, `UDP_GRO`) for plain `dgram`: the
 * socket is made and bound through the C library, and `dgram` adopts its descriptor. That is public
 * API on both sides, where reaching into a `dgram` socket for its descriptor is not.
 *
 * `dgram` then waits for what comes. What can be had and sent without waiting goes past it: a
 * request, a buffer, an address in words and a callback for each batch are more work than the batch
 * (docs/performance.md).
 */
export interface UdpOffload {
  /** Creates and binds a socket with receive offload on. Throws an error with a `code`. */
  open(request: BindRequest): KernelSocket;
}

export interface BindRequest {
  readonly family: 'udp4' | 'udp6';
  /** Numeric, without a zone. */
  readonly address: string;
  readonly port: number;
  readonly reuseAddress: boolean;
  /** Wanted for each of the two socket buffers; the system may grant less. */
  readonly bufferBytes: number;
}

/** A socket below `dgram`. The setters say whether the kernel agreed. */
export interface KernelSocket {
  readonly fd: number;
  /** Sends of more bytes than this are cut into datagrams of this size; 0 turns cutting off. */
  setSegmentSize(bytes: number): boolean;
  /** Whether datagrams too large for the path are refused instead of fragmented (RFC 8899 §3, 3). */
  setDontFragment(on: boolean): boolean;
  setReuseAddress(on: boolean): boolean;
  /**
   * Sends a datagram, or a batch that is to be cut, unless it has to wait or needs more than this
   * knows how to say: then it is for `dgram`, `later`. Anything else is the system's error code.
   */
  send(bytes: Uint8Array, remote: Endpoint): SendOutcome;
  /** What has come, if anything has; valid until the next call on any socket. */
  receive(): Arrival | undefined;
  /** Only for a socket that no one else has adopted yet. */
  close(): void;
}

export type SendOutcome = 'sent' | 'later' | (string & {});

/** A datagram, or several of one sender and one size. */
export interface Arrival {
  readonly batch: Uint8Array;
  readonly remote: Endpoint;
}

/** The offload of this machine, or `undefined` where there is none or `P2PSHARE_NO_GSO=1` is set. */
export async function udpOffload(): Promise<UdpOffload | undefined> {
  const { P2PSHARE_NO_GSO } = process.env;
  if (process.platform !== 'linux' || P2PSHARE_NO_GSO === '1') return undefined;
  probed ??= probe();
  return await probed;
}

let probed: Promise<UdpOffload | undefined> | undefined;

async function probe(): Promise<UdpOffload | undefined> {
  try {
    const calls = await systemCalls();
    const fd = calls.socket(AF.udp4, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const works = setOption(calls, fd, SOL_UDP, UDP_SEGMENT, 1200);
    calls.close(fd);
    return works ? { open: (request) => open(calls, request) } : undefined;
  } catch {
    return undefined; // without koffi, plain dgram does the work.
  }
}

function open(calls: SystemCalls, request: BindRequest): KernelSocket {
  const { family, address, port, reuseAddress, bufferBytes } = request;
  const fd = calls.socket(AF[family], SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw systemError('socket', calls.errno());
  if (reuseAddress) setOption(calls, fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (family === 'udp6') setOption(calls, fd, SOL_IPV6, IPV6_V6ONLY, 1);
  setOption(calls, fd, SOL_UDP, UDP_GRO, 1);
  growBuffer(calls, fd, SO_RCVBUFFORCE, SO_RCVBUF, bufferBytes);
  growBuffer(calls, fd, SO_SNDBUFFORCE, SO_SNDBUF, bufferBytes);
  const name = socketAddress(family, address, port);
  if (calls.bind(fd, name, name.length) < 0) {
    const error = systemError('bind', calls.errno());
    calls.close(fd);
    throw error;
  }
  return kernelSocket(calls, fd, family);
}

function kernelSocket(calls: SystemCalls, fd: number, family: 'udp4' | 'udp6'): KernelSocket {
  const [level, mtuDiscover] = MTU_DISCOVER[family];
  const addresses = new SocketAddresses(family);
  return {
    fd,
    setSegmentSize: (bytes) => setOption(calls, fd, SOL_UDP, UDP_SEGMENT, bytes),
    setDontFragment: (on) => setOption(calls, fd, level, mtuDiscover, on ? PMTU_PROBE : PMTU_WANT),
    setReuseAddress: (on) => setOption(calls, fd, SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0),
    send: (bytes, remote) => {
      const address = addresses.bytesOf(remote);
      if (address === undefined) return 'later';
      const sent = calls.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, address, address.length);
      if (sent >= 0) return 'sent';
      const code = getSystemErrorName(-calls.errno());
      return code === 'EAGAIN' || code === 'ENOBUFS' ? 'later' : code;
    },
    receive: () => {
      remoteLength[0] = SOCKET_ADDRESS_BYTES;
      const length = calls.recvfrom(
        fd,
        inbox,
        inbox.length,
        MSG_DONTWAIT,
        remoteName,
        remoteLength,
      );
      if (length < 0) return undefined;
      return { batch: inbox.subarray(0, length), remote: addresses.endpointOf(remoteName) };
    },
    close: () => calls.close(fd),
  };
}

/** One for all sockets, so that it stays in the processor's cache; longer than any datagram or batch. */
const inbox = new Uint8Array(65_536);
const remoteName = new Uint8Array(SOCKET_ADDRESS_BYTES);
const remoteLength = new Uint32Array(1);

// The FORCE options pass the limits of net.core.*mem_max, but only for CAP_NET_ADMIN.
function growBuffer(calls: SystemCalls, fd: number, force: number, plain: number, bytes: number) {
  if (!setOption(calls, fd, SOL_SOCKET, force, bytes)) {
    setOption(calls, fd, SOL_SOCKET, plain, bytes);
  }
}

const optionValue = new Int32Array(1);

function setOption(calls: SystemCalls, fd: number, level: number, name: number, value: number) {
  optionValue[0] = value;
  return calls.setsockopt(fd, level, name, optionValue, 4) === 0;
}

function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${call} ${code}`), { code, errno: -errno, syscall: call });
}

// Linux numbers, the same on every architecture that koffi and Node are built for.
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_DONTWAIT = 0x40;
const SOL_SOCKET = 1;
const SOL_UDP = 17;
const SOL_IPV6 = 41;
const SO_REUSEADDR = 2;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPV6_V6ONLY = 26;
const UDP_SEGMENT = 103;
const UDP_GRO = 104;
/** Level and name of `IP_MTU_DISCOVER` and `IPV6_MTU_DISCOVER`. */
const MTU_DISCOVER = { udp4: [0, 10], udp6: [SOL_IPV6, 23] } as const;
const PMTU_WANT = 1;
const PMTU_PROBE = 3;
