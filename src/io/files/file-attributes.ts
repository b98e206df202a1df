import { errnoOf, isUnsupported } from './file-errors.ts';

/** What a file or a folder has beside its content. */
export interface Attributes {
  /** Permission bits. */
  readonly mode: number;
  /** Of its last change, in seconds since 1970. */
  readonly modified: number;
}

/** A file or a folder that is open. */
interface Opened {
  chmod(mode: number): Promise<void>;
  /** Both times in seconds since 1970. */
  utimes(accessed: number, modified: number): Promise<void>;
  sync(): Promise<void>;
}

/** Gives what is open its mode and time, as far as its file system keeps them. */
export async function setAttributes(
  opened: Pick<Opened, 'chmod' | 'utimes'>,
  { mode, modified }: Attributes,
): Promise<void> {
  await setMode(opened, mode);
  await opened.utimes(modified, modified).catch(unlessUnsupported);
}

/** The same for the mode alone. */
export async function setMode(opened: Pick<Opened, 'chmod'>, mode: number): Promise<void> {
  await opened.chmod(mode).catch(unlessUnsupported);
}

/** Makes the names in a folder durable; some network drives do that for files alone (fsync(2): EINVAL). */
export async function syncFolder(folder: Pick<Opened, 'sync'>): Promise<void> {
  await folder.sync().catch((error: unknown) => {
    if (errnoOf(error) !== 'EINVAL') unlessUnsupported(error);
  });
}

export function unlessUnsupported(error: unknown): void {
  if (!isUnsupported(error)) throw error;
}
