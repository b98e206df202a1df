import type { Diagnosis, PeerCode } from '../../client/api/diagnosis.ts';
import { display } from '../../protocol/display.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { requireCode } from '../errors/code-problem.ts';
import { UsageError } from '../errors/usage-error.ts';
import { doctorReport } from '../report/doctor-report.ts';
import { jsonLine } from '../report/json-events.ts';
import { pickViews } from '../report/pick-view.ts';
import type { Manual } from '../settings/manual.ts';
import { commandFor } from '../words/receive-command.ts';
import { type CommandContext, command } from './command.ts';
import { CAUSES_FLAG, SERVER_FLAG } from './flags.ts';
import { namedServers } from './transfer-options.ts';

const MANUAL: Manual = {
  name: 'doctor',
  operands: [
    {
      name: 'CODE',
      many: true,
      optional: true,
      describe: 'What `doctor --with-peer` printed on another machine: the way to it is tried',
    },
  ],
  summary: 'Say how this machine is connected, and what to expect of that',
  about: [
    'Finds out whether the server is reached by UDP and by TCP, what the NATs on the way do, and which kinds of peers will be reached directly; then it says what could be done about the rest. No file is sent.',
    'The report holds the addresses of this machine: look at it before you show it to others.',
  ],
  groups: [
    {
      title: 'Whom it asks',
      flags: {
        server: SERVER_FLAG,
        'with-peer': {
          type: 'boolean',
          perRun: true,
          describe: 'Print a code for `doctor` on another machine, and try the way to it',
        },
      },
    },
    {
      title: 'Output',
      flags: {
        json: { type: 'boolean', describe: 'Print the diagnosis on stdout as one JSON object' },
        verbose: CAUSES_FLAG,
      },
    },
  ],
  examples: [
    { command: 'p2pshare doctor --server HOST', what: 'What to expect from here' },
    { command: 'p2pshare doctor --server HOST --with-peer', what: 'The way between two machines' },
  ],
};

/** Columns for the servers that are asked. */
const SERVER_COLUMNS = 200;

interface DoctorArguments {
  readonly CODE: readonly string[] | undefined;
  readonly 'with-peer': boolean | undefined;
  readonly server: readonly string[] | undefined;
  readonly json: boolean | undefined;
}

/** `p2pshare doctor` */
export const DOCTOR = command<DoctorArguments>(MANUAL, diagnose);

async function diagnose(args: DoctorArguments, context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const servers = namedServers(args.server);
  const view = args.json ? undefined : pickViews(terminal).all;
  const peer = peerOf(args, servers, (code) => {
    if (args.json) terminal.stdout.write(jsonLine({ event: 'code', code }));
    else view?.line(`on the other machine, run: ${commandFor('doctor', code, servers)}`);
  });
  if (servers.length > 0) view?.wait(`asking ${display(servers.join(', '), SERVER_COLUMNS)}`);
  try {
    const library = await context.library();
    const diagnosis = await library.diagnose({ servers, signal, ...(peer && { peer }) });
    view?.hide();
    const { stdout } = terminal;
    if (args.json) stdout.write(jsonLine({ event: 'diagnosis', ...diagnosis }));
    else stdout.write(doctorReport(diagnosis));
    failWithoutServer(diagnosis);
  } finally {
    view?.hide();
  }
}

/** Whom to try the way to, if to anybody. */
function peerOf(
  args: DoctorArguments,
  servers: readonly string[],
  onCode: (code: string) => void,
): PeerCode | undefined {
  const { CODE = [], 'with-peer': offers = false } = args;
  if (CODE.length === 0 && !offers) return undefined;
  if (servers.length === 0) {
    throw new UsageError('two machines meet at a server', 'name one with --server HOST');
  }
  if (offers && CODE.length > 0) {
    throw new UsageError('--with-peer makes a code, and takes none', 'leave one of them out');
  }
  if (offers) return { onCode };
  const code = CODE.join(' ');
  requireCode(code);
  return { code };
}

/** Scripts are told by the exit code whether transfers can work. */
function failWithoutServer({ servers, pair }: Diagnosis): void {
  // Who has met a peer there has reached it, if only by TCP.
  if (pair !== null) return;
  const answers = servers.flatMap(({ endpoints }) => endpoints.map(({ udp }) => udp));
  const isReached = answers.includes('answered') || servers.some(({ stream }) => stream.works);
  if (servers.length === 0 || isReached) return;
  const isOther = answers.includes('other-version');
  throw new P2PShareError(
    isOther ? 'P2P_VERSION_MISMATCH' : 'P2P_SERVER_UNREACHABLE',
    isOther ? 'no server of this version' : 'no server answered',
  );
}
