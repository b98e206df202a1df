import type { Argv } from 'yargs';
import type { Diagnosis } from '../../client/diagnosis.ts';
import { display } from '../../protocol/display.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { doctorReport } from '../doctor-report.ts';
import { jsonLine } from '../json-events.ts';
import { pickView } from '../pick-view.ts';
import type { Command, CommandContext } from './command.ts';
import { TRANSFER_FLAGS } from './flags.ts';
import { namedServers } from './transfer-options.ts';

const DOCTOR_FLAGS = {
  server: TRANSFER_FLAGS.server,
  json: { type: 'boolean', describe: 'Print the diagnosis on stdout as one JSON object' },
  verbose: { alias: 'v', type: 'boolean', describe: 'Print causes of errors too' },
} as const;

/** Columns for the servers that are asked. */
const SERVER_COLUMNS = 200;

interface DoctorArguments {
  readonly server: readonly string[] | undefined;
  readonly json: boolean | undefined;
}

/** `p2pshare doctor` */
export function addDoctor(yargs: Argv, choose: (command: Command) => void): Argv {
  return yargs.command(
    'doctor',
    'Say how this machine is connected, and what to expect of that',
    (command) => command.options(DOCTOR_FLAGS),
    (args) => choose((context) => diagnose(args, context)),
  );
}

async function diagnose(args: DoctorArguments, context: CommandContext): Promise<void> {
  const { terminal, library, signal } = context;
  const servers = namedServers(args.server, terminal);
  const view = args.json ? undefined : pickView(terminal);
  if (servers.length > 0) view?.wait(`asking ${display(servers.join(', '), SERVER_COLUMNS)}`);
  try {
    const diagnosis = await library.diagnose({ servers, signal });
    view?.hide();
    const { stdout } = terminal;
    if (args.json) stdout.write(jsonLine({ event: 'diagnosis', ...diagnosis }));
    else stdout.write(doctorReport(diagnosis));
    failWithoutServer(diagnosis);
  } finally {
    view?.hide();
  }
}

/** Scripts are told by the exit code whether transfers can work. */
function failWithoutServer({ servers }: Diagnosis): void {
  const answers = servers.flatMap(({ endpoints }) => endpoints.map(({ udp }) => udp));
  if (servers.length === 0 || answers.includes('answered')) return;
  const isOther = answers.includes('other-version');
  throw new P2PShareError(
    isOther ? 'P2P_VERSION_MISMATCH' : 'P2P_SERVER_UNREACHABLE',
    isOther ? 'no server of this version' : 'no server answered',
  );
}
