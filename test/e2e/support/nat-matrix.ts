import { type NatRecipe, nat } from './nat-recipes.ts';

/**
 * How the cells of the matrix end: D directly by probes to the candidates, P by predicting ports,
 * B by many sockets against many ports (the birthday paradox), K by searching small ranges of ports
 * (k: by thousands of packets, with --thorough-search on both sides; L: with luck, see below), T by TCP, R relayed,
 * W relayed over TCP, N the same where nothing but the web is let through. `^` needs openers that die before they reach the other side's router.
 *
 * L: of 2048 ports each, two searches of the 2048 probes that a session is allowed meet in 63 of
 * 100 cases, 1 - exp(-2048 * 2048 / (2048 * 2048)); so both ends are right.
 */
export type Letter = 'D' | 'D^' | 'P' | 'P^' | 'B' | 'B^' | 'K' | 'k' | 'L' | 'T' | 'R' | 'W' | 'N';

/** What the two sides end with. */
export type Outcome = 'direct' | 'relay' | 'direct or relay';

/** The classes of behaviour, and the recipes that are of each; the first one is the typical one. */
const CLASSES = {
  PUB: [nat.none],
  FW: [nat.firewall],
  FC: [nat.fullCone, nat.oneToOne],
  AR: [nat.addressRestricted],
  PR: [nat.portRestricted, nat.randomPort],
  OPEN: [nat.openRouter],
  LOOSE: [nat.symmetricUnfiltered, nat.symmetricAddressRestricted],
  SEQ: [nat.symmetricSequential],
  BLK: [nat.symmetricBlock512],
  BLK2K: [nat.symmetricBlock2048],
  RND: [nat.symmetric, nat.addressDependent],
  UDPB: [nat.udpBlocked],
  WEB: [nat.webOnly],
} as const satisfies Readonly<Record<string, readonly NatRecipe[]>>;

type ClassName = keyof typeof CLASSES;

/** Row sends, column receives. */
const TABLE = `
        PUB  FW   FC   AR   PR   OPEN LOOSE SEQ  BLK  BLK2K RND  UDPB WEB
PUB     D    D    D    D    D    D    D     D    D    D     D    T    N
FW      D    D    D    D    D    D^   D     P    B    B     B    T    N
FC      D    D    D    D    D    D    D     D    D    D     D    T    N
AR      D    D    D    D    D    D^   D     D    D    D     D    T    N
PR      D    D    D    D    D    D^   D     P    B    B     B    T    N
OPEN    D    D^   D    D^   D^   D^   D     P^   B^   B^    B^   T    N
LOOSE   D    D    D    D    D    D    D     D    D    D     D    W    N
SEQ     D    P    D    D    P    P^   D     P    K    L     R    W    N
BLK     D    B    D    D    B    B^   D     K    K    L     k    W    N
BLK2K   D    B    D    D    B    B^   D     L    L    L     k    W    N
RND     D    B    D    D    B    B^   D     R    k    k     R    W    N
UDPB    T    T    T    T    T    T    W     W    W    W     W    T    N
WEB     N    N    N    N    N    N    N     N    N    N     N    N    N
`;

/** One recipe as it stands in the matrix. */
export interface Behaviour {
  /** Its class, and a number if it is not the typical one. */
  readonly label: string;
  readonly recipe: NatRecipe;
  readonly class: ClassName;
}

export interface Cell {
  readonly sender: Behaviour;
  readonly receiver: Behaviour;
  readonly letter: Letter;
}

export const behaviours: readonly Behaviour[] = classNames().flatMap((name) =>
  CLASSES[name].map((recipe, i) => ({
    label: i === 0 ? name : `${name}${i + 1}`,
    recipe,
    class: name,
  })),
);

/** Every pair in both roles. */
export const cells: readonly Cell[] = behaviours.flatMap((sender) =>
  behaviours.map((receiver) => ({
    sender,
    receiver,
    letter: letterOf(sender.class, receiver.class),
  })),
);

export function cellOf(sender: NatRecipe, receiver: NatRecipe): Cell {
  const cell = cells.find((it) => it.sender.recipe === sender && it.receiver.recipe === receiver);
  if (cell === undefined) throw new Error(`not in the matrix: ${sender.name}, ${receiver.name}`);
  return cell;
}

/** How cells of this letter end. */
export function outcomeOf(letter: Letter): Outcome {
  return promiseOf(letter).path;
}

/** What both sides have to be told for cells of this letter. */
export function flagsOf(letter: Letter): readonly string[] {
  return letter === 'k' ? ['--thorough-search'] : [];
}

/** How long it may take from knowing each other to the path that the letter promises. */
export function deadlineMs(letter: Letter): number {
  return promiseOf(letter).withinMs;
}

/** How many of these trials must end as they shall: what depends on chance may fail now and then. */
export function requiredOf(letter: Letter, trials: number): number {
  return trials - Math.floor((trials * promiseOf(letter).failuresInTwenty) / 20);
}

interface Promised {
  readonly path: Outcome;
  readonly withinMs: number;
  readonly failuresInTwenty: number;
}

const PROMISED: Readonly<Record<string, Promised>> = {
  D: { path: 'direct', withinMs: 1000, failuresInTwenty: 0 },
  P: { path: 'direct', withinMs: 2000, failuresInTwenty: 1 },
  B: { path: 'direct', withinMs: 5000, failuresInTwenty: 1 },
  K: { path: 'direct', withinMs: 5000, failuresInTwenty: 1 },
  k: { path: 'direct', withinMs: 5000, failuresInTwenty: 3 },
  L: { path: 'direct or relay', withinMs: 5000, failuresInTwenty: 0 },
  T: { path: 'direct', withinMs: 5000, failuresInTwenty: 0 },
  R: { path: 'relay', withinMs: 2000, failuresInTwenty: 0 },
  W: { path: 'relay', withinMs: 5000, failuresInTwenty: 0 },
  N: { path: 'relay', withinMs: 5000, failuresInTwenty: 0 },
};

/** Openers change how a path is found, not what is promised. */
function promiseOf(letter: Letter): Promised {
  return PROMISED[letter.charAt(0)] as Promised;
}

function letterOf(sender: ClassName, receiver: ClassName): Letter {
  const rows = TABLE.trim()
    .split('\n')
    .map((line) => line.trim().split(/ +/));
  const column = rows[0]?.indexOf(receiver) ?? -1;
  const letter = rows.find(([name], i) => i > 0 && name === sender)?.[column + 1];
  return letter as Letter;
}

function classNames(): ClassName[] {
  return Object.keys(CLASSES) as ClassName[];
}
