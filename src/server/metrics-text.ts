import type { ServerStats } from './server-stats.ts';

/** What is known of the process, as `process` tells it. */
export interface ProcessStats {
  /** User and system, in microseconds. */
  readonly cpu: { readonly user: number; readonly system: number };
  /** Bytes. */
  readonly rss: number;
  /** Seconds since it started. */
  readonly uptime: number;
}

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** By what is between the braces. */
  readonly values: Readonly<Record<string, number>>;
}

/**
 * The numbers of a server in Prometheus' text format, version 0.0.4. `nowMs`: since 1970.
 */
export function metricsText(stats: ServerStats, process: ProcessStats, nowMs: number): string {
  return [...serverMetrics(stats), ...processMetrics(process, nowMs)].map(textOf).join('');
}

function serverMetrics(stats: ServerStats): Metric[] {
  const { relay, websocket } = stats;
  return [
    counter('packets', 'Requests and answers, without what is relayed.', {
      'direction="in"': stats.packetsIn,
      'direction="out"': stats.packetsOut,
    }),
    counter('bytes', 'The bytes of those.', {
      'direction="in"': stats.bytesIn,
      'direction="out"': stats.bytesOut,
    }),
    counter('drops', 'Packets that were not answered.', labelled('reason', stats.drops)),
    counter('events', 'What has become of transfers.', labelled('event', stats.happened)),
    gauge('live', 'What there is now.', labelled('what', stats.live)),
    counter('relay_packets', 'Packets that were relayed.', { '': relay.packets }),
    counter('relay_bytes', 'The bytes of those.', { '': relay.bytes }),
    counter('relay_drops', 'Packets that were not relayed.', {
      'reason="stranger"': relay.droppedStrangers,
      'reason="full"': relay.droppedFull,
    }),
    gauge('websockets', 'Clients over TCP now.', { '': websocket.open }),
    counter('websockets_refused', 'Connections over TCP that were not taken.', {
      '': websocket.refused,
    }),
    counter('websocket_drops', 'Batches that their client over TCP did not read in time.', {
      '': websocket.dropped,
    }),
  ];
}

/** Under the names that Prometheus' own libraries give them. */
function processMetrics({ cpu, rss, uptime }: ProcessStats, nowMs: number): Metric[] {
  const seconds = (cpu.user + cpu.system) / 1e6;
  const metric = (name: string, type: Metric['type'], help: string, value: number): Metric => {
    return { name: `process_${name}`, type, help, values: { '': value } };
  };
  return [
    metric('cpu_seconds_total', 'counter', 'User and system processor time.', seconds),
    metric('resident_memory_bytes', 'gauge', 'Resident memory.', rss),
    metric('start_time_seconds', 'gauge', 'When it started, since 1970.', nowMs / 1000 - uptime),
  ];
}

function counter(name: string, help: string, values: Metric['values']): Metric {
  return { name: `p2pshare_server_${name}_total`, type: 'counter', help, values };
}

function gauge(name: string, help: string, values: Metric['values']): Metric {
  return { name: `p2pshare_server_${name}`, type: 'gauge', help, values };
}

function labelled(label: string, values: Readonly<Record<string, number>>): Metric['values'] {
  const entries = Object.entries(values);
  return Object.fromEntries(entries.map(([name, value]) => [`${label}="${name}"`, value]));
}

function textOf({ name, type, help, values }: Metric): string {
  const samples = Object.entries(values).map(([labels, value]) => {
    return `${name}${labels === '' ? '' : `{${labels}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.join('')}`;
}
