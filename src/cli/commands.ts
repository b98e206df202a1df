import { BENCH } from './commands/bench.ts';
import { CLEAN } from './commands/clean.ts';
import type { Command } from './commands/command.ts';
import { COMPLETION } from './commands/completion.ts';
import { CONFIG } from './commands/config.ts';
import { DOCTOR } from './commands/doctor.ts';
import { RECEIVE } from './commands/receive.ts';
import { RESUME } from './commands/resume.ts';
import { SEND } from './commands/send.ts';
import { SERVER } from './commands/server.ts';
import { STATUS } from './commands/status.ts';

/** In the order in which help lists them. */
export const COMMANDS: readonly Command[] = [
  SEND,
  RECEIVE,
  STATUS,
  RESUME,
  CLEAN,
  SERVER,
  DOCTOR,
  BENCH,
  CONFIG,
  COMPLETION,
];
