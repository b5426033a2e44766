/** The few lines that each shell needs: they ask `lambda-run` itself for every word. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Called by the scripts with the words of the line. */
export const COMPLETE_COMMAND = "__complete";

const BASH = `# lambda-run: put into ~/.bashrc:  source <(lambda-run completion bash)
_lambda_run() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(lambda-run ${COMPLETE_COMMAND} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _lambda_run lambda-run
`;

const ZSH = `#compdef lambda-run
# lambda-run: put into ~/.zshrc:  source <(lambda-run completion zsh)
_lambda_run() {
  local -a words_found
  words_found=("\${(@f)$(lambda-run ${COMPLETE_COMMAND} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$words_found" ]]; then compadd -a words_found; else _files; fi
}
compdef _lambda_run lambda-run
`;

const FISH = `# lambda-run: put into ~/.config/fish/config.fish:  lambda-run completion fish | source
function __lambda_run_complete
    set -l words (commandline -opc) (commandline -ct)
    lambda-run ${COMPLETE_COMMAND} -- $words[2..-1] 2>/dev/null
end
complete -c lambda-run -a '(__lambda_run_complete)'
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

export const completionScript = (shell: Shell): string => SCRIPTS[shell];
