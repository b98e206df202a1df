import type {
  Diagnosis,
  NatDiagnosis,
  PairDiagnosis,
  ServerDiagnosis,
} from '../../client/api/diagnosis.ts';
import { display } from '../../protocol/display.ts';
import {
  ADVICE,
  connected,
  DEPENDENCES,
  found,
  IPV6,
  mappings,
  nickname,
  outlook,
  PATHS,
  PEERS,
  ports,
  reached,
} from './doctor-words.ts';

type Row = readonly [label: string, value: string];

interface Section {
  readonly title: string;
  readonly rows: readonly Row[];
}

/** Columns for the name of a server. */
const NAME_COLUMNS = 60;

/** A diagnosis as a person reads it. */
export function doctorReport(diagnosis: Diagnosis): string {
  const { interfaces, ipv6, servers, nat, portMapping, expect, advice } = diagnosis;
  const sections: Section[] = [
    ...servers.map(serverSection),
    {
      title: 'this machine',
      rows: [
        ['addresses', interfaces.length > 0 ? interfaces.join(', ') : 'none'],
        ['IPv6', IPV6[ipv6]],
      ],
    },
    ...(nat === null ? [] : [natSection(nat, portMapping)]),
  ];
  const promise = outlook(diagnosis);
  if (expect.length > 0) {
    const title = promise === undefined ? 'what to expect' : `what to expect: ${promise}`;
    const rows = expect.map(({ peer, path }): Row => [PEERS[peer], PATHS[path]]);
    sections.push({ title, rows });
  }
  if (diagnosis.pair !== null) sections.push(pairSection(diagnosis.pair));
  const blocks = sections.map(sectionText);
  if (advice.length > 0)
    blocks.push(
      listText(
        'what to do',
        advice.map((one) => ADVICE[one]),
      ),
    );
  return blocks.join('\n');
}

function serverSection({ server, endpoints, stream }: ServerDiagnosis): Section {
  const ways = endpoints.map((one): Row => [one.endpoint, reached(one)]);
  // A proxy may know a name that nobody here does.
  const isKnown = ways.length > 0 || stream.works;
  const rows: Row[] = isKnown ? [...ways, ['WebSocket', connected(stream)]] : [];
  return {
    title: `server ${display(server, NAME_COLUMNS)}${isKnown ? '' : ': its name is not known'}`,
    rows,
  };
}

function natSection(nat: NatDiagnosis, portMapping: Diagnosis['portMapping']): Section {
  const { publicAddresses, mapping, filtering, hairpin, scope } = nat;
  const isOutside = scope === 'internet';
  const hairpinning: Row[] = hairpin === null ? [] : [['hairpinning', hairpin ? 'yes' : 'no']];
  return {
    title: isOutside ? 'NAT' : 'NAT on the way to this server, which is not on the internet',
    rows: [
      ['kind', nickname(nat)],
      [isOutside ? 'public address' : 'address', publicAddresses.join(', ')],
      ['mapping', DEPENDENCES[mapping]],
      ['filtering', DEPENDENCES[filtering]],
      ['ports', ports(nat)],
      ...hairpinning,
      ...(portMapping === null ? [] : [['port mapping', mappings(portMapping)] as const]),
    ],
  };
}

function pairSection({ peer, expect, path }: PairDiagnosis): Section {
  return {
    title: 'the way to the other machine',
    rows: [
      ['its mapping', DEPENDENCES[peer.mapping]],
      ['its filtering', DEPENDENCES[peer.filtering]],
      ['its ports', ports(peer)],
      ['port mapping', peer.portMapped ? 'yes' : 'no'],
      ['expected', PATHS[expect]],
      ['found', found(path)],
    ],
  };
}

function sectionText({ title, rows }: Section): string {
  const width = Math.max(...rows.map(([label]) => label.length), LEAST_LABEL);
  const lines = rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}\n`);
  return `${title}\n${lines.join('')}`;
}

const LEAST_LABEL = 14;

function listText(title: string, items: readonly string[]): string {
  return `${title}\n${items.map((item) => `  - ${item}\n`).join('')}`;
}
