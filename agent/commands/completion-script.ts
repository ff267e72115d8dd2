/** A script by which bash completes commands and their options. Pure. */
import type { DescribedCommand } from "#config/command-line/command-help.ts";

export function bashCompletion(program: string, commands: readonly DescribedCommand[]): string {
  const firsts = [...new Set(commands.map(({ name }) => name.split(" ")[0] ?? name))];
  const cases = commands.map((command) => {
    const options = ["--help", ...Object.keys(command.options).map((name) => `--${name}`)];
    return `    "${command.name}") words="${options.join(" ")}" ;;`;
  });
  const groups = Map.groupBy(
    commands.filter(({ name }) => name.includes(" ")),
    ({ name }) => name.split(" ")[0] ?? name,
  );
  const groupCases = Array.from(groups, ([first, members]) => {
    const seconds = members.map(({ name }) => name.split(" ")[1]);
    return `    "${first}") words="${seconds.join(" ")}" ;;`;
  });
  return `# bash completion for ${program}
_${program}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" one="\${COMP_WORDS[1]:-}" two="\${COMP_WORDS[2]:-}" words=""
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${firsts.join(" ")} --help" -- "$current"))
    return
  fi
  if [ "$COMP_CWORD" -eq 2 ]; then
    case "$one" in
${groupCases.join("\n")}
    esac
    if [ -n "$words" ]; then
      COMPREPLY=($(compgen -W "$words" -- "$current"))
      return
    fi
  fi
  case "$one" in
${groupCases.map((line) => line.replace(/words=.*/, 'one="$one $two" ;;')).join("\n")}
  esac
  case "$one" in
${cases.join("\n")}
  esac
  case "$current" in
    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *) COMPREPLY=($(compgen -f -- "$current")) ;;
  esac
}
complete -F _${program} ${program}
`;
}
