import type { Reporter } from '../report/reporter.ts';
import { copyText } from '../terminal/clipboard.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { commandFor } from '../words/receive-command.ts';
import { writeCode } from './code-file.ts';

/** In which other ways the code goes to the receiver. */
export interface CodeSharing {
  readonly qr: boolean;
  readonly copy: boolean;
  readonly codeFile: string | undefined;
}

const COPIED = {
  copied: 'the command is on the clipboard',
  asked: 'the terminal was asked to put the command on the clipboard',
} as const;

/** A reporter that hands the code on as well. */
export interface SharingReporter extends Reporter {
  /** When the codes so far have been handed on. */
  settled(): Promise<void>;
}

/** `onFailure` is told what must not be overlooked. */
export function sharingCode(
  reporter: Reporter,
  { qr, copy, codeFile }: CodeSharing,
  parts: {
    readonly terminal: Terminal;
    readonly servers: readonly string[];
    readonly onFailure: (error: unknown) => void;
  },
): SharingReporter {
  const { terminal, servers, onFailure } = parts;
  let done: Promise<void> = Promise.resolve();
  const share = async (code: string) => {
    if (codeFile !== undefined) await writeCode(codeFile, code);
    const command = commandFor('receive', code, servers);
    if (qr) reporter.note(await picture(command));
    if (!copy) return;
    const how = await copyText(command, terminal);
    reporter.note(how === undefined ? 'there is no clipboard here' : COPIED[how]);
  };
  return {
    report: (event) => {
      reporter.report(event);
      if (event.event !== 'code') return;
      done = done.then(() => share(event.code)).catch(onFailure);
    },
    note: (text) => reporter.note(text),
    pause: () => reporter.pause(),
    resume: () => reporter.resume(),
    settled: () => done,
  };
}

async function picture(text: string): Promise<string> {
  const { renderUnicodeCompact } = await import('uqr');
  // Dark terminals show it inverted, which cameras read as well.
  return `${renderUnicodeCompact(text, { border: 2 })}\n`;
}
