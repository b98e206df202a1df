/** Whether libraries of the system may be called: on Linux, unless `P2PSHARE_NO_NATIVE=1`. */
export function mayCallLibraries(): boolean {
  const { P2PSHARE_NO_NATIVE } = process.env;
  return process.platform === 'linux' && P2PSHARE_NO_NATIVE !== '1';
}

/** Something that a library has made for `owner`, freed once nobody has that any more. */
export function ownedBy<T extends object>(
  owner: object,
  made: T | null,
  free: (made: T) => void,
): T {
  if (made === null) throw new Error('unreachable: a library has no memory');
  freeing.register(owner, () => free(made));
  return made;
}

const freeing = new FinalizationRegistry<() => void>((free) => free());
