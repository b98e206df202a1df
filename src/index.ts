/**
 * p2pshare as a library: `send` and `receive` start a transfer and hand back its events and
 * result, `serve` runs a rendezvous server and relay, `diagnose` says how this machine is
 * connected. Everything else is private.
 */
export { diagnose } from './client/diagnose.ts';
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
} from './client/diagnosis.ts';
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
} from './client/events.ts';
export { forget } from './client/forget.ts';
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
} from './client/options.ts';
export { receive } from './client/receive.ts';
export { resume } from './client/resume.ts';
export type { ResumeOptions } from './client/resume-options.ts';
export { send } from './client/send.ts';
export type { Transfer, TransferResult } from './client/transfer-handle.ts';
export { unfinished } from './client/unfinished.ts';
export type {
  IgnoredFile,
  UnfinishedTransfer,
  UnfinishedTransfers,
} from './client/unfinished-transfers.ts';
export { type ErrorCode, P2PShareError } from './protocol/errors.ts';
export { serve } from './server/serve.ts';
