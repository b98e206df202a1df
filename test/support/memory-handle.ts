import type { FileStat, OpenFile, OpenFolder } from '../../src/io/files/file-system.ts';
import { type File, type Folder, type Lacks, statOf, systemError } from './memory-node.ts';

/** What open files and folders need of the file system that they are in. */
export interface Process {
  /** Bytes that can still be written. */
  freeBytes: number;
  readonly lacks: Lacks;
  /** Counts a call of an open file or folder; rejects where that is to fail. */
  callOf(fd: number, name: string): Promise<void>;
  close(fd: number): Promise<void>;
  /** The names in a folder are durable. */
  folderSynced(folder: Folder): void;
}

export class MemoryHandle<T extends File | Folder> implements OpenFolder {
  protected readonly process: Process;
  readonly fd: number;
  protected readonly node: T;

  constructor(process: Process, fd: number, node: T) {
    this.process = process;
    this.fd = fd;
    this.node = node;
  }

  async stat(): Promise<FileStat> {
    await this.process.callOf(this.fd, 'stat');
    return statOf(this.node, this.process.lacks);
  }

  async sync(): Promise<void> {
    await this.process.callOf(this.fd, this.node.kind === 'folder' ? 'syncFolder' : 'sync');
    if (this.node.kind === 'file') this.node.durable = this.node.bytes.slice();
    else {
      this.node.durable = new Map(this.node.names);
      this.process.folderSynced(this.node);
    }
  }

  async chmod(mode: number): Promise<void> {
    await this.process.callOf(this.fd, 'chmod');
    if (this.node.kind === 'file') this.node.mode = mode;
  }

  async utimes(_accessed: number, modified: number): Promise<void> {
    await this.process.callOf(this.fd, 'utimes');
    if (this.node.kind === 'file') this.node.mtime = modified;
  }

  async close(): Promise<void> {
    await this.process.close(this.fd);
  }
}

export class MemoryFile extends MemoryHandle<File> implements OpenFile {
  async writev(buffers: readonly Uint8Array[], position: number): Promise<number> {
    await this.process.callOf(this.fd, 'writev');
    const bytes = Buffer.concat(buffers);
    const end = position + bytes.length;
    const grown = Math.max(0, end - this.node.bytes.length);
    if (grown > this.process.freeBytes) throw systemError('ENOSPC');
    this.process.freeBytes -= grown;
    const written = new Uint8Array(this.node.bytes.length + grown);
    written.set(this.node.bytes);
    written.set(bytes, position);
    this.node.bytes = written;
    return bytes.length;
  }

  async truncate(length: number): Promise<void> {
    await this.process.callOf(this.fd, 'truncate');
    const bytes = new Uint8Array(length);
    bytes.set(this.node.bytes.subarray(0, length));
    this.node.bytes = bytes;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    await this.process.callOf(this.fd, 'read');
    const bytes = this.node.bytes.subarray(position, position + into.length);
    into.set(bytes);
    return bytes.length;
  }

  async datasync(): Promise<void> {
    await this.sync();
  }
}
