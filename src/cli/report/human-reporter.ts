import type {
  DoneEvent,
  FileEvent,
  OfferEvent,
  PathEvent,
  PeerEvent,
  ReceiverEvent,
  StatusEvent,
  SteadyPhase,
  TicketEvent,
  TransferEvent,
} from '../../client/api/events.ts';
import { display } from '../../protocol/display.ts';
import { P2PShareError } from '../../protocol/errors.ts';
import { messageFor } from '../errors/messages.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { writeText } from '../terminal/write-text.ts';
import { doneWords } from '../words/done-words.ts';
import { omittedLines, omittedWords } from '../words/omitted-words.ts';
import { isSamePlace, pathWords } from '../words/path-words.ts';
import { formatClock, formatContent } from '../words/quantity.ts';
import { commandFor } from '../words/receive-command.ts';
import type { Role } from '../words/role.ts';
import { stallWords } from '../words/stall-words.ts';
import type { View } from './view.ts';

/** Columns for a name; a local path gets more, because people copy it. */
const NAME_COLUMNS = 60;
const PATH_COLUMNS = 200;

const PHASES: Readonly<Record<SteadyPhase, (peer: Role) => string>> = {
  'finding-server': () => 'looking for a rendezvous server',
  'waiting-for-server': () =>
    'waiting for the server, which lets one address begin only so many transfers a minute',
  'waiting-for-peer': (peer) => `waiting for the ${peer}`,
  'waiting-for-turn': () => 'waiting for our turn: the sender is there, and serves others first',
  connecting: () => 'connecting',
  'waiting-for-offer': () => 'waiting to hear what the sender has',
  'waiting-for-answer': () => 'waiting for the receiver to accept',
  preparing: (peer) =>
    peer === 'receiver' ? 'looking through what is sent' : 'looking at what is there already',
  transferring: () => 'starting',
  verifying: () => 'verifying',
};

/** What stands for standard output where a path would be: nobody needs to be told of it. */
const STDOUT = '-';

const NEW_NUMBER =
  'the server was restarted and gave another number: the code above leads nowhere any more';

const EXPIRED = 'what the same command began before is too old to go on with: this starts over';

export interface HumanReporterOptions {
  readonly role: Role;
  readonly verbose: boolean;
  readonly servers: readonly string[];
}

/** Tells a person what happens. All of it goes to stderr but the bare code for a pipe. */
export class HumanReporter {
  readonly #terminal: Terminal;
  readonly #view: View;
  readonly #options: HumanReporterOptions;
  readonly #peer: Role;
  #path: PathEvent | undefined;
  /** Whether data flows, or has: before that one path takes the place of another within moments. */
  #hasBegun = false;
  /** How long the other side has been missing, while it is. */
  #silentMs: number | undefined;
  #isStalled = false;
  /** Whether everything has left, or arrived. */
  #isVerifying = false;
  #file: FileEvent | undefined;
  #fileCount = 0;
  #unchangedCount = 0;
  #hasCode = false;
  /** What happened during a question: no more than a transfer has events without progress. */
  #held: TransferEvent[] | undefined;

  constructor(terminal: Terminal, view: View, options: HumanReporterOptions) {
    this.#terminal = terminal;
    this.#view = view;
    this.#options = options;
    this.#peer = options.role === 'sender' ? 'receiver' : 'sender';
  }

  note(text: string): void {
    this.#view.line(text);
  }

  pause(): void {
    this.#view.hide();
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const event of held) this.report(event);
  }

  report(event: TransferEvent): void {
    // Written now, it would stand in the middle of the question.
    if (this.#held === undefined) this.#show(event);
    else if (!isCounter(event)) this.#held.push(event);
  }

  #show(event: TransferEvent): void {
    switch (event.event) {
      case 'status':
        this.#status(event);
        break;
      case 'code':
        this.#code(event.code);
        break;
      case 'peer':
        this.#view.line(this.#peerNews(event));
        break;
      case 'offer':
        this.#offer(event);
        break;
      case 'path':
        this.#pathChange(event);
        break;
      case 'progress':
        this.#begin();
        this.#view.progress({ ...event, path: this.#path?.kind ?? '' });
        break;
      case 'omitted':
        for (const line of omittedLines(event)) this.#view.line(line);
        break;
      case 'file':
        this.#fileEnd(event);
        break;
      case 'text':
        this.#view.hide();
        writeText(event.text, this.#terminal.stdout);
        break;
      case 'ticket':
        this.#ticket(event);
        break;
      case 'receiver':
        this.#receiverEnd(event);
        break;
      case 'done':
        this.#done(event);
        break;
      case 'error':
        this.#view.hide();
        break;
    }
  }

  /** Who is asked for the answer is not told to wait for it. */
  #status(event: StatusEvent): void {
    const { phase } = event;
    if (phase === 'transferring') this.#begin();
    if (phase === 'verifying') this.#isVerifying = true;
    if (phase === 'reconnecting') this.#missing(event);
    else if (phase === 'stalled') this.#stalled(event);
    else if (this.#isStalled) this.#movesAgain(phase);
    else if (this.#silentMs !== undefined) this.#back(phase);
    else if (phase !== 'waiting-for-answer' || this.#options.role === 'sender') {
      this.#view.wait(PHASES[phase](this.#peer));
    }
  }

  #missing({ silentMs, remainingMs }: Extract<StatusEvent, { phase: 'reconnecting' }>): void {
    this.#silentMs = silentMs;
    const [silence, end] = [formatClock(silentMs), formatClock(remainingMs)];
    this.#view.wait(
      `waiting for the ${this.#peer} to come back`,
      `silent for ${silence}, giving up in ${end}`,
    );
  }

  #stalled(event: Extract<StatusEvent, { phase: 'stalled' }>): void {
    this.#isStalled = true;
    this.#view.wait(...stallWords(event, this.#options.role, this.#isVerifying));
  }

  #movesAgain(phase: SteadyPhase): void {
    this.#isStalled = false;
    this.#ended('it moves again');
    // The bar comes back by itself.
    if (phase !== 'transferring') this.#status({ event: 'status', phase });
  }

  /** What was waited for has come, and may be waited for once more. */
  #ended(news: string): void {
    this.#view.hide();
    this.#view.line(news);
  }

  #back(phase: keyof typeof PHASES): void {
    const silence = formatClock(this.#silentMs ?? 0);
    this.#silentMs = undefined;
    this.#ended(`the ${this.#peer} is back after ${silence}`);
    // The bar comes back by itself.
    if (phase !== 'transferring') this.#status({ event: 'status', phase });
  }

  /** The receiver reads of it in the question whether to accept, unless that was answered before. */
  #offer(offer: OfferEvent): void {
    const what = `${display(offer.name, NAME_COLUMNS)} (${formatContent(offer)})`;
    if (offer.omitted !== undefined) this.#view.line(omittedWords(offer.omitted));
    if (this.#options.role === 'sender') this.#view.line(`offering ${what}`);
    else if (offer.resumed) this.#view.line(`going on with ${what}`);
  }

  /** That a transfer can go on is said where it has to: when it fails. */
  #ticket(event: TicketEvent): void {
    if (event.state === 'expired') this.#view.line(EXPIRED);
    if (event.state !== 'unavailable') return;
    const reason = this.#options.verbose ? ` (${shown(event.reason)})` : '';
    this.#view.line(`nothing can be kept to go on with after an interruption${reason}`);
  }

  /** A secret is shown once: to the pipe if there is one, otherwise in the command to copy. */
  #code(code: string): void {
    const piped = this.#terminal.stdout.isTTY !== true;
    this.#view.hide();
    if (this.#hasCode) this.#view.line(NEW_NUMBER);
    this.#hasCode = true;
    if (piped) this.#terminal.stdout.write(`${code}\n`);
    const command = commandFor('receive', piped ? 'CODE' : code, this.#options.servers);
    this.#view.line(`on the other machine, run:\n\n  ${command}\n`);
  }

  #peerNews(event: PeerEvent): string {
    if (event.state === 'joined') return `the ${this.#peer} has joined`;
    const left = event.attemptsLeft === 1 ? '1 attempt' : `${event.attemptsLeft} attempts`;
    return `somebody tried a wrong code (${left} left)`;
  }

  #pathChange(event: PathEvent): void {
    const before = this.#path;
    this.#path = event;
    // Another port of the same NAT is nothing to a person.
    const isNews = this.#hasBegun && (before === undefined || !isSamePlace(before, event));
    if (!isNews && !this.#options.verbose) return;
    this.#view.line(`${pathWords(event, before)}${this.#pathDetails(event)}`);
  }

  #begin(): void {
    const isTold = this.#hasBegun || this.#options.verbose;
    this.#hasBegun = true;
    if (!isTold && this.#path !== undefined) this.#view.line(pathWords(this.#path, undefined));
  }

  #pathDetails({ via, local, remote, rttMs }: PathEvent): string {
    if (!this.#options.verbose) return '';
    return ` (${via}, ${shown(local)} to ${shown(remote)}, ${rttMs.toFixed(1)} ms)`;
  }

  #fileEnd(event: FileEvent): void {
    this.#file ??= event;
    this.#fileCount += 1;
    if (event.status === 'unchanged') this.#unchangedCount += 1;
    if (event.status === 'skipped') this.#view.line(`skipped ${shown(event.path)}: it exists`);
  }

  /** One of several, whose events all of these are. */
  #receiverEnd(event: ReceiverEvent): void {
    if (event.state === 'done') this.#done({ ...event, event: 'done' });
    else {
      const { code, message, by } = event;
      this.#view.line(messageFor(new P2PShareError(code, message, { by }), 'sender').text);
    }
  }

  #done(event: DoneEvent): void {
    this.#view.hide();
    if (this.#fileCount === 1 && this.#file?.status === 'skipped') return;
    const isSame = this.#fileCount > 0 && this.#unchangedCount === this.#fileCount;
    const received = isSame ? 'unchanged' : 'received';
    const verb = this.#options.role === 'sender' ? 'sent' : received;
    const file = this.#file?.path ?? STDOUT;
    const others = this.#fileCount > 1 ? ` and ${this.#fileCount - 1} more` : '';
    const name = file === STDOUT ? '' : ` ${shown(file)}${others}`;
    this.#view.line(`${verb}${name}: ${doneWords(event)}`);
  }
}

/** What the next event of its kind says as well. */
function isCounter(event: TransferEvent): boolean {
  if (event.event === 'progress') return true;
  return event.event === 'status' && (event.phase === 'reconnecting' || event.phase === 'stalled');
}

/** A local path or an address: not all of it is ours to choose, so it is made safe to look at. */
function shown(text: string): string {
  return display(text, PATH_COLUMNS);
}
