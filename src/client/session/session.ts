import type { ErrorCode } from '../../protocol/errors.ts';
import type { Machine } from '../../protocol/machine.ts';
import type { OpenedBase } from '../../protocol/nat/nat-survey.ts';
import type { SessionEvent } from '../../protocol/session/session-event.ts';
import type { LocalNetworks } from '../../protocol/session/session-options.ts';
import type { Instant } from '../../protocol/time.ts';
import type { Endpoint } from '../../protocol/wire/endpoint.ts';

/** What whoever runs it needs of a session: a sender's, a receiver's, or that of a reception. */
export interface Session extends Machine<SessionEvent> {
  abort(code: ErrorCode, detail: string, now: Instant): void;
  handleBases(asked: readonly number[], opened: readonly OpenedBase[], now: Instant): void;
  handleWake(now: Instant): void;
  handleNetworks(networks: LocalNetworks, now: Instant): void;
  addWay(server: Endpoint, way: Endpoint, now: Instant): void;
  endWay(server: Endpoint, way: Endpoint, now: Instant): void;
  handleStream(base: number, isOpen: boolean, now: Instant): void;
  handleMappedPort(port: number | undefined, now: Instant): void;
}
