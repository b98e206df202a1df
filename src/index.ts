/**
 * p2pshare as a library: `send` and `receive` start a transfer and hand back its events and
 * result, `serve` runs a rendezvous server and relay, `diagnose` says how this machine is
 * connected. Everything else is private.
 */

export type {
  Advice,
  DiagnoseOptions,
  Diagnosis,
  EndpointDiagnosis,
  Expectation,
  Filtering,
  Ipv6Support,
  Mapping,
  MappingName,
  NatDiagnosis,
  PairDiagnosis,
  PathPrediction,
  PeerCode,
  PeerKind,
  PortAllocation,
  RoundTripDiagnosis,
  ServerDiagnosis,
  SideDiagnosis,
  StreamDiagnosis,
  TcpAnswer,
  UdpAnswer,
} from './client/api/diagnosis.ts';
export type {
  CodeEvent,
  CurrentEntry,
  DoneEvent,
  ErrorEvent,
  FileEvent,
  FileStatus,
  OfferEvent,
  OmittedEvent,
  PathEvent,
  PathKind,
  PathVia,
  PeerEvent,
  ProgressEvent,
  ReceiverEvent,
  StallCause,
  StatusEvent,
  TextEvent,
  TicketEvent,
  TransferEvent,
  TransferPhase,
} from './client/api/events.ts';
export type {
  CertificateFiles,
  CommonOptions,
  ConflictPolicy,
  CongestionName,
  Decision,
  Offer,
  ReceiveOptions,
  RoutePolicy,
  RunningServer,
  SendOptions,
  ServeOptions,
  ServerEvent,
  SymlinkPolicy,
  Verify,
} from './client/api/options.ts';
export type { ResumeOptions } from './client/api/resume-options.ts';
export type { Transfer, TransferResult } from './client/api/transfer-handle.ts';
export type {
  IgnoredFile,
  UnfinishedTransfer,
  UnfinishedTransfers,
} from './client/api/unfinished-transfers.ts';
export { diagnose } from './client/diagnose.ts';
export { forget } from './client/forget.ts';
export { receive } from './client/receive.ts';
export { resume } from './client/resume.ts';
export { send } from './client/send.ts';
export { unfinished } from './client/unfinished.ts';
export { type ErrorCode, P2PShareError } from './protocol/errors.ts';
export { serve } from './server/serve.ts';
