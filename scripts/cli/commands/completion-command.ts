import { DONE } from '../exit-codes.ts';
import type { CommandResult } from '../print-result.ts';
import { unknownWord } from '../refuse-misspelt.ts';

/**
 * Each asks the command, as it was typed, for the words that fit, and offers files if there are none. A shell passes
 * the word as it was typed, so ~ is still ~.
 */
const SCRIPTS: Record<string, string> = {
  bash: `_understudy() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]/#~\\//"$HOME"/}" __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [ \${#COMPREPLY[@]} -gt 0 ] || compopt -o default
}
complete -F _understudy understudy`,
  zsh: `#compdef understudy
_understudy() {
  local -a found
  found=("\${(@f)$("\${(Q)words[1]/#\\~\\//$HOME/}" __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=(\${found:#})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
if [ "\${funcstack[1]}" = _understudy ]; then _understudy "$@"; else compdef _understudy understudy; fi`,
  fish: `function __understudy_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l program (string replace -r '^~/' "$HOME/" -- $words[1])
  set -l found
  if type -q -- $program
    set found ($program __complete $words[2..-1] 2>/dev/null)
  end
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path $words[-1]
  end
end
complete -c understudy -f -a '(__understudy_complete)'`,
};

/** Prints the script for a shell. */
export function completionCommand(shell: string): CommandResult {
  const script = SCRIPTS[shell];
  if (script === undefined) throw unknownWord('completion', shell, Object.keys(SCRIPTS));
  return { document: { shell, script }, lines: script.split('\n'), exit: DONE, verbatim: true };
}
