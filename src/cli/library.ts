import type { DiagnoseOptions, Diagnosis } from '../client/diagnosis.ts';
import type {
  ReceiveOptions,
  RunningServer,
  SendOptions,
  ServeOptions,
} from '../client/options.ts';
import type { Transfer } from '../client/transfer-handle.ts';

/** What the command line uses of the library: its public functions and nothing else. */
export interface Library {
  send(options: SendOptions): Transfer;
  receive(options: ReceiveOptions): Transfer;
  serve(options?: ServeOptions): Promise<RunningServer>;
  diagnose(options?: DiagnoseOptions): Promise<Diagnosis>;
}
