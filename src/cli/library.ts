import type { DiagnoseOptions, Diagnosis } from '../client/api/diagnosis.ts';
import type {
  ReceiveOptions,
  RunningServer,
  SendOptions,
  ServeOptions,
} from '../client/api/options.ts';
import type { ResumeOptions } from '../client/api/resume-options.ts';
import type { Transfer } from '../client/api/transfer-handle.ts';
import type { UnfinishedTransfers } from '../client/api/unfinished-transfers.ts';

/** What the command line uses of the library: its public functions and nothing else. */
export interface Library {
  send(options: SendOptions): Transfer;
  receive(options: ReceiveOptions): Transfer;
  serve(options?: ServeOptions): Promise<RunningServer>;
  unfinished(stateFolder: string): Promise<UnfinishedTransfers>;
  resume(options: ResumeOptions): Transfer;
  forget(options: { readonly stateFolder: string; readonly id: string }): Promise<void>;
  diagnose(options?: DiagnoseOptions): Promise<Diagnosis>;
}
