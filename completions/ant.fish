# Completion of `ant` in fish 3.4 and later. Written by `python docs/generate.py`: don't edit it.
#
# Only IDs are fetched through `ant` itself. Everything else is here, so that completion is instant.

set -g __ant_commands \
    'beta:environments' \
    'beta:environments create' \
    'beta:environments retrieve' \
    'beta:environments update' \
    'beta:environments list' \
    'beta:environments delete' \
    'beta:environments archive' \
    'beta:environments:work' \
    'beta:environments:work retrieve' \
    'beta:environments:work poll' \
    'beta:environments:work ack' \
    'beta:environments:work heartbeat' \
    'beta:environments:work stop' \
    'beta:environments:work list' \
    'beta:environments:work update' \
    'beta:environments:work stats' \
    'beta:worker' \
    'beta:worker poll' \
    'beta:worker run' \
    'beta:worker exporter' \
    'apply' \
    'diff' \
    'edit' \
    'export' \
    'schema' \
    'schema environment' \
    'auth' \
    'auth login' \
    'auth status' \
    'auth token' \
    'auth print-credentials' \
    'auth logout' \
    'profile' \
    'profile list' \
    'profile get' \
    'profile set' \
    'profile unset' \
    'profile activate' \
    'profile deactivate' \
    'profile create' \
    'profile rename' \
    'profile delete' \
    'emulator' \
    'emulator start' \
    'emulator env' \
    'emulator status' \
    'emulator stop' \
    'emulator session' \
    'emulator session create' \
    'emulator session show' \
    'emulator enqueue' \
    'emulator key' \
    'emulator clock' \
    'emulator reset' \
    'emulator fault' \
    'completion' \
    'help' \
    'help input' \
    'help output' \
    'help lists' \
    'help flags' \
    'help exit-codes' \
    'help environment' \
    'help worker' \
    'help profiles' \
    'help official' \
    'help config' \
    'help beta:environments' \
    'help beta:environments create' \
    'help beta:environments retrieve' \
    'help beta:environments update' \
    'help beta:environments list' \
    'help beta:environments delete' \
    'help beta:environments archive' \
    'help beta:environments:work' \
    'help beta:environments:work retrieve' \
    'help beta:environments:work poll' \
    'help beta:environments:work ack' \
    'help beta:environments:work heartbeat' \
    'help beta:environments:work stop' \
    'help beta:environments:work list' \
    'help beta:environments:work update' \
    'help beta:environments:work stats' \
    'help beta:worker' \
    'help beta:worker poll' \
    'help beta:worker run' \
    'help beta:worker exporter' \
    'help apply' \
    'help diff' \
    'help edit' \
    'help export' \
    'help schema' \
    'help schema environment' \
    'help auth' \
    'help auth login' \
    'help auth status' \
    'help auth token' \
    'help auth print-credentials' \
    'help auth logout' \
    'help profile' \
    'help profile list' \
    'help profile get' \
    'help profile set' \
    'help profile unset' \
    'help profile activate' \
    'help profile deactivate' \
    'help profile create' \
    'help profile rename' \
    'help profile delete' \
    'help emulator' \
    'help emulator start' \
    'help emulator env' \
    'help emulator status' \
    'help emulator stop' \
    'help emulator session' \
    'help emulator session create' \
    'help emulator session show' \
    'help emulator enqueue' \
    'help emulator key' \
    'help emulator clock' \
    'help emulator reset' \
    'help emulator fault' \
    'help completion' \
    ''

set -g __ant_booleans \
    --api-key-stdin \
    --auth-token-stdin \
    --local \
    --debug \
    --raw-output \
    --dry-run \
    --fail-fast \
    --watch \
    --include-archived \
    --slurp \
    --yes \
    --force \
    --no-auto-stop \
    --pass-api-key \
    --only \
    --exit-code \
    --adopt \
    --delete-archived \
    --prune \
    --allow-origin-change \
    --validate \
    --strict \
    --upgrade \
    --all \
    --no-verify \
    --keyring \
    --check \
    --access-token \
    --env \
    --any-credential \
    --detach \
    --no-secret \
    --disconnect \
    --list \
    --clear \
    ''

set -g __ant_valued_flags \
    --environment-id \
    --environment-id \
    --environment-id \
    --environment-id \
    --work-id \
    --api-key \
    --auth-token \
    --federation-rule \
    --identity-token \
    --organization-id \
    --service-account-id \
    --base-url \
    --workspace-id \
    --timeout \
    --max-retries \
    --transform \
    --columns \
    --transform-error \
    --parallel \
    --until \
    --every \
    --for \
    --add \
    --remove \
    --set \
    --limit \
    --filter \
    --max-items \
    --block-ms \
    --reclaim-older-than-ms \
    --desired-ttl-seconds \
    --environment-key \
    --worker-id \
    --max-idle \
    --concurrency \
    --lease \
    --attempts \
    --metadata-key \
    --item-timeout \
    --drain-timeout \
    --kill-timeout \
    --exit-when-idle \
    --listen \
    --session-id \
    --cache \
    --api-key-command \
    --host \
    --port \
    --lease-seconds \
    --wait \
    --title \
    --count \
    --advance-ms \
    --now \
    --path-contains \
    --method \
    --status \
    --times \
    --retry-after-ms \
    --delay-ms \
    --after \
    --body-delay-ms \
    --cut-after-events \
    --identity-token-file \
    --file \
    -f \
    --on-work \
    --workdir \
    --work-secret-file \
    --lock-file \
    --save-plan \
    --plan \
    --directory \
    --database \
    --script \
    --profile \
    --format \
    --format-error \
    --name \
    --config \
    --config.networking \
    --config.packages \
    --description \
    --metadata \
    --beta \
    --page \
    --anthropic-worker-id \
    --expected-last-heartbeat \
    --config.type \
    --scope \
    --environment-id \
    --work-id \
    --log-format \
    --heartbeat \
    --on-failure \
    --type \
    ''

# Print the words before the cursor, without `ant`.
function __ant_words
    set -l words (commandline -xpc 2>/dev/null; or commandline -opc)
    printf '%s\n' $words[2..]
end

# Print how many arguments stand before the cursor, and then the words of the command.
function __ant_command
    set -l command
    set -l position 0
    set -l is_value no
    for word in (__ant_words)
        if test $is_value = yes
            set is_value no
        else if string match -q -- '-*' $word
            contains -- $word $__ant_valued_flags; and set is_value yes
        else if contains -- "$(string join ' ' $command $word)" $__ant_commands
            set -a command $word
        else
            set position (math $position + 1)
        end
    end
    printf '%s\n' $position $command
end

# Succeed if the words before the cursor are the command after $argv[1], with as many arguments as $argv[1] says.
function __ant_at
    set -l found (__ant_command)
    contains -- $argv[1] any $found[1]; and test "$found[2..]" = "$argv[2..]"
end

# Succeed likewise, if the word at the cursor is an argument.
function __ant_at_argument
    not string match -q -- '-*' (commandline -ct); and __ant_at $argv
end

# Print the files after @ in the word at the cursor, which may be the value of a flag.
function __ant_files_after_at
    set -l typed (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    for at in @file:// @data:// @
        if string match -q -- "$at*" $typed
            set -l files (__fish_complete_path (string replace -- $at '' $typed))
            string replace -r -- '^' $at $files
            return
        end
    end
end

# Print the names of the profiles.
function __ant_profiles
    set -l folder ~/.config/anthropic
    set -q ANTHROPIC_CONFIG_DIR[1]; and test -n "$ANTHROPIC_CONFIG_DIR"; and set folder $ANTHROPIC_CONFIG_DIR
    test -r $folder/profiles.toml; or return
    string match -rg '^\[profiles\."?(.*?)"?\]$' <$folder/profiles.toml
end

# Print the IDs of a kind, with what they name. If what was typed begins no ID, but names, print those with their IDs.
# Fish would insert the name; so if there is only one, its ID takes the place of the word here.
function __ant_ids
    set -l ant (commandline -opc)[1]
    set -l word (commandline -ct)
    set -l flag (string match -r -- '^--[^=]*=' $word)
    set -l typed (string escape --style=regex -- (string unescape -- (string replace -- "$flag" '' $word)))
    set -l lines ($ant __complete $argv[1] (__ant_words) $word </dev/null 2>/dev/null)
    set -l named (string match -r -- '^[^\t]*\t'"$typed.*" $lines)
    if test -z "$named"; or string match -rq -- "^$typed" $lines
        printf '%s\n' $lines
    else if test (count $named) -eq 1
        commandline -rt -- "$flag"(string replace -r '\t.*' ' ' -- $named)
    else
        string replace -r '([^\t]*)\t(.*)' '$2\t$1' -- $named
    end
end

# Print what may be attached to the flag at the cursor, if it takes no value otherwise.
function __ant_boolean_values
    set -l flag (string match -rg -- '^(--[^=]+)=' (commandline -ct))
    contains -- "$flag" $__ant_booleans; and printf '%s\n' $flag={true,false}
end

complete -c ant -f -a '(__ant_boolean_values)'
complete -c ant -n '__ant_at any' -f -a 'beta:environments' -d 'Manage environments, the templates for sandboxes'
complete -c ant -n '__ant_at any' -f -a 'beta:environments:work' -d 'Process the work queue of a self-hosted environment'
complete -c ant -n '__ant_at any' -f -a 'beta:worker' -d 'Run the work of a self-hosted environment'
complete -c ant -n '__ant_at any' -f -a 'apply' -d 'Create and update environments to match files'
complete -c ant -n '__ant_at any' -f -a 'diff' -d 'Show what `ant apply` would change'
complete -c ant -n '__ant_at any' -f -a 'edit' -d 'Change an environment in your editor'
complete -c ant -n '__ant_at any' -f -a 'export' -d 'Write environments to files that `ant apply` reads'
complete -c ant -n '__ant_at any' -f -a 'schema' -d 'Print JSON schemas, for editors and checks'
complete -c ant -n '__ant_at any' -f -a 'auth' -d 'Log in, log out, and see which key is used and why'
complete -c ant -n '__ant_at any' -f -a 'profile' -d 'Manage profiles (named keys and settings)'
complete -c ant -n '__ant_at any' -f -a 'emulator' -d 'Run the built-in emulator of the API, and inject faults'
complete -c ant -n '__ant_at any' -f -a 'completion' -d 'Print a shell completion script'
complete -c ant -n '__ant_at any' -f -a 'help' -d 'Show help on a topic, or on a command'
complete -c ant -n '__ant_at any beta:environments' -f -a 'create' -d 'Create an environment'
complete -c ant -n '__ant_at any beta:environments' -f -a 'retrieve' -d 'Show one environment'
complete -c ant -n '__ant_at any beta:environments' -f -a 'update' -d 'Change fields of an environment; all others keep their values'
complete -c ant -n '__ant_at any beta:environments' -f -a 'list' -d 'List environments, the newest first'
complete -c ant -n '__ant_at any beta:environments' -f -a 'delete' -d 'Delete an environment for good'
complete -c ant -n '__ant_at any beta:environments' -f -a 'archive' -d 'Archive an environment: it stays readable, but new sessions can\'t use it'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'retrieve' -d 'Show one work item'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'poll' -d 'Take the next work item of a queue; null if the queue is empty'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'ack' -d 'Acknowledge a work item, so that no other worker gets it'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'heartbeat' -d 'Extend the lease on a work item'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'stop' -d 'Stop a work item, gracefully or immediately'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'list' -d 'List the work items of an environment, the newest first'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'update' -d 'Set and delete metadata keys of a work item'
complete -c ant -n '__ant_at any beta:environments:work' -f -a 'stats' -d 'Show queue statistics'
complete -c ant -n '__ant_at any beta:worker' -f -a 'poll' -d 'Run a handler for each work item, until a signal; see `ant help worker`'
complete -c ant -n '__ant_at any beta:worker' -f -a 'run' -d 'Run the tools of one claimed item\'s session in this process; for containers'
complete -c ant -n '__ant_at any beta:worker' -f -a 'exporter' -d 'Serve queue statistics to Prometheus and KEDA, until a signal'
complete -c ant -n '__ant_at any schema' -f -a 'environment' -d 'Print the JSON schema of an environment\'s file'
complete -c ant -n '__ant_at any auth' -f -a 'login' -d 'Store a key in a profile'
complete -c ant -n '__ant_at any auth' -f -a 'status' -d 'Show where credentials were found, which one is used, and why'
complete -c ant -n '__ant_at any auth' -f -a 'token' -d 'Print only the credential that is used, for other tools'
complete -c ant -n '__ant_at any auth' -f -a 'print-credentials' -d 'Print the credential of a profile or federation for other tools'
complete -c ant -n '__ant_at any auth' -f -a 'logout' -d 'Remove the credentials of a profile; its other settings stay'
complete -c ant -n '__ant_at any profile' -f -a 'list' -d 'List the profiles, with a * before the active one'
complete -c ant -n '__ant_at any profile' -f -a 'get' -d 'Print one value of a profile, or all of them, with secrets masked'
complete -c ant -n '__ant_at any profile' -f -a 'set' -d 'Set a value of a profile'
complete -c ant -n '__ant_at any profile' -f -a 'unset' -d 'Remove a value of a profile'
complete -c ant -n '__ant_at any profile' -f -a 'activate' -d 'Use a profile from now on, unless a flag or a variable names another one'
complete -c ant -n '__ant_at any profile' -f -a 'deactivate' -d 'Use no profile from now on, unless a flag or a variable names one'
complete -c ant -n '__ant_at any profile' -f -a 'create' -d 'Create a profile'
complete -c ant -n '__ant_at any profile' -f -a 'rename' -d 'Give a profile another name'
complete -c ant -n '__ant_at any profile' -f -a 'delete' -d 'Delete a profile, with its key'
complete -c ant -n '__ant_at any emulator' -f -a 'start' -d 'Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens'
complete -c ant -n '__ant_at any emulator' -f -a 'env' -d 'Print variables that point clients to the running emulator, for a shell to evaluate'
complete -c ant -n '__ant_at any emulator' -f -a 'status' -d 'List the running emulators'
complete -c ant -n '__ant_at any emulator' -f -a 'stop' -d 'Stop the running emulator when the requests in progress are done'
complete -c ant -n '__ant_at any emulator' -f -a 'session' -d 'Create sessions whose agent follows a script, and show their events'
complete -c ant -n '__ant_at any emulator' -f -a 'enqueue' -d 'Put work in a queue, as a new session does in the real service'
complete -c ant -n '__ant_at any emulator' -f -a 'key' -d 'Print a key for the workers of an environment'
complete -c ant -n '__ant_at any emulator' -f -a 'clock' -d 'Show the emulator\'s clock, or move it, so that leases run out without waiting'
complete -c ant -n '__ant_at any emulator' -f -a 'reset' -d 'Delete everything in the emulator: environments, work, sessions and faults'
complete -c ant -n '__ant_at any emulator' -f -a 'fault' -d 'Make the next requests fail, to see how your program handles it'
complete -c ant -n '__ant_at any emulator session' -f -a 'create' -d 'Create a session whose agent follows a script, and put its work in the queue'
complete -c ant -n '__ant_at any emulator session' -f -a 'show' -d 'Print the events of a session, the oldest first'
complete -c ant -n '__ant_at any help' -f -a 'input' -d 'Flags, YAML, JSON, files and stdin'
complete -c ant -n '__ant_at any help' -f -a 'output' -d 'Formats, --transform, tables, and the terminal'
complete -c ant -n '__ant_at any help' -f -a 'lists' -d '--filter, --until and --watch'
complete -c ant -n '__ant_at any help' -f -a 'flags' -d 'The flags of every command of the API'
complete -c ant -n '__ant_at any help' -f -a 'exit-codes' -d 'Exit codes'
complete -c ant -n '__ant_at any help' -f -a 'environment' -d 'Environment variables'
complete -c ant -n '__ant_at any help' -f -a 'worker' -d 'Handlers of `ant beta:worker poll`, and signals'
complete -c ant -n '__ant_at any help' -f -a 'profiles' -d 'Profiles: named keys and settings'
complete -c ant -n '__ant_at any help' -f -a 'official' -d 'This `ant` next to the official one'
complete -c ant -n '__ant_at any help' -f -a 'config' -d 'The fields of an environment'
complete -c ant -n '__ant_at any help' -f -a 'beta:environments' -d 'Manage environments, the templates for sandboxes'
complete -c ant -n '__ant_at any help' -f -a 'beta:environments:work' -d 'Process the work queue of a self-hosted environment'
complete -c ant -n '__ant_at any help' -f -a 'beta:worker' -d 'Run the work of a self-hosted environment'
complete -c ant -n '__ant_at any help' -f -a 'apply' -d 'Create and update environments to match files'
complete -c ant -n '__ant_at any help' -f -a 'diff' -d 'Show what `ant apply` would change'
complete -c ant -n '__ant_at any help' -f -a 'edit' -d 'Change an environment in your editor'
complete -c ant -n '__ant_at any help' -f -a 'export' -d 'Write environments to files that `ant apply` reads'
complete -c ant -n '__ant_at any help' -f -a 'schema' -d 'Print JSON schemas, for editors and checks'
complete -c ant -n '__ant_at any help' -f -a 'auth' -d 'Log in, log out, and see which key is used and why'
complete -c ant -n '__ant_at any help' -f -a 'profile' -d 'Manage profiles (named keys and settings)'
complete -c ant -n '__ant_at any help' -f -a 'emulator' -d 'Run the built-in emulator of the API, and inject faults'
complete -c ant -n '__ant_at any help' -f -a 'completion' -d 'Print a shell completion script'
complete -c ant -n '__ant_at any help beta:environments' -f -a 'create' -d 'Create an environment'
complete -c ant -n '__ant_at any help beta:environments' -f -a 'retrieve' -d 'Show one environment'
complete -c ant -n '__ant_at any help beta:environments' -f -a 'update' -d 'Change fields of an environment; all others keep their values'
complete -c ant -n '__ant_at any help beta:environments' -f -a 'list' -d 'List environments, the newest first'
complete -c ant -n '__ant_at any help beta:environments' -f -a 'delete' -d 'Delete an environment for good'
complete -c ant -n '__ant_at any help beta:environments' -f -a 'archive' -d 'Archive an environment: it stays readable, but new sessions can\'t use it'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'retrieve' -d 'Show one work item'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'poll' -d 'Take the next work item of a queue; null if the queue is empty'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'ack' -d 'Acknowledge a work item, so that no other worker gets it'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'heartbeat' -d 'Extend the lease on a work item'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'stop' -d 'Stop a work item, gracefully or immediately'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'list' -d 'List the work items of an environment, the newest first'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'update' -d 'Set and delete metadata keys of a work item'
complete -c ant -n '__ant_at any help beta:environments:work' -f -a 'stats' -d 'Show queue statistics'
complete -c ant -n '__ant_at any help beta:worker' -f -a 'poll' -d 'Run a handler for each work item, until a signal; see `ant help worker`'
complete -c ant -n '__ant_at any help beta:worker' -f -a 'run' -d 'Run the tools of one claimed item\'s session in this process; for containers'
complete -c ant -n '__ant_at any help beta:worker' -f -a 'exporter' -d 'Serve queue statistics to Prometheus and KEDA, until a signal'
complete -c ant -n '__ant_at any help schema' -f -a 'environment' -d 'Print the JSON schema of an environment\'s file'
complete -c ant -n '__ant_at any help auth' -f -a 'login' -d 'Store a key in a profile'
complete -c ant -n '__ant_at any help auth' -f -a 'status' -d 'Show where credentials were found, which one is used, and why'
complete -c ant -n '__ant_at any help auth' -f -a 'token' -d 'Print only the credential that is used, for other tools'
complete -c ant -n '__ant_at any help auth' -f -a 'print-credentials' -d 'Print the credential of a profile or federation for other tools'
complete -c ant -n '__ant_at any help auth' -f -a 'logout' -d 'Remove the credentials of a profile; its other settings stay'
complete -c ant -n '__ant_at any help profile' -f -a 'list' -d 'List the profiles, with a * before the active one'
complete -c ant -n '__ant_at any help profile' -f -a 'get' -d 'Print one value of a profile, or all of them, with secrets masked'
complete -c ant -n '__ant_at any help profile' -f -a 'set' -d 'Set a value of a profile'
complete -c ant -n '__ant_at any help profile' -f -a 'unset' -d 'Remove a value of a profile'
complete -c ant -n '__ant_at any help profile' -f -a 'activate' -d 'Use a profile from now on, unless a flag or a variable names another one'
complete -c ant -n '__ant_at any help profile' -f -a 'deactivate' -d 'Use no profile from now on, unless a flag or a variable names one'
complete -c ant -n '__ant_at any help profile' -f -a 'create' -d 'Create a profile'
complete -c ant -n '__ant_at any help profile' -f -a 'rename' -d 'Give a profile another name'
complete -c ant -n '__ant_at any help profile' -f -a 'delete' -d 'Delete a profile, with its key'
complete -c ant -n '__ant_at any help emulator' -f -a 'start' -d 'Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens'
complete -c ant -n '__ant_at any help emulator' -f -a 'env' -d 'Print variables that point clients to the running emulator, for a shell to evaluate'
complete -c ant -n '__ant_at any help emulator' -f -a 'status' -d 'List the running emulators'
complete -c ant -n '__ant_at any help emulator' -f -a 'stop' -d 'Stop the running emulator when the requests in progress are done'
complete -c ant -n '__ant_at any help emulator' -f -a 'session' -d 'Create sessions whose agent follows a script, and show their events'
complete -c ant -n '__ant_at any help emulator' -f -a 'enqueue' -d 'Put work in a queue, as a new session does in the real service'
complete -c ant -n '__ant_at any help emulator' -f -a 'key' -d 'Print a key for the workers of an environment'
complete -c ant -n '__ant_at any help emulator' -f -a 'clock' -d 'Show the emulator\'s clock, or move it, so that leases run out without waiting'
complete -c ant -n '__ant_at any help emulator' -f -a 'reset' -d 'Delete everything in the emulator: environments, work, sessions and faults'
complete -c ant -n '__ant_at any help emulator' -f -a 'fault' -d 'Make the next requests fail, to see how your program handles it'
complete -c ant -n '__ant_at any help emulator session' -f -a 'create' -d 'Create a session whose agent follows a script, and put its work in the queue'
complete -c ant -n '__ant_at any help emulator session' -f -a 'show' -d 'Print the events of a session, the oldest first'
complete -c ant -n '__ant_at any' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any' -l version -s v -f -d 'Show the version'
complete -c ant -n '__ant_at any' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments create' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments create' -l name -x -a '(__ant_files_after_at)' -d 'Name of the environment'
complete -c ant -n '__ant_at any beta:environments create' -l config -x -a '(__ant_files_after_at)' -d 'Where its sandboxes run: {type: cloud, networking: ..., packages: ...} or {type: self_hosted}'
complete -c ant -n '__ant_at any beta:environments create' -l config.type -x -a 'cloud\\t self_hosted\\t' -d 'Only the type'
complete -c ant -n '__ant_at any beta:environments create' -l config.networking -x -a '(__ant_files_after_at)' -d 'Only the network policy, {type: limited, ...}'
complete -c ant -n '__ant_at any beta:environments create' -l config.packages -x -a '(__ant_files_after_at)' -d 'Only the packages, {pip: [pandas]}'
complete -c ant -n '__ant_at any beta:environments create' -l description -x -a '(__ant_files_after_at)' -d 'Description of the environment'
complete -c ant -n '__ant_at any beta:environments create' -l metadata -x -a '(__ant_files_after_at)' -d 'Your own keys and values, all strings: team=data, repeated, or {team: data, tier: \'1\'}'
complete -c ant -n '__ant_at any beta:environments create' -l scope -x -a 'organization\\t account\\t' -d 'Who can see a self-hosted one'
complete -c ant -n '__ant_at any beta:environments create' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments create' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments create' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments create' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments create' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments create' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments create' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments create' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments create' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments create' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments create' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments create' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments create' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments create' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments create' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments create' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments create' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments create' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments create' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments create' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments create' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments create' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments create' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments create' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments create' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments create' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments create' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments retrieve' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments retrieve' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The environment\'s ID, which begins with env_'
complete -c ant -n '__ant_at any beta:environments retrieve' -l until -x -d 'Repeat until this holds: \'state=="archived"\''
complete -c ant -n '__ant_at any beta:environments retrieve' -l watch -f -d 'Repeat the request, and mark what changed'
complete -c ant -n '__ant_at any beta:environments retrieve' -l every -x -d 'The time between requests'
complete -c ant -n '__ant_at any beta:environments retrieve' -l for -x -d 'Stop after this time; --until then exits with 8'
complete -c ant -n '__ant_at any beta:environments retrieve' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments retrieve' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments retrieve' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments retrieve' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments retrieve' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments retrieve' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments retrieve' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments retrieve' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments retrieve' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments retrieve' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments retrieve' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments retrieve' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments retrieve' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments retrieve' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments retrieve' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments retrieve' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments retrieve' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments retrieve' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments retrieve' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments retrieve' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments retrieve' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments retrieve' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments retrieve' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments retrieve' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments retrieve' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments retrieve' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments retrieve' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments update' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments update' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The environment\'s ID, which begins with env_'
complete -c ant -n '__ant_at any beta:environments update' -l name -x -a '(__ant_files_after_at)' -d 'A new name'
complete -c ant -n '__ant_at any beta:environments update' -l config -x -a '(__ant_files_after_at)' -d 'Settings of its sandboxes; others keep their values'
complete -c ant -n '__ant_at any beta:environments update' -l config.type -x -a 'cloud\\t self_hosted\\t' -d 'Only the type'
complete -c ant -n '__ant_at any beta:environments update' -l config.networking -x -a '(__ant_files_after_at)' -d 'Only the network policy, {type: limited, ...}'
complete -c ant -n '__ant_at any beta:environments update' -l config.packages -x -a '(__ant_files_after_at)' -d 'Only the packages, {pip: [pandas]}'
complete -c ant -n '__ant_at any beta:environments update' -l description -x -a '(__ant_files_after_at)' -d 'A new description; null removes it'
complete -c ant -n '__ant_at any beta:environments update' -l metadata -x -a '(__ant_files_after_at)' -d 'Keys to set (tier=2) or to delete (tier=), repeated; or all in one: {tier: \'2\', team: null}'
complete -c ant -n '__ant_at any beta:environments update' -l scope -x -a 'organization\\t account\\t' -d 'Who can see it'
complete -c ant -n '__ant_at any beta:environments update' -l add -x -d 'Add to a list or set a key: packages.pip=polars; repeated'
complete -c ant -n '__ant_at any beta:environments update' -l remove -x -d 'Remove from a list: packages.pip=pandas, or metadata.KEY'
complete -c ant -n '__ant_at any beta:environments update' -l set -x -d 'Set a package or a key: packages.pip=pandas==2.3'
complete -c ant -n '__ant_at any beta:environments update' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments update' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments update' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments update' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments update' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments update' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments update' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments update' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments update' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments update' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments update' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments update' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments update' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments update' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments update' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments update' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments update' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments update' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments update' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments update' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments update' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments update' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments update' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments update' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments update' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments update' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments update' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments list' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments list' -l include-archived -f -d 'List archived environments too'
complete -c ant -n '__ant_at any beta:environments list' -l limit -x -d 'Items per page; every page is fetched anyway'
complete -c ant -n '__ant_at any beta:environments list' -l page -x -a '(__ant_files_after_at)' -d 'Start at this cursor, the next_page of an earlier response'
complete -c ant -n '__ant_at any beta:environments list' -l filter -x -d 'List items that match: \'name%"tmp-*"\', \'created_at<now-7d\''
complete -c ant -n '__ant_at any beta:environments list' -l max-items -x -d 'Stop after this many items; -1 for all of them'
complete -c ant -n '__ant_at any beta:environments list' -l slurp -f -d 'Collect all items, and print them as one JSON array'
complete -c ant -n '__ant_at any beta:environments list' -l until -x -d 'Repeat until this holds for the list: \'#==0\', \'#.name=="demo"\''
complete -c ant -n '__ant_at any beta:environments list' -l watch -f -d 'Repeat the request, and mark what changed'
complete -c ant -n '__ant_at any beta:environments list' -l every -x -d 'The time between requests'
complete -c ant -n '__ant_at any beta:environments list' -l for -x -d 'Stop after this time; --until then exits with 8'
complete -c ant -n '__ant_at any beta:environments list' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments list' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments list' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments list' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments list' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments list' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments list' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments list' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments list' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments list' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments list' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments list' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments list' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments list' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments list' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments list' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments list' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments list' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments list' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments list' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments list' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments list' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments list' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments list' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments list' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments delete' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments delete' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The environment\'s ID, which begins with env_'
complete -c ant -n '__ant_at any beta:environments delete' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments delete' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments delete' -l yes -f -d 'Do not ask for confirmation at a terminal'
complete -c ant -n '__ant_at any beta:environments delete' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments delete' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments delete' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments delete' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments delete' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments delete' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments delete' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments delete' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments delete' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments delete' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments delete' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments delete' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments delete' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments delete' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments delete' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments delete' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments delete' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments delete' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments delete' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments delete' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments delete' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments delete' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments delete' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments delete' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments delete' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments archive' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments archive' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The environment\'s ID, which begins with env_'
complete -c ant -n '__ant_at any beta:environments archive' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments archive' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments archive' -l yes -f -d 'Do not ask for confirmation at a terminal'
complete -c ant -n '__ant_at any beta:environments archive' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments archive' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments archive' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments archive' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments archive' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments archive' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments archive' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments archive' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments archive' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments archive' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments archive' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments archive' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments archive' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments archive' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments archive' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments archive' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments archive' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments archive' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments archive' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments archive' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments archive' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments archive' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments archive' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments archive' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments archive' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the environment that the work belongs to'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l work-id -x -a '(__ant_ids work_id)' -d 'The work item\'s ID'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l until -x -d 'Repeat until this holds: \'state=="archived"\''
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l watch -f -d 'Repeat the request, and mark what changed'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l every -x -d 'The time between requests'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l for -x -d 'Stop after this time; --until then exits with 8'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work retrieve' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work poll' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work poll' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the self-hosted environment'
complete -c ant -n '__ant_at any beta:environments:work poll' -l block-ms -x -d 'Milliseconds to wait for work to arrive, 1 to 999'
complete -c ant -n '__ant_at any beta:environments:work poll' -l reclaim-older-than-ms -x -d 'Also take items that another worker got this many milliseconds ago but never acknowledged'
complete -c ant -n '__ant_at any beta:environments:work poll' -l anthropic-worker-id -x -a '(__ant_files_after_at)' -d 'A name for this worker, unique in the environment; the queue\'s statistics count workers by name'
complete -c ant -n '__ant_at any beta:environments:work poll' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work poll' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work poll' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work poll' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work poll' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work poll' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work poll' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work poll' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work poll' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work poll' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work poll' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work poll' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work poll' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work poll' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work poll' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work poll' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work poll' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work poll' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work poll' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work poll' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work poll' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work poll' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work poll' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work poll' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work poll' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work ack' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work ack' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the environment that the work belongs to'
complete -c ant -n '__ant_at any beta:environments:work ack' -l work-id -x -a '(__ant_ids work_id)' -d 'The work item\'s ID'
complete -c ant -n '__ant_at any beta:environments:work ack' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments:work ack' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments:work ack' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work ack' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work ack' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work ack' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work ack' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work ack' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work ack' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work ack' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work ack' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work ack' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work ack' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work ack' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work ack' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work ack' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work ack' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work ack' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work ack' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work ack' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work ack' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work ack' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work ack' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work ack' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work ack' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work ack' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work ack' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the environment that the work belongs to'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l work-id -x -a '(__ant_ids work_id)' -d 'The work item\'s ID'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l desired-ttl-seconds -x -d 'How many seconds the lease should last'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l expected-last-heartbeat -x -a '(__ant_files_after_at)' -d 'Extend the lease only if this was the last heartbeat: NO_HEARTBEAT for none, then the last_heartbeat of the previous response, exactly as returned'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work heartbeat' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work stop' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work stop' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the environment that the work belongs to'
complete -c ant -n '__ant_at any beta:environments:work stop' -l work-id -x -a '(__ant_ids work_id)' -d 'The work item\'s ID'
complete -c ant -n '__ant_at any beta:environments:work stop' -l force -f -d 'Stop it immediately, without a graceful shutdown'
complete -c ant -n '__ant_at any beta:environments:work stop' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments:work stop' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments:work stop' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work stop' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work stop' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work stop' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work stop' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work stop' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work stop' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work stop' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work stop' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work stop' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work stop' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work stop' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work stop' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work stop' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work stop' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work stop' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work stop' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work stop' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work stop' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work stop' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work stop' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work stop' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work stop' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work stop' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work stop' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work list' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work list' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the self-hosted environment'
complete -c ant -n '__ant_at any beta:environments:work list' -l limit -x -d 'Items per page; every page is fetched anyway'
complete -c ant -n '__ant_at any beta:environments:work list' -l page -x -a '(__ant_files_after_at)' -d 'Start at this cursor, the next_page of an earlier response'
complete -c ant -n '__ant_at any beta:environments:work list' -l filter -x -d 'List items that match: \'name%"tmp-*"\', \'created_at<now-7d\''
complete -c ant -n '__ant_at any beta:environments:work list' -l max-items -x -d 'Stop after this many items; -1 for all of them'
complete -c ant -n '__ant_at any beta:environments:work list' -l slurp -f -d 'Collect all items, and print them as one JSON array'
complete -c ant -n '__ant_at any beta:environments:work list' -l until -x -d 'Repeat until this holds for the list: \'#==0\', or idle: no item is queued, starting, active or stopping'
complete -c ant -n '__ant_at any beta:environments:work list' -l watch -f -d 'Repeat the request, and mark what changed'
complete -c ant -n '__ant_at any beta:environments:work list' -l every -x -d 'The time between requests'
complete -c ant -n '__ant_at any beta:environments:work list' -l for -x -d 'Stop after this time; --until then exits with 8'
complete -c ant -n '__ant_at any beta:environments:work list' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work list' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work list' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work list' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work list' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work list' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work list' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work list' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work list' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work list' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work list' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work list' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work list' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work list' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work list' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work list' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work list' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work list' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work list' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work list' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work list' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work list' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work list' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work list' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work list' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work update' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work update' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the environment that the work belongs to'
complete -c ant -n '__ant_at any beta:environments:work update' -l work-id -x -a '(__ant_ids work_id)' -d 'The work item\'s ID'
complete -c ant -n '__ant_at any beta:environments:work update' -l metadata -x -a '(__ant_files_after_at)' -d 'Keys to set (tier=2) or to delete (tier=), repeated; or all in one: {tier: \'2\', team: null}'
complete -c ant -n '__ant_at any beta:environments:work update' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments:work update' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments:work update' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work update' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work update' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work update' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work update' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work update' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work update' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work update' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work update' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work update' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work update' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work update' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work update' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work update' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work update' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work update' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work update' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work update' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work update' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work update' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work update' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work update' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work update' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work update' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work update' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:environments:work stats' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:environments:work stats' -l environment-id -x -a '(__ant_ids environment_id)' -d 'The ID of the self-hosted environment'
complete -c ant -n '__ant_at any beta:environments:work stats' -l until -x -d 'Repeat until this holds: \'state=="archived"\''
complete -c ant -n '__ant_at any beta:environments:work stats' -l watch -f -d 'Repeat the request, and mark what changed'
complete -c ant -n '__ant_at any beta:environments:work stats' -l every -x -d 'The time between requests'
complete -c ant -n '__ant_at any beta:environments:work stats' -l for -x -d 'Stop after this time; --until then exits with 8'
complete -c ant -n '__ant_at any beta:environments:work stats' -l parallel -x -d 'Requests at once, if there are several inputs'
complete -c ant -n '__ant_at any beta:environments:work stats' -l fail-fast -f -d 'With several inputs: send nothing after the first failure'
complete -c ant -n '__ant_at any beta:environments:work stats' -l beta -x -a '(__ant_files_after_at)' -d 'A beta version, in place of the default'
complete -c ant -n '__ant_at any beta:environments:work stats' -l file -s f -r -F -d 'Read the input from this file; - is stdin'
complete -c ant -n '__ant_at any beta:environments:work stats' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:environments:work stats' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:environments:work stats' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:environments:work stats' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:environments:work stats' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:environments:work stats' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:environments:work stats' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:environments:work stats' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:environments:work stats' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:environments:work stats' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:environments:work stats' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:environments:work stats' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:environments:work stats' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:environments:work stats' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:environments:work stats' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:environments:work stats' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:environments:work stats' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any beta:environments:work stats' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any beta:environments:work stats' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any beta:environments:work stats' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any beta:environments:work stats' -l format-error -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'Print the body of an API error on stdout, and how'
complete -c ant -n '__ant_at any beta:environments:work stats' -l transform-error -x -d 'Print what a GJSON path picks from the body of an API error'
complete -c ant -n '__ant_at any beta:environments:work stats' -l dry-run -f -d 'Print the request, with secrets hidden, and send nothing'
complete -c ant -n '__ant_at any beta:worker' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:worker poll' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:worker poll' -l environment-id -x -d 'The environment whose work is taken'
complete -c ant -n '__ant_at any beta:worker poll' -l environment-key -x -d 'Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
complete -c ant -n '__ant_at any beta:worker poll' -l worker-id -x -d 'A name for this worker, unique in the environment'
complete -c ant -n '__ant_at any beta:worker poll' -l on-work -r -F -d 'A handler without arguments, or the word in-process'
complete -c ant -n '__ant_at any beta:worker poll' -l workdir -r -F -d 'The folder in which sessions run'
complete -c ant -n '__ant_at any beta:worker poll' -l max-idle -x -d 'The longest idle time of a session'
complete -c ant -n '__ant_at any beta:worker poll' -l log-format -x -a 'auto\\t plain\\t text\\t json\\t' -d 'Format of the log'
complete -c ant -n '__ant_at any beta:worker poll' -l concurrency -x -d 'How many items run at once'
complete -c ant -n '__ant_at any beta:worker poll' -l heartbeat -x -a 'auto\\t always\\t never\\t' -d 'Who holds the leases'
complete -c ant -n '__ant_at any beta:worker poll' -l lease -x -d 'The length of a lease'
complete -c ant -n '__ant_at any beta:worker poll' -l attempts -x -d 'Give an item up after this many failures'
complete -c ant -n '__ant_at any beta:worker poll' -l metadata-key -x -d 'An API key, to count them in the item\'s metadata'
complete -c ant -n '__ant_at any beta:worker poll' -l on-failure -x -a 'retry\\t stop\\t' -d 'After a failure'
complete -c ant -n '__ant_at any beta:worker poll' -l no-auto-stop -f -d 'Don\'t stop the item after exit status 0'
complete -c ant -n '__ant_at any beta:worker poll' -l pass-api-key -f -d 'Leave API keys in the handler\'s environment'
complete -c ant -n '__ant_at any beta:worker poll' -l item-timeout -x -d 'The time limit of a handler'
complete -c ant -n '__ant_at any beta:worker poll' -l drain-timeout -x -d 'Time to finish items after a signal'
complete -c ant -n '__ant_at any beta:worker poll' -l kill-timeout -x -d 'The time from SIGTERM to SIGKILL'
complete -c ant -n '__ant_at any beta:worker poll' -l exit-when-idle -x -d 'Exit after this time without work'
complete -c ant -n '__ant_at any beta:worker poll' -l max-items -x -d 'Exit after this many items'
complete -c ant -n '__ant_at any beta:worker poll' -l listen -x -d 'Serve metrics and health checks at ADDRESS:PORT'
complete -c ant -n '__ant_at any beta:worker poll' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:worker poll' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:worker poll' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:worker poll' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:worker poll' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:worker poll' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:worker poll' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:worker run' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:worker run' -l session-id -x -d 'The session to run'
complete -c ant -n '__ant_at any beta:worker run' -l work-id -x -d 'Its work item'
complete -c ant -n '__ant_at any beta:worker run' -l environment-id -x -d 'The environment whose work is taken'
complete -c ant -n '__ant_at any beta:worker run' -l environment-key -x -d 'Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
complete -c ant -n '__ant_at any beta:worker run' -l work-secret-file -r -F -d 'A file with the item\'s secret, in place of the key'
complete -c ant -n '__ant_at any beta:worker run' -l workdir -r -F -d 'The folder in which sessions run'
complete -c ant -n '__ant_at any beta:worker run' -l max-idle -x -d 'The longest idle time of a session'
complete -c ant -n '__ant_at any beta:worker run' -l log-format -x -a 'auto\\t plain\\t text\\t json\\t' -d 'Format of the log'
complete -c ant -n '__ant_at any beta:worker run' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:worker run' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:worker run' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:worker run' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:worker run' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:worker run' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:worker run' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any beta:worker exporter' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any beta:worker exporter' -l environment-id -x -d 'The environment; separate several with commas'
complete -c ant -n '__ant_at any beta:worker exporter' -l environment-key -x -d 'Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
complete -c ant -n '__ant_at any beta:worker exporter' -l listen -x -d 'Where to serve, as ADDRESS:PORT'
complete -c ant -n '__ant_at any beta:worker exporter' -l cache -x -d 'How long statistics are kept'
complete -c ant -n '__ant_at any beta:worker exporter' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any beta:worker exporter' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any beta:worker exporter' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any beta:worker exporter' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any beta:worker exporter' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any beta:worker exporter' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any beta:worker exporter' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any beta:worker exporter' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any beta:worker exporter' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any beta:worker exporter' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any beta:worker exporter' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any beta:worker exporter' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any beta:worker exporter' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any beta:worker exporter' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any beta:worker exporter' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any beta:worker exporter' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any apply' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any apply' -l yes -s y -f -d 'Apply without asking'
complete -c ant -n '__ant_at any apply' -l dry-run -f -d 'Show the plan and change nothing'
complete -c ant -n '__ant_at any apply' -l only -f -d 'Only the named files, not all in the lock file'
complete -c ant -n '__ant_at any apply' -l exit-code -f -d 'With --dry-run: exit with 2 for changes, 1 if blocked'
complete -c ant -n '__ant_at any apply' -l adopt -f -d 'Take over environments of the same names'
complete -c ant -n '__ant_at any apply' -l delete-archived -f -d 'Delete archived ones of the same names for good'
complete -c ant -n '__ant_at any apply' -l force -f -d 'Overwrite outside changes, and recreate what is gone'
complete -c ant -n '__ant_at any apply' -l prune -f -d 'Archive environments whose files are gone'
complete -c ant -n '__ant_at any apply' -l allow-origin-change -f -d 'Accept and record another host or account'
complete -c ant -n '__ant_at any apply' -l lock-file -r -F -d 'The lock file'
complete -c ant -n '__ant_at any apply' -l save-plan -r -F -d 'With --dry-run: save the plan in a file'
complete -c ant -n '__ant_at any apply' -l plan -r -F -d 'Apply a saved plan, if nothing has changed since'
complete -c ant -n '__ant_at any apply' -l validate -f -d 'Check the files and send nothing'
complete -c ant -n '__ant_at any apply' -l strict -f -d 'Reject unknown fields and empty files'
complete -c ant -n '__ant_at any apply' -l upgrade -f -d 'No effect: in the official tool, it upgrades skills'
complete -c ant -n '__ant_at any apply' -l parallel -x -d 'Requests at once'
complete -c ant -n '__ant_at any apply' -l verbose -s v -f -d 'Show unchanged environments and all fields'
complete -c ant -n '__ant_at any apply' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any apply' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any apply' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any apply' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any apply' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any apply' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any apply' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any apply' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any apply' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any apply' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any apply' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any apply' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any apply' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any apply' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any apply' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any apply' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any apply' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any apply' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any apply' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any diff' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any diff' -l only -f -d 'Only the named files, not all in the lock file'
complete -c ant -n '__ant_at any diff' -l prune -f -d 'Archive environments whose files are gone'
complete -c ant -n '__ant_at any diff' -l lock-file -r -F -d 'The lock file'
complete -c ant -n '__ant_at any diff' -l strict -f -d 'Reject unknown fields and empty files'
complete -c ant -n '__ant_at any diff' -l parallel -x -d 'Requests at once'
complete -c ant -n '__ant_at any diff' -l verbose -s v -f -d 'Show unchanged environments and all fields'
complete -c ant -n '__ant_at any diff' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any diff' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any diff' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any diff' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any diff' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any diff' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any diff' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any diff' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any diff' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any diff' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any diff' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any diff' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any diff' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any diff' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any diff' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any diff' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any diff' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any diff' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any diff' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any edit' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any edit' -l dry-run -f -d 'Show what would change and send nothing'
complete -c ant -n '__ant_at any edit' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any edit' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any edit' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any edit' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any edit' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any edit' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any edit' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any edit' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any edit' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any edit' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any edit' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any edit' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any edit' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any edit' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any edit' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any edit' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any edit' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any edit' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any edit' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any export' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any export' -l all -f -d 'Every environment that is not archived'
complete -c ant -n '__ant_at any export' -l directory -r -F -d 'Where to write new files'
complete -c ant -n '__ant_at any export' -l force -f -d 'Overwrite files that exist'
complete -c ant -n '__ant_at any export' -l lock-file -r -F -d 'The lock file'
complete -c ant -n '__ant_at any export' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any export' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any export' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any export' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any export' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any export' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any export' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any export' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any export' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any export' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any export' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any export' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any export' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any export' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any export' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any export' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any export' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any export' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any export' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any schema' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any schema environment' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any schema environment' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any schema environment' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any schema environment' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any auth' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any auth login' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any auth login' -l no-verify -f -d 'Store it without sending a request that checks it'
complete -c ant -n '__ant_at any auth login' -l keyring -f -d 'Keep it in the operating system\'s credential store'
complete -c ant -n '__ant_at any auth login' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any auth login' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any auth login' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any auth login' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any auth login' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any auth login' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any auth login' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any auth login' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any auth login' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any auth status' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any auth status' -l check -f -d 'Send a request to check whether the server accepts the credential'
complete -c ant -n '__ant_at any auth status' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any auth status' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any auth status' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any auth status' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any auth status' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any auth status' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any auth status' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any auth status' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any auth status' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any auth status' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any auth status' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any auth status' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any auth status' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any auth status' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any auth status' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any auth status' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any auth status' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any auth status' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any auth status' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any auth status' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any auth token' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any auth token' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any auth token' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any auth token' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any auth token' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any auth token' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any auth token' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any auth token' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any auth token' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any auth token' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any auth token' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any auth token' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any auth token' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any auth token' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any auth token' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any auth token' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any auth token' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any auth print-credentials' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any auth print-credentials' -l access-token -f -d 'Print only the access token'
complete -c ant -n '__ant_at any auth print-credentials' -l env -f -d 'Print lines for a shell or a .env file: ANTHROPIC_AUTH_TOKEN=..'
complete -c ant -n '__ant_at any auth print-credentials' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any auth print-credentials' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any auth print-credentials' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any auth print-credentials' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any auth print-credentials' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any auth print-credentials' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any auth print-credentials' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any auth print-credentials' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any auth print-credentials' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any auth print-credentials' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any auth print-credentials' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any auth print-credentials' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any auth logout' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any auth logout' -l all -f -d 'Remove the credentials of all profiles'
complete -c ant -n '__ant_at any auth logout' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any profile' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile list' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile list' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any profile list' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any profile list' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any profile list' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any profile get' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile get' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any profile get' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any profile get' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any profile get' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any profile get' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any profile set' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile set' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any profile unset' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile unset' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any profile activate' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile deactivate' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile create' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile create' -l api-key-command -x -d 'A command that prints the key, run when it is needed'
complete -c ant -n '__ant_at any profile create' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any profile create' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any profile create' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any profile create' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any profile create' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any profile rename' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any profile delete' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator start' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator start' -l host -x -d 'The address to listen on'
complete -c ant -n '__ant_at any emulator start' -l port -x -d 'The port; 0 for any free one'
complete -c ant -n '__ant_at any emulator start' -l database -r -F -d 'The file of its data; :memory: keeps nothing'
complete -c ant -n '__ant_at any emulator start' -l lease-seconds -x -d 'How long a lease lasts by default'
complete -c ant -n '__ant_at any emulator start' -l organization-id -x -d 'The organization ID in the headers of responses'
complete -c ant -n '__ant_at any emulator start' -l workspace-id -x -d 'The workspace of the key; its ID is in the headers of responses'
complete -c ant -n '__ant_at any emulator start' -l any-credential -f -d 'Accept any kind of credential in every request'
complete -c ant -n '__ant_at any emulator start' -l detach -f -d 'Serve in the background; `ant emulator stop` ends it'
complete -c ant -n '__ant_at any emulator start' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator start' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator start' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator env' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator env' -l port -x -d 'The port of the emulator, if several are running'
complete -c ant -n '__ant_at any emulator env' -l wait -x -d 'Seconds to wait for one to start, from 0 to 3600'
complete -c ant -n '__ant_at any emulator status' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator status' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator status' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any emulator status' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any emulator status' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any emulator stop' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator stop' -l port -x -d 'The port of the emulator, if several are running'
complete -c ant -n '__ant_at any emulator stop' -l all -f -d 'Stop every running emulator'
complete -c ant -n '__ant_at any emulator session' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator session create' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator session create' -l environment-id -x -d 'A self-hosted environment'
complete -c ant -n '__ant_at any emulator session create' -l script -r -F -d 'A YAML or JSON file with the agent\'s steps; - for stdin'
complete -c ant -n '__ant_at any emulator session create' -l title -x -d 'The title of the session'
complete -c ant -n '__ant_at any emulator session create' -l metadata -x -a '(__ant_files_after_at)' -d 'Keys and values of each item'
complete -c ant -n '__ant_at any emulator session create' -l no-secret -f -d 'Leave out the secret that the API\'s polls return with the work'
complete -c ant -n '__ant_at any emulator session create' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any emulator session create' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator session create' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any emulator session create' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator session create' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any emulator session create' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any emulator session create' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any emulator session create' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any emulator session create' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any emulator session create' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any emulator session create' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any emulator session create' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any emulator session create' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any emulator session create' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any emulator session create' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any emulator session create' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any emulator session create' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator session create' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any emulator session create' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any emulator session create' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any emulator session show' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator session show' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any emulator session show' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator session show' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any emulator session show' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator session show' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any emulator session show' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any emulator session show' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any emulator session show' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any emulator session show' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any emulator session show' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any emulator session show' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any emulator session show' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any emulator session show' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any emulator session show' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any emulator session show' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any emulator session show' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any emulator session show' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator session show' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any emulator session show' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any emulator session show' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any emulator enqueue' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator enqueue' -l session-id -x -d 'The session of all items'
complete -c ant -n '__ant_at any emulator enqueue' -l count -x -d 'How many work items'
complete -c ant -n '__ant_at any emulator enqueue' -l metadata -x -a '(__ant_files_after_at)' -d 'Keys and values of each item'
complete -c ant -n '__ant_at any emulator enqueue' -l type -x -a 'session\\t healthcheck\\t' -d 'The type of the work'
complete -c ant -n '__ant_at any emulator enqueue' -l no-secret -f -d 'Leave out the secret that the API\'s polls return with the work'
complete -c ant -n '__ant_at any emulator enqueue' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any emulator enqueue' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator enqueue' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any emulator enqueue' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator enqueue' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any emulator enqueue' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any emulator enqueue' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any emulator enqueue' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any emulator enqueue' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any emulator enqueue' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any emulator enqueue' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any emulator enqueue' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any emulator enqueue' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any emulator enqueue' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any emulator enqueue' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any emulator enqueue' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any emulator enqueue' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator enqueue' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any emulator enqueue' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any emulator enqueue' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any emulator key' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator key' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any emulator key' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator key' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any emulator key' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator key' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any emulator key' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any emulator key' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any emulator key' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any emulator key' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any emulator key' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any emulator key' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any emulator key' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any emulator key' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any emulator key' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any emulator key' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any emulator key' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any emulator key' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator key' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any emulator key' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any emulator key' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any emulator clock' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator clock' -l advance-ms -x -d 'How many milliseconds to move it forward'
complete -c ant -n '__ant_at any emulator clock' -l now -x -d 'The time to set, such as 2026-03-15T10:00:00Z'
complete -c ant -n '__ant_at any emulator clock' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any emulator clock' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator clock' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any emulator clock' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator clock' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any emulator clock' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any emulator clock' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any emulator clock' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any emulator clock' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any emulator clock' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any emulator clock' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any emulator clock' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any emulator clock' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any emulator clock' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any emulator clock' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any emulator clock' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any emulator clock' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator clock' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any emulator clock' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any emulator clock' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any emulator reset' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator reset' -l yes -f -d 'Do not ask for confirmation at a terminal'
complete -c ant -n '__ant_at any emulator reset' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any emulator reset' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator reset' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any emulator reset' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator reset' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any emulator reset' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any emulator reset' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any emulator reset' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any emulator reset' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any emulator reset' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any emulator reset' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any emulator reset' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any emulator reset' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any emulator reset' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any emulator reset' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any emulator reset' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any emulator fault' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any emulator fault' -l path-contains -x -d 'Only requests whose path contains this, percent-encoded'
complete -c ant -n '__ant_at any emulator fault' -l method -x -d 'Only requests with this method: GET, POST or DELETE'
complete -c ant -n '__ant_at any emulator fault' -l status -x -d 'The status of the response'
complete -c ant -n '__ant_at any emulator fault' -l times -x -d 'How many requests fail'
complete -c ant -n '__ant_at any emulator fault' -l retry-after-ms -x -d 'The retry-after-ms header'
complete -c ant -n '__ant_at any emulator fault' -l delay-ms -x -d 'Delay of the response'
complete -c ant -n '__ant_at any emulator fault' -l disconnect -f -d 'Close the connection without a response'
complete -c ant -n '__ant_at any emulator fault' -l after -x -d 'How many succeed first'
complete -c ant -n '__ant_at any emulator fault' -l body-delay-ms -x -d 'Pause within a body, or at an event'
complete -c ant -n '__ant_at any emulator fault' -l cut-after-events -x -d 'Cut a stream after this many events'
complete -c ant -n '__ant_at any emulator fault' -l list -f -d 'List the remaining faults'
complete -c ant -n '__ant_at any emulator fault' -l clear -f -d 'Remove all faults'
complete -c ant -n '__ant_at any emulator fault' -l profile -x -a '(__ant_profiles)' -d 'The profile to use, in place of the active one'
complete -c ant -n '__ant_at any emulator fault' -l api-key -x -d 'The API key'
complete -c ant -n '__ant_at any emulator fault' -l auth-token -x -d 'A bearer token, in place of a key'
complete -c ant -n '__ant_at any emulator fault' -l api-key-stdin -f -d 'Read the API key from stdin'
complete -c ant -n '__ant_at any emulator fault' -l auth-token-stdin -f -d 'Read the bearer token from stdin'
complete -c ant -n '__ant_at any emulator fault' -l federation-rule -x -d 'Log in by this federation rule (fdrl_...)'
complete -c ant -n '__ant_at any emulator fault' -l identity-token-file -r -F -d 'With --federation-rule: the file of an OIDC token'
complete -c ant -n '__ant_at any emulator fault' -l identity-token -x -d 'With --federation-rule: the OIDC token itself'
complete -c ant -n '__ant_at any emulator fault' -l organization-id -x -d 'With --federation-rule: the organization'
complete -c ant -n '__ant_at any emulator fault' -l service-account-id -x -d 'With --federation-rule: the service account, if any'
complete -c ant -n '__ant_at any emulator fault' -l base-url -x -d 'Where the API is; local:PATH is an emulator'
complete -c ant -n '__ant_at any emulator fault' -l local -f -d 'Use the emulator on this machine: short for --base-url local:'
complete -c ant -n '__ant_at any emulator fault' -l workspace-id -x -d 'The workspace, if the credential has several'
complete -c ant -n '__ant_at any emulator fault' -l timeout -x -d 'Seconds to wait for a connection, and between bytes'
complete -c ant -n '__ant_at any emulator fault' -l max-retries -x -d 'How many times to retry a failed request'
complete -c ant -n '__ant_at any emulator fault' -l debug -f -d 'Show requests and responses on stderr, with secrets hidden'
complete -c ant -n '__ant_at any emulator fault' -l format -x -a 'auto\\t json\\t jsonl\\t yaml\\t table\\t pretty\\t raw\\t explore\\t' -d 'How results are printed'
complete -c ant -n '__ant_at any emulator fault' -l transform -x -d 'A GJSON path to pick from the result; on lists, from each item'
complete -c ant -n '__ant_at any emulator fault' -l raw-output -s r -f -d 'Print a string without its quotes'
complete -c ant -n '__ant_at any emulator fault' -l columns -x -d 'Print a table with these columns, titles or GJSON paths: id,name'
complete -c ant -n '__ant_at any completion' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at any help' -l help -s h -f -d 'Show help'
complete -c ant -n '__ant_at_argument 0 beta:environments retrieve' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument any beta:environments update' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument any beta:environments delete' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument any beta:environments archive' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument 0 beta:environments:work retrieve' -x -a '(__ant_ids work_id)'
complete -c ant -n '__ant_at_argument 0 beta:environments:work poll' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument any beta:environments:work ack' -x -a '(__ant_ids work_id)'
complete -c ant -n '__ant_at_argument any beta:environments:work heartbeat' -x -a '(__ant_ids work_id)'
complete -c ant -n '__ant_at_argument any beta:environments:work stop' -x -a '(__ant_ids work_id)'
complete -c ant -n '__ant_at_argument 0 beta:environments:work list' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument any beta:environments:work update' -x -a '(__ant_ids work_id)'
complete -c ant -n '__ant_at_argument 0 beta:environments:work stats' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument any beta:worker poll' -r -F
complete -c ant -n '__ant_at_argument any apply' -r -F
complete -c ant -n '__ant_at_argument any diff' -r -F
complete -c ant -n '__ant_at_argument 0 edit' -x -a '(__ant_ids environment_id)'
complete -c ant -n '__ant_at_argument 0 profile get' -x -a 'api_key\\t api_key_command\\t auth_token\\t base_url\\t workspace_id\\t timeout\\t max_retries\\t format\\t'
complete -c ant -n '__ant_at_argument 0 profile set' -x -a 'api_key\\t api_key_command\\t auth_token\\t base_url\\t workspace_id\\t timeout\\t max_retries\\t format\\t'
complete -c ant -n '__ant_at_argument 0 profile unset' -x -a 'api_key\\t api_key_command\\t auth_token\\t base_url\\t workspace_id\\t timeout\\t max_retries\\t format\\t'
complete -c ant -n '__ant_at_argument 0 profile activate' -x -a '(__ant_profiles)'
complete -c ant -n '__ant_at_argument 0 profile rename' -x -a '(__ant_profiles)'
complete -c ant -n '__ant_at_argument 0 profile delete' -x -a '(__ant_profiles)'
complete -c ant -n '__ant_at_argument 0 emulator env' -x -a '(__ant_ids emulator_environment_id)'
complete -c ant -n '__ant_at_argument 0 emulator enqueue' -x -a '(__ant_ids emulator_environment_id)'
complete -c ant -n '__ant_at_argument 0 emulator key' -x -a '(__ant_ids emulator_environment_id)'
complete -c ant -n '__ant_at_argument 0 completion' -x -a 'bash\\t zsh\\t fish\\t powershell\\t'
