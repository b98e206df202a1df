/** What one flag takes and means; help, the manual page, completion and settings are made of it. */
export interface Flag {
  readonly type: 'boolean' | 'string';
  /** One letter. */
  readonly alias?: string;
  /** May be given several times. */
  readonly array?: boolean;
  readonly choices?: readonly string[];
  /** What its value is called, in capitals; absent for a boolean. */
  readonly value?: string;
  readonly describe: string;
  /** Whether its value is a path: in the configuration file `~/` leads home. */
  readonly isPath?: boolean;
  /** Belongs to one run alone: the environment and the configuration file do not set it. */
  readonly perRun?: boolean;
  /** The flag that says the opposite. */
  readonly opposes?: string;
  /** Throws `UsageError` for a text that is no value of it. */
  readonly check?: (text: string) => unknown;
}

export type Flags = Readonly<Record<string, Flag>>;

/** Flags under a heading of their own. */
export interface FlagGroup {
  readonly title: string;
  readonly flags: Flags;
}

/** What stands in place of flags. */
export interface Operand {
  /** In capitals. */
  readonly name: string;
  readonly many?: boolean;
  readonly optional?: boolean;
  readonly describe: string;
  /** What it may be, if it is a word of a few. */
  readonly choices?: readonly string[];
}

export interface Example {
  readonly command: string;
  readonly what: string;
}

/** The page about one command. */
export interface Manual {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly operands?: readonly Operand[];
  /** One line, for the list of commands. */
  readonly summary: string;
  /** Paragraphs. */
  readonly about: readonly string[];
  readonly groups: readonly FlagGroup[];
  readonly examples: readonly Example[];
}

/** All flags of a command, whatever heading they stand under. */
export function flagsOf(manual: Manual): Flags {
  return Object.assign({}, ...manual.groups.map(({ flags }) => flags));
}

/** `PATH...`, `[CODE...]`: operands as a usage line shows them. */
export function operandUsage({ name, many, optional }: Operand): string {
  const words = many ? `${name}...` : name;
  return optional ? `[${words}]` : words;
}
