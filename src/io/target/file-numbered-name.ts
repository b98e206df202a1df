import { MAX_NAME_BYTES } from '../../protocol/transfer/entries/entry-name.ts';

/** `photo.jpg` as `photo (1).jpg`, `src.tar.gz` as `src (1).tar.gz`, cut to what a name may take. */
export function numberedName(name: string, number: number): string {
  const { stem, extension } = split(name);
  const suffix = ` (${number})${extension}`;
  return `${cut(stem, MAX_NAME_BYTES - Buffer.byteLength(suffix))}${suffix}`;
}

/** A leading dot begins no extension, and a very long extension is none. */
function split(name: string): { stem: string; extension: string } {
  const extension = /(?<=.)(?:\.tar)?\.[^.]{1,32}$/u.exec(name)?.[0] ?? '';
  return { stem: name.slice(0, name.length - extension.length), extension };
}

function cut(text: string, bytes: number): string {
  const characters = [...text];
  while (Buffer.byteLength(characters.join('')) > bytes) characters.pop();
  return characters.join('');
}
