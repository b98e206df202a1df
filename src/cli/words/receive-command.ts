/** What the other side types, ready to be copied: the servers come along, because they must agree. */
export function commandFor(
  verb: 'receive' | 'doctor',
  code: string,
  servers: readonly string[],
): string {
  const options = servers.flatMap((server) => ['--server', quote(server)]);
  return ['p2pshare', verb, ...options, code].join(' ');
}

/** Quotes what a POSIX shell would take apart; server names rarely need it. */
function quote(text: string): string {
  return /^[A-Za-z0-9_.:,@%+=/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
