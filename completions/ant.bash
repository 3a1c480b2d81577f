# Completion of `ant` in bash 3.2 and later. Written by `python docs/generate.py`: don't edit it.
#
# Only IDs are fetched through `ant` itself. Everything else is here, so that completion is instant.

# Put into reply the subcommands of the command $1. `help` takes the same names.
_ant_subcommands() {
  reply=()
  case ${1#help } in
    '') reply=(beta:environments beta:environments:work beta:worker apply diff edit export schema auth profile emulator completion help) ;;
    beta:environments) reply=(create retrieve update list delete archive) ;;
    beta:environments:work) reply=(retrieve poll ack heartbeat stop list update stats) ;;
    beta:worker) reply=(poll run exporter check) ;;
    schema) reply=(environment) ;;
    auth) reply=(login status token print-credentials logout) ;;
    profile) reply=(list get set unset activate deactivate create rename delete) ;;
    emulator) reply=(start exec env status stop script session enqueue key requests clock reset fault) ;;
    'emulator session') reply=(create show) ;;
    help) reply=(input output lists flags exit-codes variables worker profiles official fields beta:environments beta:environments:work beta:worker apply diff edit export schema auth profile emulator completion) ;;
  esac
}

# Put into reply the flags of the command $1.
_ant_flags() {
  reply=()
  case $1 in
    '') reply=(--help -h --version -v --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    beta:environments) reply=(--help -h --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments create') reply=(--help -h --name --config --config.type --config.networking --config.packages --description --metadata --scope --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments retrieve') reply=(--help -h --environment-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments update') reply=(--help -h --environment-id --name --config --config.type --config.networking --config.packages --description --metadata --scope --add --remove --set --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments list') reply=(--help -h --include-archived --limit --page --filter --max-items --slurp --until --watch --every --for --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments delete') reply=(--help -h --environment-id --parallel --fail-fast --yes --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments archive') reply=(--help -h --environment-id --parallel --fail-fast --yes --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    beta:environments:work) reply=(--help -h --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work retrieve') reply=(--help -h --environment-id --work-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work poll') reply=(--help -h --environment-id --block-ms --reclaim-older-than-ms --anthropic-worker-id --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work ack') reply=(--help -h --environment-id --work-id --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work heartbeat') reply=(--help -h --environment-id --work-id --desired-ttl-seconds --expected-last-heartbeat --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work stop') reply=(--help -h --environment-id --work-id --force --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work list') reply=(--help -h --environment-id --limit --page --filter --max-items --slurp --until --watch --every --for --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work update') reply=(--help -h --environment-id --work-id --metadata --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    'beta:environments:work stats') reply=(--help -h --environment-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run) ;;
    beta:worker) reply=(--help -h) ;;
    'beta:worker poll') reply=(--help -h --environment-id --environment-key --environment-key-file --worker-id --on-work --workdir --max-idle --max-concurrent-calls --log-format --session-folders --concurrency --heartbeat --lease --attempts --no-auto-stop --item-timeout --drain-timeout --kill-timeout --exit-when-idle --max-items --listen --unrestricted-paths --base-url --local --workspace-id --timeout --max-retries --debug --profile) ;;
    'beta:worker run') reply=(--help -h --session-id --work-id --environment-id --environment-key --environment-key-file --work-secret-file --workdir --session-folders --max-idle --max-concurrent-calls --log-format --unrestricted-paths --base-url --local --workspace-id --timeout --max-retries --debug --profile) ;;
    'beta:worker exporter') reply=(--help -h --environment-id --environment-key --environment-key-file --listen --cache --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --profile) ;;
    'beta:worker check') reply=(--help -h --environment-id --environment-key --environment-key-file --on-work --listen --requeue --yes --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --profile --format --transform --raw-output -r --columns) ;;
    apply) reply=(--help -h --yes -y --dry-run --only --exit-code --adopt --delete-archived --force --prune --allow-origin-change --lock-file --save-plan --plan --validate --strict --upgrade --parallel --verbose -v --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r) ;;
    diff) reply=(--help -h --only --prune --lock-file --strict --parallel --verbose -v --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r) ;;
    edit) reply=(--help -h --dry-run --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r) ;;
    export) reply=(--help -h --all --directory --force --lock-file --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r) ;;
    schema) reply=(--help -h) ;;
    'schema environment') reply=(--help -h --format --transform --raw-output -r) ;;
    auth) reply=(--help -h) ;;
    'auth login') reply=(--help -h --no-verify --keyring --profile --api-key --api-key-stdin --base-url --local --workspace-id --timeout --max-retries --debug) ;;
    'auth status') reply=(--help -h --check --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'auth token') reply=(--help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug) ;;
    'auth print-credentials') reply=(--help -h --access-token --env --profile --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug) ;;
    'auth logout') reply=(--help -h --all --profile) ;;
    profile) reply=(--help -h) ;;
    'profile list') reply=(--help -h --format --transform --raw-output -r --columns) ;;
    'profile get') reply=(--help -h --profile --format --transform --raw-output -r --columns) ;;
    'profile set') reply=(--help -h --profile) ;;
    'profile unset') reply=(--help -h --profile) ;;
    'profile activate') reply=(--help -h) ;;
    'profile deactivate') reply=(--help -h) ;;
    'profile create') reply=(--help -h --api-key-command --base-url --workspace-id --timeout --max-retries --format) ;;
    'profile rename') reply=(--help -h) ;;
    'profile delete') reply=(--help -h) ;;
    emulator) reply=(--help -h) ;;
    'emulator start') reply=(--help -h --host --database --port --lease-seconds --organization-id --workspace-id --any-credential --seed --strict-streams --worlds --log-file --detach --until-stdin-closes --format --api-key --api-key-stdin) ;;
    'emulator exec') reply=(--help -h --port --lease-seconds --organization-id --workspace-id --any-credential --seed --strict-streams --worlds --log-file) ;;
    'emulator env') reply=(--help -h --port --wait) ;;
    'emulator status') reply=(--help -h --format --transform --raw-output -r --columns) ;;
    'emulator stop') reply=(--help -h --port --all) ;;
    'emulator script') reply=(--help -h --agent --times --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'emulator session') reply=(--help -h) ;;
    'emulator session create') reply=(--help -h --environment-id --script --title --metadata --no-secret --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'emulator session show') reply=(--help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'emulator enqueue') reply=(--help -h --session-id --count --metadata --type --no-secret --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'emulator key') reply=(--help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'emulator requests') reply=(--help -h --clear --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'emulator clock') reply=(--help -h --advance-ms --now --freeze --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    'emulator reset') reply=(--help -h --yes --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug) ;;
    'emulator fault') reply=(--help -h --path --path-contains --method --status --error-code --body --header --times --delay-ms --disconnect --after-commit --after --body-delay-ms --cut-after-bytes --cut-after-events --error-after-events --list --clear --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns) ;;
    completion) reply=(--help -h) ;;
    help) reply=(--help -h) ;;
  esac
}

# Put into kind what the flag $2 of the command $1 takes.
_ant_kind_of_flag() {
  local text=plain
  case "$1 $2" in
    'beta:worker poll'\ --environment-id) text=free ;;
    'beta:worker run'\ --environment-id) text=free ;;
    'beta:worker exporter'\ --environment-id) text=free ;;
    'beta:worker check'\ --environment-id) text=free ;;
    'emulator session create'\ --environment-id) text=free ;;
    'beta:worker run'\ --work-id) text=free ;;
    *\ --help | *\ -h | *\ --version | *\ -v | *\ --verbose) text=plain ;;
    *\ --api-key | *\ --auth-token | *\ --federation-rule | *\ --identity-token | *\ --organization-id | *\ --service-account-id | *\ --base-url | *\ --workspace-id | *\ --timeout | *\ --max-retries | *\ --transform | *\ --columns | *\ --transform-error | *\ --parallel | *\ --until | *\ --every | *\ --for | *\ --add | *\ --remove | *\ --set | *\ --limit | *\ --filter | *\ --max-items | *\ --block-ms | *\ --reclaim-older-than-ms | *\ --desired-ttl-seconds | *\ --environment-key | *\ --worker-id | *\ --max-idle | *\ --max-concurrent-calls | *\ --concurrency | *\ --lease | *\ --attempts | *\ --item-timeout | *\ --drain-timeout | *\ --kill-timeout | *\ --exit-when-idle | *\ --listen | *\ --session-id | *\ --cache | *\ --api-key-command | *\ --host | *\ --port | *\ --lease-seconds | *\ --seed | *\ --wait | *\ --agent | *\ --times | *\ --title | *\ --count | *\ --advance-ms | *\ --now | *\ --path | *\ --path-contains | *\ --method | *\ --status | *\ --error-code | *\ --body | *\ --header | *\ --delay-ms | *\ --after | *\ --body-delay-ms | *\ --cut-after-bytes | *\ --cut-after-events | *\ --error-after-events) text=free ;;
    *\ --api-key-stdin | *\ --auth-token-stdin | *\ --local | *\ --debug | *\ --raw-output | *\ -r | *\ --dry-run | *\ --fail-fast | *\ --watch | *\ --include-archived | *\ --slurp | *\ --yes | *\ --force | *\ --session-folders | *\ --no-auto-stop | *\ --unrestricted-paths | *\ --requeue | *\ -y | *\ --only | *\ --exit-code | *\ --adopt | *\ --delete-archived | *\ --prune | *\ --allow-origin-change | *\ --validate | *\ --strict | *\ --upgrade | *\ --all | *\ --no-verify | *\ --keyring | *\ --check | *\ --access-token | *\ --env | *\ --any-credential | *\ --strict-streams | *\ --worlds | *\ --detach | *\ --until-stdin-closes | *\ --no-secret | *\ --clear | *\ --freeze | *\ --disconnect | *\ --after-commit | *\ --list) text=boolean ;;
    *\ --identity-token-file | *\ --file | *\ -f | *\ --environment-key-file | *\ --on-work | *\ --workdir | *\ --work-secret-file | *\ --lock-file | *\ --save-plan | *\ --plan | *\ --directory | *\ --database | *\ --log-file | *\ --script) text=file ;;
    *\ --profile) text=profile ;;
    *\ --format | *\ --format-error) text='choices auto json jsonl yaml table pretty markdown csv tsv raw explore' ;;
    *\ --name | *\ --config | *\ --config.networking | *\ --config.packages | *\ --description | *\ --metadata | *\ --beta | *\ --page | *\ --anthropic-worker-id | *\ --expected-last-heartbeat) text=text ;;
    *\ --config.type) text='choices cloud self_hosted' ;;
    *\ --scope) text='choices organization account' ;;
    *\ --environment-id) text=environment_id ;;
    *\ --work-id) text=work_id ;;
    *\ --log-format) text='choices auto plain text json' ;;
    *\ --heartbeat) text='choices auto always never' ;;
    *\ --type) text='choices session healthcheck' ;;
  esac
  kind=$text
}

# Put into kind what the argument of the command $1 at the position $2 is.
_ant_kind_of_argument() {
  local text=plain
  case "$1 $2" in
    'beta:environments retrieve'\ 0) text=environment_id ;;
    'beta:environments update'\ *) text=environment_id ;;
    'beta:environments delete'\ *) text=environment_id ;;
    'beta:environments archive'\ *) text=environment_id ;;
    'beta:environments:work retrieve'\ 0) text=work_id ;;
    'beta:environments:work poll'\ 0) text=environment_id ;;
    'beta:environments:work ack'\ *) text=work_id ;;
    'beta:environments:work heartbeat'\ *) text=work_id ;;
    'beta:environments:work stop'\ *) text=work_id ;;
    'beta:environments:work list'\ 0) text=environment_id ;;
    'beta:environments:work update'\ *) text=work_id ;;
    'beta:environments:work stats'\ 0) text=environment_id ;;
    'beta:worker poll'\ 0) text=environment ;;
    'beta:worker poll'\ *) text=file ;;
    'beta:worker check'\ 0) text=environment ;;
    'beta:worker check'\ *) text=file ;;
    apply\ *) text=file ;;
    diff\ *) text=file ;;
    edit\ 0) text=environment_id ;;
    export\ *) text=free ;;
    'profile get'\ 0) text='choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format' ;;
    'profile set'\ 0) text='choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format' ;;
    'profile set'\ 1) text=free ;;
    'profile unset'\ 0) text='choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format' ;;
    'profile activate'\ 0) text=profile ;;
    'profile create'\ 0) text=free ;;
    'profile rename'\ 0) text=profile ;;
    'profile rename'\ 1) text=free ;;
    'profile delete'\ 0) text=profile ;;
    'emulator exec'\ *) text=file ;;
    'emulator env'\ 0) text=emulator_environment_id ;;
    'emulator script'\ 0) text=file ;;
    'emulator session show'\ 0) text=free ;;
    'emulator enqueue'\ 0) text=emulator_environment_id ;;
    'emulator key'\ 0) text=emulator_environment_id ;;
    completion\ 0) text='choices bash zsh fish powershell' ;;
    help\ *) text=free ;;
  esac
  kind=$text
}

# Put into words what was typed up to the cursor; the last of them is to be completed.
# Bash has split the line at the colons, equals signs and @ as well: pieces without a blank before them belong
# to the word before.
_ant_words() {
  local line=${COMP_LINE:0:COMP_POINT} blank piece i
  words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    blank=${line%%[![:blank:]]*}
    line=${line:${#blank}}
    if ((i == 0)) || [[ -n $blank ]]; then
      words[${#words[@]}]=
    fi
    piece=${COMP_WORDS[i]}
    if ((i == COMP_CWORD)); then
      piece=$line
    fi
    words[${#words[@]} - 1]+=$piece
    line=${line:${#piece}}
  done
}

# Put into command the command that the words before the last name, into position how many arguments it has, and
# into kind what the flag before the last word takes, if that word is its value.
_ant_walk() {
  local word reply
  command='' position=0 kind=
  for word in "${words[@]:1:${#words[@]}-2}"; do
    word=${word//[\'\"]/}
    if [[ -n $kind ]]; then
      kind=
    elif [[ $word == -*=* ]]; then
      continue
    elif [[ $word == -?* ]]; then
      _ant_kind_of_flag "$command" "$word"
      case $kind in plain | boolean) kind= ;; esac
    else
      _ant_subcommands "$command"
      if [[ " ${reply[*]} " == *" $word "* ]]; then
        command=${command:+$command }$word
      else
        position=$((position + 1))
      fi
    fi
  done
}

# Offer those of the words after $2 that begin with $2, behind the text $1.
# Readline replaces only what follows the last character at which it splits words, and an @ itself as well. It
# splits nothing after an opening quote.
_ant_offer() {
  local before=$1 typed=$2 breaks=${COMP_WORDBREAKS//[!:=@]/} word kept=
  shift 2
  if [[ -z $quote && -n $breaks && $before$typed == *[$breaks]* ]]; then
    kept=$before$typed
    kept=${kept%"${kept##*["$breaks"]}"}
    kept=${kept%@}
  fi
  for word in "$@"; do
    if [[ $word == "$typed"* ]]; then
      word=$before$word
      COMPREPLY[${#COMPREPLY[@]}]=${word#"$kept"}
    fi
  done
}

# Offer the files whose names begin with $2. Readline quotes them, and sees which are folders.
_ant_offer_files() {
  local name names=()
  if ! compopt -o filenames 2>/dev/null; then # bash 3.2: it can't quote names
    _ant_offer_files_behind '' "$1"
    return
  fi
  while IFS= read -r name; do
    names[${#names[@]}]=$name
  done < <(compgen -f -- "${1//\\/}")
  _ant_offer '' "${1//\\/}" ${names[@]+"${names[@]}"}
}

# Print a text as it has to be typed; after an opening quote, as it is.
_ant_quoted() {
  if [[ -n $quote ]]; then printf %s "$1"; else printf %q "$1"; fi
}

# Offer the same behind the text $1, which readline would take for a part of the names.
_ant_offer_files_behind() {
  local name typed names=()
  while IFS= read -r name; do
    if [[ -d $name ]]; then
      name+=/
      compopt -o nospace 2>/dev/null
    fi
    names[${#names[@]}]=$(_ant_quoted "$name")
  done < <(compgen -f -- "${2//\\/}")
  typed=$(_ant_quoted "${2//\\/}")
  _ant_offer "$1" "${typed#"''"}" ${names[@]+"${names[@]}"}
}

# Offer files where $2 begins with @, behind the text $1.
_ant_offer_files_after_at() {
  local at
  for at in @file:// @data:// @; do
    if [[ $2 == "$at"* ]]; then
      _ant_offer_files_behind "$1$at" "${2#"$at"}"
      return
    fi
  done
}

# Offer the names of the profiles. A name with other characters is none that `ant` accepts, and bash may run it.
_ant_offer_profiles() {
  local line store=${ANTHROPIC_CONFIG_DIR:-$HOME/.config/anthropic}/profiles.toml
  [[ -r $store ]] || return
  while IFS= read -r line; do
    if [[ $line == "[profiles."*"]" ]]; then
      line=${line#"[profiles."}
      line=${line%"]"}
      line=${line//\"/}
      if [[ $line != *[!A-Za-z0-9_.@-]* ]]; then
        _ant_offer "$1" "$2" "$line"
      fi
    fi
  done <"$store"
}

# Offer the IDs of the kind $3: those that begin with $2 or, if there are none, those of a name that does.
# The words are as they were typed, so their quotes are taken off.
_ant_offer_ids() {
  local line id name ids=() names=() named_ids=() named=() typed_words=("${words[@]//[\'\"]/}")
  while IFS= read -r line; do
    id=${line%%$'\t'*}
    name=${line#*$'\t'}
    if [[ $id == "$2"* ]]; then
      ids[${#ids[@]}]=$id
      names[${#names[@]}]=$name
    elif [[ $name == "${2//\\/}"* ]]; then
      named_ids[${#named_ids[@]}]=$id
      named[${#named[@]}]=$name
    fi
  done < <("${words[0]/#\~/$HOME}" __complete "$3" "${typed_words[@]:1}" </dev/null 2>/dev/null)
  if ((${#ids[@]})); then
    _ant_offer_listed_ids "$1" "$2"
  elif ((${#named[@]})); then
    _ant_offer_ids_of_names "$1" "$2"
  fi
}

# Offer the ids. Where readline lists several and inserts only what they have in common, each is followed by its name.
_ant_offer_listed_ids() {
  local i first=${#COMPREPLY[@]}
  _ant_offer "$1" "$2" "${ids[@]}"
  case ${COMP_TYPE-} in 33 | 63 | 64) ;; *) return ;; esac # bash 3.2 has no COMP_TYPE
  if ((${#ids[@]} > 1)); then
    for i in "${!ids[@]}"; do
      COMPREPLY[first + i]+=${names[i]:+  ${names[i]}}
    done
  fi
}

# Offer the named_ids in place of the name that was typed. Several are listed, and what was typed stays: a blank
# has nothing in common with the others. One is listed, too, if its name has a character at which readline splits
# words, such as a colon, because readline can't replace what precedes that.
_ant_offer_ids_of_names() {
  local i breaks=${COMP_WORDBREAKS//[!:=@]/} fixed=
  if [[ -z $quote && -n $breaks && $2 == *[$breaks]* ]]; then
    fixed=fixed
  fi
  case $fixed${#named[@]},${COMP_TYPE-} in
    1,* | [1-9]*,37 | [1-9]*,42) _ant_offer "$1" '' "${named_ids[@]}" ;; # 37 and 42 insert them, one by one or all
    fixed*,37 | fixed*,42) ;;
    *)
      COMPREPLY=(' ')
      for i in "${!named[@]}"; do
        COMPREPLY[i + 1]="${named[i]}  ${named_ids[i]}"
      done
      ;;
  esac
}

# Offer what is of the kind $3 and begins with $2, behind the text $1.
_ant_offer_kind() {
  case $3 in
    choices\ *)
      local choices
      read -r -a choices <<<"${3#choices }"
      _ant_offer "$1" "$2" "${choices[@]}"
      ;;
    boolean) _ant_offer "$1" "$2" true false ;;
    file) if [[ -n $1 ]]; then _ant_offer_files_behind "$1" "$2"; else _ant_offer_files "$2"; fi ;;
    text) _ant_offer_files_after_at "$1" "$2" ;;
    profile) _ant_offer_profiles "$1" "$2" ;;
    *_id) _ant_offer_ids "$1" "$2" "$3" ;;
  esac
}

_ant() {
  local words reply command position kind typed quote IFS=$' \t\n'
  COMPREPLY=()
  _ant_words
  _ant_walk
  typed=${words[${#words[@]} - 1]}
  quote=${typed%"${typed#[\'\"]}"}
  typed=${typed#"$quote"}
  if [[ -n $kind ]]; then
    _ant_offer_kind '' "$typed" "$kind"
  elif [[ $typed == --*=* ]]; then
    _ant_kind_of_flag "$command" "${typed%%=*}"
    _ant_offer_kind "${typed%%=*}=" "${typed#*=}" "$kind"
  elif [[ $typed == -* ]]; then
    _ant_flags "$command"
    _ant_offer '' "$typed" "${reply[@]}"
  else
    _ant_subcommands "$command"
    _ant_offer '' "$typed" ${reply[@]+"${reply[@]}"}
    _ant_kind_of_argument "$command" "$position"
    _ant_offer_kind '' "$typed" "$kind"
  fi
}

complete -F _ant ant
