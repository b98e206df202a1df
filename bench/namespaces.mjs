// Network namespaces of this process, gone when the workshop closes.
import { execFileSync } from 'node:child_process';
import process from 'node:process';

/** Why the bench cannot make namespaces here, if it cannot. */
export function whyNoNamespaces() {
  if (process.platform !== 'linux') return 'network namespaces are a thing of Linux';
  if (process.getuid() !== 0) return 'network namespaces need root';
  return undefined;
}

export function skipped(reason) {
  return Object.assign(new Error(reason), { code: 'SKIPPED' });
}

export class Namespaces {
  static #made = 0;
  #workshop;

  constructor(workshop) {
    const reason = whyNoNamespaces();
    if (reason !== undefined) throw skipped(reason);
    this.#workshop = workshop;
  }

  /** Makes a namespace with its loopback up, and yields its full name. */
  add(name) {
    Namespaces.#made += 1;
    const full = `p2pb${process.pid}-${Namespaces.#made}-${name}`;
    ip('netns', 'add', full);
    this.#workshop.atEnd(() => ip('netns', 'del', full));
    this.run(full, 'ip', 'link', 'set', 'lo', 'up');
    return full;
  }

  /** Joins two namespaces by a veth pair of these addresses (with prefix length). */
  link(a, b) {
    const [nameA, nameB] = [a.device, b.device];
    ip(
      '-n',
      a.namespace,
      'link',
      'add',
      nameA,
      'type',
      'veth',
      'peer',
      'name',
      nameB,
      'netns',
      b.namespace,
    );
    for (const { namespace, device, address } of [a, b]) {
      ip('-n', namespace, 'addr', 'add', address, 'dev', device);
      ip('-n', namespace, 'link', 'set', device, 'up');
    }
  }

  run(namespace, ...command) {
    return execFileSync('ip', ['netns', 'exec', namespace, ...command], { encoding: 'utf8' });
  }
}

function ip(...args) {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
