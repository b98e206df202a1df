import { type Flag, flagsOf, type Manual } from '../settings/manual.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The completion of a shell: commands, their flags, words of a few, and files everywhere else. */
export function completionScript(shell: Shell, manuals: readonly Manual[]): string {
  if (shell === 'bash') return bash(manuals);
  return shell === 'zsh' ? zsh(manuals) : fish(manuals);
}

/**
 * What it has no words for is left to the shell, which knows names with blanks in them and `~`. Flags are
 * offered once a dash is typed: before that they would be in the way of the files.
 */
function bash(manuals: readonly Manual[]): string {
  const cases = manuals.map((manual) => {
    const flags = Object.entries(flagsOf(manual)).filter(([, { type }]) => type === 'string');
    const values = flags.map(([name, { alias, choices = [] }]) => {
      const names = [`--${name}`, ...(alias === undefined ? [] : [`-${alias}`])];
      return `      ${names.join('|')}) words="${choices.join(' ')}" ;;`;
    });
    return [
      `    ${namesOf(manual).join('|')})`,
      '      case "$previous" in',
      ...values,
      `      *) words="${operandWords(manual).join(' ')}" flags="${longFlags(manual).join(' ')}" ;;`,
      '      esac ;;',
    ].join('\n');
  });
  return `# p2pshare: completion for bash. In ~/.bashrc: source <(p2pshare completion bash)
_p2pshare() {
  local word="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" flags=""
  (( COMP_CWORD < 2 )) || command="\${COMP_WORDS[1]}"
  case "$command" in
${cases.join('\n')}
    "") words="${manuals.flatMap(namesOf).join(' ')} help" flags="--help --version" ;;
  esac
  [[ $word != -* ]] || words="$flags"
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _p2pshare p2pshare
`;
}

function zsh(manuals: readonly Manual[]): string {
  const quote = (text: string) =>
    text.replace(/[\\'[\]:]/g, (sign) => (sign === "'" ? "'\\''" : `\\${sign}`));
  const commands = manuals.flatMap((manual) =>
    namesOf(manual).map((name) => `    '${name}:${quote(manual.summary)}'`),
  );
  const argument = (name: string, flag: Flag) => {
    const again = flag.array ? '*' : '';
    const value = flag.value === undefined ? '' : `:${quote(flag.value)}:${zshValue(flag)}`;
    return [`--${name}`, ...(flag.alias ? [`-${flag.alias}`] : [])].map(
      (flagName) => `        '${again}${flagName}[${quote(flag.describe)}]${value}'`,
    );
  };
  const cases = manuals.map((manual) => {
    const words = operandWords(manual);
    const operand = words.length === 0 ? "'*:file:_files'" : `'1:what:(${words.join(' ')})'`;
    const flags = Object.entries(flagsOf(manual)).flatMap(([name, flag]) => argument(name, flag));
    return `    ${namesOf(manual).join('|')})\n      _arguments -s \\\n${[...flags, `        ${operand}`].join(' \\\n')} ;;`;
  });
  return `#compdef p2pshare
# p2pshare: completion for zsh. In ~/.zshrc: source <(p2pshare completion zsh)
_p2pshare() {
  local -a commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _files
    return
  fi
  shift words; (( CURRENT-- ))
  case $words[1] in
${cases.join('\n')}
    *) _files ;;
  esac
}
compdef _p2pshare p2pshare
`;
}

function fish(manuals: readonly Manual[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = manuals.flatMap((manual) => {
    const within = quote(`__fish_seen_subcommand_from ${namesOf(manual).join(' ')}`);
    const flags = Object.entries(flagsOf(manual)).map(
      ([name, { alias, choices, value, describe }]) =>
        [
          `complete -c p2pshare -n ${within} -l ${name}`,
          ...(alias ? [`-s ${alias}`] : []),
          ...(choices ? [`-x -a ${quote(choices.join(' '))}`] : value === undefined ? [] : ['-r']),
          `-d ${quote(describe)}`,
        ].join(' '),
    );
    const words = operandWords(manual).map(
      (word) => `complete -c p2pshare -n ${within} -a ${word}`,
    );
    const names = namesOf(manual).map(
      (name) =>
        `complete -c p2pshare -n __fish_use_subcommand -a ${name} -d ${quote(manual.summary)}`,
    );
    return [...names, ...words, ...flags];
  });
  return `# p2pshare: completion for fish. Once: p2pshare completion fish > ~/.config/fish/completions/p2pshare.fish
${lines.join('\n')}
`;
}

function zshValue({ choices, isPath }: Flag): string {
  if (choices !== undefined) return `(${choices.join(' ')})`;
  return isPath ? '_files' : ' ';
}

function namesOf({ name, aliases = [] }: Manual): string[] {
  return [name, ...aliases];
}

function longFlags(manual: Manual): string[] {
  return ['--help', ...Object.keys(flagsOf(manual)).map((name) => `--${name}`)];
}

function operandWords({ operands = [] }: Manual): readonly string[] {
  return operands[0]?.choices ?? [];
}
