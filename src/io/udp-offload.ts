import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import { addressBytes } from '../protocol/wire/endpoint.ts';

/**
 * UDP segmentation and receive offload (Linux `UDP_SEGMENT`, `UDP_GRO`) for plain `dgram`: the
 * socket is made and bound through the C library, and `dgram` adopts its descriptor. That is public
 * API on both sides, where reaching into a `dgram` socket for its descriptor is not.
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
  /** Only for a socket that no one else has adopted yet. */
  close(): void;
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
    return undefined; // koffi is an optional dependency: without it, plain dgram does the work.
  }
}

interface SystemCalls {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  close(fd: number): number;
  errno(): number;
}

async function systemCalls(): Promise<SystemCalls> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    setsockopt: libc.func(
      'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
    ),
    bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
    close: libc.func('int close(int fd)'),
    errno: () => koffi.errno(),
  };
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
  return {
    fd,
    setSegmentSize: (bytes) => setOption(calls, fd, SOL_UDP, UDP_SEGMENT, bytes),
    setDontFragment: (on) => setOption(calls, fd, level, mtuDiscover, on ? PMTU_PROBE : PMTU_WANT),
    setReuseAddress: (on) => setOption(calls, fd, SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0),
    close: () => calls.close(fd),
  };
}

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

/** `struct sockaddr_in` or `sockaddr_in6`: the family in host order, the rest in network order. */
function socketAddress(family: 'udp4' | 'udp6', address: string, port: number): Uint8Array {
  const bytes = Buffer.alloc(family === 'udp4' ? 16 : 28);
  if (endianness() === 'LE') bytes.writeUInt16LE(AF[family], 0);
  else bytes.writeUInt16BE(AF[family], 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(addressBytes(address), family === 'udp4' ? 4 : 8);
  return bytes;
}

function systemError(call: string, errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${call} ${code}`), { code, errno: -errno, syscall: call });
}

// Linux numbers, the same on every architecture that koffi and Node are built for.
const AF = { udp4: 2, udp6: 10 };
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
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
