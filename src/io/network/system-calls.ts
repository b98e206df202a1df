/** The calls of the C library that Node has no way to make, by `koffi`. All return at once. */
export interface SystemCalls {
  socket(domain: number, type: number, protocol: number): number;
  setsockopt(fd: number, level: number, name: number, value: Int32Array, length: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  sendto(
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: number,
  ): number;
  recvfrom(
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    address: Uint8Array,
    addressLength: Uint32Array,
  ): number;
  close(fd: number): number;
  /** Of the last call that failed. */
  errno(): number;
}

/** Rejects where there is no koffi, which is an optional dependency, or no such C library. */
export async function systemCalls(): Promise<SystemCalls> {
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  // `ssize_t` is `long` on Linux: of 32 bits where the machine has 32, and a failure is -1 only then.
  return {
    socket: libc.func('int socket(int domain, int type, int protocol)'),
    setsockopt: libc.func(
      'int setsockopt(int fd, int level, int name, const void *value, uint32_t length)',
    ),
    bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
    sendto: libc.func(
      'long sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t address_length)',
    ),
    recvfrom: libc.func(
      'long recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *address_length)',
    ),
    close: libc.func('int close(int fd)'),
    errno: () => koffi.errno(),
  };
}
