import type { Terminal } from '../terminal/terminal.ts';
import { writeText } from '../terminal/write-text.ts';
import { HumanReporter, type HumanReporterOptions } from './human-reporter.ts';
import { jsonLine } from './json-events.ts';
import { pickViews } from './pick-view.ts';
import type { Reporter } from './reporter.ts';
import { SeveralReporter } from './several-reporter.ts';

export interface ReporterOptions extends HumanReporterOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether there may be several receivers; false when absent. */
  readonly several?: boolean;
}

export function reporterFor(terminal: Terminal, options: ReporterOptions): Reporter {
  if (options.json) return jsonReporter(terminal);
  if (options.quiet) return quietReporter(terminal);
  const views = pickViews(terminal);
  if (options.several) return new SeveralReporter(terminal, views, options);
  return new HumanReporter(terminal, views.all, options);
}

function jsonReporter({ stdout }: Terminal): Reporter {
  return {
    report: (event) => {
      stdout.write(jsonLine(event));
    },
    note: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
}

/** All that a script needs of a sender is the code, and of a receiver the text, if it is one that came. */
function quietReporter({ stdout }: Terminal): Reporter {
  return {
    report: (event) => {
      if (event.event === 'code') stdout.write(`${event.code}\n`);
      if (event.event === 'text') writeText(event.text, stdout);
    },
    note: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
}
