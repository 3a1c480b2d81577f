# Completion of `ant` in PowerShell 5.1 and later. Written by `python docs/generate.py`: don't edit it.
#
# Only IDs are fetched through `ant` itself. Everything else is here, so that completion is instant. The text
# is ASCII, because PowerShell 5.1 reads files, and what programs print, in the code page of the system.
#
# Its syntax is checked by a parser of PowerShell's grammar. It has not been run in PowerShell for this release.

Register-ArgumentCompleter -Native -CommandName 'ant', 'ant.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Print no error into the line being typed, whatever the session's settings. They change in this block only.
    Set-StrictMode -Off
    $ErrorActionPreference = 'SilentlyContinue'
    $PSNativeCommandUseErrorActionPreference = $false

    # The subcommands of each group, with their descriptions. `help` takes the same names.
    $subcommands = @{
        '' = @(
            'beta:environments|Manage environments, the templates for sandboxes'
            'beta:environments:work|Process the work queue of a self-hosted environment'
            'beta:worker|Run the work of a self-hosted environment'
            'apply|Create and update environments to match files'
            'diff|Show what `ant apply` would change'
            'edit|Change an environment in your editor'
            'export|Write environments to files that `ant apply` reads'
            'schema|Print JSON schemas, for editors and checks'
            'auth|Log in, log out, and see which key is used and why'
            'profile|Manage profiles (named keys and settings)'
            'emulator|Run the built-in emulator of the API, and inject faults'
            'completion|Print a shell completion script'
            'help|Show help on a topic, or on a command'
        )
        'beta:environments' = @(
            'create|Create an environment'
            'retrieve|Show one environment'
            'update|Change fields of an environment; all others keep their values'
            'list|List environments, the newest first'
            'delete|Delete an environment permanently'
            'archive|Archive an environment: it stays readable, but new sessions can''t use it, and nothing restores it'
        )
        'beta:environments:work' = @(
            'retrieve|Show one work item'
            'poll|Take the next work item of a queue; null if the queue is empty'
            'ack|Acknowledge a work item, so that no other worker gets it'
            'heartbeat|Extend the lease on a work item'
            'stop|Stop a work item, gracefully or immediately'
            'list|List the work items of an environment, the newest first'
            'update|Set and delete metadata keys of a work item'
            'stats|Show queue statistics'
        )
        'beta:worker' = @(
            'poll|Run a handler for each work item, until a signal; see `ant help worker`'
            'run|Run the tools of one claimed item''s session in this process; for containers'
            'exporter|Serve queue statistics to Prometheus and KEDA, until a signal'
            'check|Show why the work of an environment is not done, and what to do next'
        )
        'schema' = @(
            'environment|Print the JSON schema of an environment''s file'
        )
        'auth' = @(
            'login|Store a key in a profile, with the server that it is for'
            'status|Show where credentials were found, which one is used, and why'
            'token|Print only the credential that is used, for other tools'
            'print-credentials|Print the credential of a profile or federation for other tools'
            'logout|Remove the credentials of a profile; its other settings stay'
        )
        'profile' = @(
            'list|List the profiles, with a * before the active one'
            'get|Print one value of a profile, or all of them, with secrets masked'
            'set|Set a value of a profile'
            'unset|Remove a value of a profile'
            'activate|Use a profile from now on, unless a flag or a variable names another one'
            'deactivate|Use no profile from now on, unless a flag or a variable names one'
            'create|Create a profile'
            'rename|Give a profile another name'
            'delete|Delete a profile, with its key'
        )
        'emulator' = @(
            'start|Serve the emulator until Ctrl-C'
            'exec|Run a command with its own emulator, and exit with its status'
            'env|Print variables that point a shell to the running emulator'
            'status|List the running emulators'
            'stop|Stop the running emulator when the requests in progress are done'
            'script|Give a script to the next session that an application creates'
            'session|Create sessions whose agent follows a script, and show their events'
            'enqueue|Put work in a queue, as a new session does in the real service'
            'key|Print a key for the workers of an environment'
            'requests|Print the last 1,000 requests of a served emulator, the oldest first'
            'clock|Show the clock, or move it, so that leases run out without waiting'
            'reset|Delete everything: environments, work, sessions and faults'
            'fault|Make the next requests fail, to see how your program handles it'
        )
        'emulator session' = @(
            'create|Create a session whose agent follows a script, and put its work in the queue'
            'show|Print the events of a session, the oldest first'
        )
        'help' = @(
            'input|Flags, YAML, JSON, files and stdin'
            'output|Formats, --transform, tables, and the terminal'
            'lists|--filter, --until and --watch'
            'flags|The flags of every command of the API'
            'exit-codes|Exit codes'
            'variables|Environment variables'
            'worker|Handlers of `ant beta:worker poll`, and signals'
            'profiles|Profiles: named keys and settings'
            'official|This `ant` next to the official one'
            'fields|The fields of an environment'
            'beta:environments|Manage environments, the templates for sandboxes'
            'beta:environments:work|Process the work queue of a self-hosted environment'
            'beta:worker|Run the work of a self-hosted environment'
            'apply|Create and update environments to match files'
            'diff|Show what `ant apply` would change'
            'edit|Change an environment in your editor'
            'export|Write environments to files that `ant apply` reads'
            'schema|Print JSON schemas, for editors and checks'
            'auth|Log in, log out, and see which key is used and why'
            'profile|Manage profiles (named keys and settings)'
            'emulator|Run the built-in emulator of the API, and inject faults'
            'completion|Print a shell completion script'
        )
    }

    # The flags of each command.
    $flags = @{
        '' = '--help -h --version -v --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments' = '--help -h --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments create' = '--help -h --name --config --config.type --config.networking --config.packages --description --metadata --scope --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments retrieve' = '--help -h --environment-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments update' = '--help -h --environment-id --name --config --config.type --config.networking --config.packages --description --metadata --scope --add --remove --set --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments list' = '--help -h --include-archived --limit --page --filter --max-items --slurp --until --watch --every --for --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments delete' = '--help -h --environment-id --parallel --fail-fast --yes --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments archive' = '--help -h --environment-id --parallel --fail-fast --yes --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work' = '--help -h --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work retrieve' = '--help -h --environment-id --work-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work poll' = '--help -h --environment-id --block-ms --reclaim-older-than-ms --anthropic-worker-id --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work ack' = '--help -h --environment-id --work-id --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work heartbeat' = '--help -h --environment-id --work-id --desired-ttl-seconds --expected-last-heartbeat --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work stop' = '--help -h --environment-id --work-id --force --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work list' = '--help -h --environment-id --limit --page --filter --max-items --slurp --until --watch --every --for --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work update' = '--help -h --environment-id --work-id --metadata --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:environments:work stats' = '--help -h --environment-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run'
        'beta:worker' = '--help -h'
        'beta:worker poll' = '--help -h --environment-id --environment-key --environment-key-file --worker-id --on-work --workdir --max-idle --max-concurrent-calls --log-format --session-folders --concurrency --heartbeat --lease --attempts --no-auto-stop --item-timeout --drain-timeout --kill-timeout --exit-when-idle --max-items --listen --unrestricted-paths --base-url --local --workspace-id --timeout --max-retries --debug --profile'
        'beta:worker run' = '--help -h --session-id --work-id --environment-id --environment-key --environment-key-file --work-secret-file --workdir --session-folders --max-idle --max-concurrent-calls --log-format --unrestricted-paths --base-url --local --workspace-id --timeout --max-retries --debug --profile'
        'beta:worker exporter' = '--help -h --environment-id --environment-key --environment-key-file --listen --cache --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --profile'
        'beta:worker check' = '--help -h --environment-id --environment-key --environment-key-file --on-work --listen --requeue --yes --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --profile --format --transform --raw-output -r --columns'
        'apply' = '--help -h --yes -y --dry-run --only --exit-code --adopt --delete-archived --force --prune --allow-origin-change --lock-file --save-plan --plan --validate --strict --upgrade --parallel --verbose -v --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r'
        'diff' = '--help -h --only --prune --lock-file --strict --parallel --verbose -v --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r'
        'edit' = '--help -h --dry-run --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r'
        'export' = '--help -h --all --directory --force --lock-file --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r'
        'schema' = '--help -h'
        'schema environment' = '--help -h --format --transform --raw-output -r'
        'auth' = '--help -h'
        'auth login' = '--help -h --no-verify --keyring --profile --api-key --api-key-stdin --base-url --local --workspace-id --timeout --max-retries --debug'
        'auth status' = '--help -h --check --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'auth token' = '--help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug'
        'auth print-credentials' = '--help -h --access-token --env --profile --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug'
        'auth logout' = '--help -h --all --profile'
        'profile' = '--help -h'
        'profile list' = '--help -h --format --transform --raw-output -r --columns'
        'profile get' = '--help -h --profile --format --transform --raw-output -r --columns'
        'profile set' = '--help -h --profile'
        'profile unset' = '--help -h --profile'
        'profile activate' = '--help -h'
        'profile deactivate' = '--help -h'
        'profile create' = '--help -h --api-key-command --base-url --workspace-id --timeout --max-retries --format'
        'profile rename' = '--help -h'
        'profile delete' = '--help -h'
        'emulator' = '--help -h'
        'emulator start' = '--help -h --host --database --port --lease-seconds --organization-id --workspace-id --any-credential --seed --strict-streams --worlds --log-file --detach --until-stdin-closes --format --api-key --api-key-stdin'
        'emulator exec' = '--help -h --port --lease-seconds --organization-id --workspace-id --any-credential --seed --strict-streams --worlds --log-file'
        'emulator env' = '--help -h --port --wait'
        'emulator status' = '--help -h --format --transform --raw-output -r --columns'
        'emulator stop' = '--help -h --port --all'
        'emulator script' = '--help -h --agent --times --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'emulator session' = '--help -h'
        'emulator session create' = '--help -h --environment-id --script --title --metadata --no-secret --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'emulator session show' = '--help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'emulator enqueue' = '--help -h --session-id --count --metadata --type --no-secret --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'emulator key' = '--help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'emulator requests' = '--help -h --clear --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'emulator clock' = '--help -h --advance-ms --now --freeze --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'emulator reset' = '--help -h --yes --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug'
        'emulator fault' = '--help -h --path --path-contains --method --status --error-code --body --header --times --delay-ms --disconnect --after-commit --after --body-delay-ms --cut-after-bytes --cut-after-events --error-after-events --list --clear --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns'
        'completion' = '--help -h'
        'help' = '--help -h'
    }

    # The description of a flag: after one command, or after any.
    $flagDescriptions = @{
        ' -v' = 'Show the version'
        'emulator start --organization-id' = 'The organization ID in the headers of responses'
        'emulator exec --organization-id' = 'The organization ID in the headers of responses'
        'emulator start --workspace-id' = 'The workspace of the key; its ID is in the headers of responses'
        'emulator exec --workspace-id' = 'The workspace of the key; its ID is in the headers of responses'
        'apply --dry-run' = 'Show the plan and change nothing'
        'edit --dry-run' = 'Show what would change, and change nothing'
        'beta:environments update --name' = 'A new name'
        'beta:environments update --config' = 'Settings of its sandboxes; others keep their values'
        'beta:environments update --description' = 'A new description; null removes it'
        'beta:environments create --metadata' = 'Your own keys and values, all strings: team=data, repeated, or {team: data, tier: ''1''}'
        'emulator session create --metadata' = 'Keys and values of the session'
        'emulator enqueue --metadata' = 'Keys and values of each item: team=data, repeated, or {team: data}'
        'beta:environments update --scope' = 'Who can see it'
        'apply --parallel' = 'Requests at once'
        'diff --parallel' = 'Requests at once'
        'beta:environments retrieve --environment-id' = 'The environment''s ID (env_...), or its name'
        'beta:environments update --environment-id' = 'The environment''s ID (env_...), or its name'
        'beta:environments delete --environment-id' = 'The environment''s ID (env_...), or its name'
        'beta:environments archive --environment-id' = 'The environment''s ID (env_...), or its name'
        'beta:environments:work poll --environment-id' = 'The ID or name of the self-hosted environment'
        'beta:environments:work list --environment-id' = 'The ID or name of the self-hosted environment'
        'beta:environments:work stats --environment-id' = 'The ID or name of the self-hosted environment'
        'beta:worker poll --environment-id' = 'The environment whose work is taken'
        'beta:worker run --environment-id' = 'The environment whose work is taken'
        'beta:worker check --environment-id' = 'The environment whose work is taken'
        'beta:worker exporter --environment-id' = 'The environment; separate several with commas'
        'emulator session create --environment-id' = 'A self-hosted environment'
        'beta:environments list --until' = 'Repeat until this holds for the list: ''#==0'', ''#.name=="demo"'''
        'beta:environments:work retrieve --until' = 'Repeat until this holds: ''state=="stopped"'''
        'beta:environments:work list --until' = 'Repeat until this holds for the list: ''#==0'', or idle: no item is queued, starting, active or stopping'
        'beta:environments:work stats --until' = 'Repeat until this holds: ''pending==0'''
        'beta:worker poll --max-items' = 'Exit after this many items; 1 if one is not done'
        'apply --yes' = 'Apply without asking'
        'beta:worker run --work-id' = 'Its work item'
        'apply --force' = 'Overwrite outside changes, and recreate what is gone'
        'export --force' = 'Overwrite files that exist'
        'beta:worker exporter --listen' = 'Where to serve, as ADDRESS:PORT'
        'beta:worker check --listen' = 'Where a worker may serve its state, as ADDRESS:PORT'
        'emulator enqueue --session-id' = 'The session of all items'
        'auth logout --all' = 'Remove the credentials of all profiles'
        'emulator stop --all' = 'Stop every running emulator'
        'emulator env --port' = 'The port of the emulator, if several are running'
        'emulator stop --port' = 'The port of the emulator, if several are running'
        'emulator fault --times' = 'How many requests fail'
        'emulator fault --clear' = 'Remove all faults'
        '--help' = 'Show help'
        '-h' = 'Show help'
        '--version' = 'Show the version'
        '-v' = 'Show unchanged environments and all fields'
        '--verbose' = 'Show unchanged environments and all fields'
        '--api-key' = 'The API key'
        '--auth-token' = 'A bearer token, in place of a key'
        '--api-key-stdin' = 'Read the API key from stdin'
        '--auth-token-stdin' = 'Read the bearer token from stdin'
        '--federation-rule' = 'Log in by this rule, with --identity-token-file, --organization-id and maybe --service-account-id'
        '--identity-token-file' = 'With --federation-rule: the file of an OIDC token'
        '--identity-token' = 'With --federation-rule: the OIDC token itself'
        '--organization-id' = 'With --federation-rule: the organization'
        '--service-account-id' = 'With --federation-rule: the service account, if any'
        '--profile' = 'The profile to use, in place of the active one'
        '--base-url' = 'Where the API is; local:PATH is an emulator'
        '--local' = 'Use the emulator on this machine: short for --base-url local:'
        '--workspace-id' = 'The workspace, if the credential has several'
        '--timeout' = 'How long to wait for a connection, and between bytes'
        '--max-retries' = 'How many times to retry a failed request'
        '--debug' = 'Show requests and responses on stderr, with secrets hidden'
        '--format' = 'How results are printed'
        '--transform' = 'A GJSON path to pick from the result; on lists, from each item'
        '--raw-output' = 'Print a string without its quotes'
        '-r' = 'Print a string without its quotes'
        '--columns' = 'Print a table with these columns, titles or GJSON paths: id,name'
        '--format-error' = 'Print the body of an API error on stdout, and how'
        '--transform-error' = 'Print what a GJSON path picks from the body of an API error'
        '--dry-run' = 'Print the request, with secrets hidden, and send nothing'
        '--name' = 'Name of the environment'
        '--config' = 'Where its sandboxes run: {type: cloud, networking: ..., packages: ...} or {type: self_hosted}'
        '--config.type' = 'Only the type'
        '--config.networking' = 'Only the network policy, {type: limited, ...}'
        '--config.packages' = 'Only the packages, {pip: [pandas]}'
        '--description' = 'Description of the environment'
        '--metadata' = 'Keys to set (tier=2) or to delete (tier=), repeated; or all in one: {tier: ''2'', team: null}'
        '--scope' = 'Who can see it; organizations of the API reject account'
        '--parallel' = 'Requests at once, if there are several inputs'
        '--fail-fast' = 'With several inputs: send nothing after the first failure'
        '--beta' = 'A beta version, in place of the default'
        '--file' = 'Read the input from this file; - is stdin'
        '-f' = 'Read the input from this file; - is stdin'
        '--environment-id' = 'The ID or name of the environment that the work belongs to'
        '--until' = 'Repeat until this holds: ''state=="archived"'''
        '--watch' = 'Repeat the request, and print what has changed'
        '--every' = 'The time between requests'
        '--for' = 'Stop after this time; --until then exits with 8'
        '--add' = 'Add to a list or set a key: packages.pip=polars; repeated'
        '--remove' = 'Remove from a list: packages.pip=pandas, or metadata.KEY'
        '--set' = 'Set a package or a key: packages.pip=pandas==2.3'
        '--include-archived' = 'List archived environments too'
        '--limit' = 'Items per page, 1 to 1000; every page is fetched anyway'
        '--page' = 'Start at this cursor, the next_page of an earlier response'
        '--filter' = 'List items that match: ''name%"tmp-*"'', ''created_at<now-7d'''
        '--max-items' = 'Stop after this many items; -1 for all of them'
        '--slurp' = 'Collect all items, and print them as one JSON array'
        '--yes' = 'Do not ask for confirmation at a terminal'
        '--work-id' = 'The work item''s ID'
        '--block-ms' = 'Milliseconds to wait for work to arrive, 1 to 999'
        '--reclaim-older-than-ms' = 'Also take items that another worker got this many milliseconds ago but never acknowledged'
        '--anthropic-worker-id' = 'A name for this worker, unique in the environment; the queue''s statistics count workers by name'
        '--desired-ttl-seconds' = 'How many seconds the lease should last'
        '--expected-last-heartbeat' = 'Extend it only if this was the last heartbeat: NO_HEARTBEAT for none, then the last_heartbeat of the previous response'
        '--force' = 'Stop it immediately, without a graceful shutdown'
        '--environment-key' = 'Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
        '--environment-key-file' = 'A file with its key'
        '--worker-id' = 'A name for this worker, unique in the environment'
        '--on-work' = 'A handler without arguments, or the word in-process'
        '--workdir' = 'The folder in which sessions run'
        '--max-idle' = 'The longest idle time of a session'
        '--max-concurrent-calls' = 'How many tools of a session run at once'
        '--log-format' = 'Format of the log'
        '--session-folders' = 'Run each session in its own folder, WORKDIR/SESSION_ID'
        '--concurrency' = 'How many items run at once'
        '--heartbeat' = 'Who holds the leases'
        '--lease' = 'The length of a lease'
        '--attempts' = 'Give an item up after this many failures'
        '--no-auto-stop' = 'Don''t stop the item after exit status 0'
        '--item-timeout' = 'The time limit of a handler'
        '--drain-timeout' = 'Time to finish items after a signal'
        '--kill-timeout' = 'The time from SIGTERM to SIGKILL'
        '--exit-when-idle' = 'Exit if idle this long; 1 if an item is not done'
        '--listen' = 'Serve metrics and health checks at ADDRESS:PORT'
        '--unrestricted-paths' = 'Has no effect: file tools stay below --workdir'
        '--session-id' = 'The session to run'
        '--work-secret-file' = 'A file with the item''s secret, in place of the key'
        '--cache' = 'How long statistics are kept'
        '--requeue' = 'Return items that nobody seems to hold'
        '-y' = 'Apply without asking'
        '--only' = 'Only the named files, not all in the lock file'
        '--exit-code' = 'With --dry-run: exit with 2 for changes, 1 if blocked'
        '--adopt' = 'Manage existing environments of the same names'
        '--delete-archived' = 'Permanently delete archived ones of the same names'
        '--prune' = 'Archive environments whose files are gone'
        '--allow-origin-change' = 'Accept and record another host or account'
        '--lock-file' = 'The lock file'
        '--save-plan' = 'With --dry-run: save the plan; - for stdout'
        '--plan' = 'Apply a saved plan, if nothing has changed since'
        '--validate' = 'Check the files and send nothing'
        '--strict' = 'Reject unknown fields'
        '--upgrade' = 'No effect: in the official tool, it upgrades skills'
        '--all' = 'Every environment that is not archived'
        '--directory' = 'Where to write new files'
        '--no-verify' = 'Store it without sending a request that checks it'
        '--keyring' = 'Keep it in the operating system''s credential store'
        '--check' = 'Send a request to check whether the server accepts the credential'
        '--access-token' = 'Print only the access token'
        '--env' = 'Print lines for a shell or a .env file: ANTHROPIC_AUTH_TOKEN=..'
        '--api-key-command' = 'A command that prints the key, run when it is needed'
        '--host' = 'The address to listen on'
        '--database' = 'The file of its data; :memory: keeps nothing'
        '--port' = 'The port; 0 for any free one'
        '--lease-seconds' = 'How long a lease lasts by default'
        '--any-credential' = 'Accept any kind of credential in every request'
        '--seed' = 'The same IDs and secrets in each run; the database is in memory'
        '--strict-streams' = 'Send no event from before a stream was opened, like the real API'
        '--worlds' = 'Give each API key a world of its own, for tests at the same time'
        '--log-file' = 'Write the log to this file, 10 MB at most'
        '--detach' = 'Serve in the background; `ant emulator stop` ends it'
        '--until-stdin-closes' = 'Stop when stdin ends, as it does with the program that started it'
        '--wait' = 'Seconds to wait for one to start, from 0 to 3600'
        '--agent' = 'The ID of an agent'
        '--times' = 'How many sessions get it'
        '--script' = 'A YAML or JSON file with the agent''s steps; - for stdin'
        '--title' = 'The title of the session'
        '--no-secret' = 'Leave out the secret that the API''s polls return with the work'
        '--count' = 'How many work items'
        '--type' = 'The type of the work'
        '--clear' = 'Remove them from the journal'
        '--advance-ms' = 'How many milliseconds to move it forward'
        '--now' = 'The time to set, such as 2026-03-15T10:00:00Z'
        '--freeze' = 'Stop it at this time'
        '--path' = 'Only this path'
        '--path-contains' = 'Only paths that contain this'
        '--method' = 'Only GET, POST or DELETE'
        '--status' = 'The status of the response'
        '--error-code' = 'Its error code'
        '--body' = 'Its whole body'
        '--header' = 'A header of it: ''name: value'''
        '--delay-ms' = 'Delay of the response'
        '--disconnect' = 'Close the connection without a response'
        '--after-commit' = 'Fail after the change is made'
        '--after' = 'How many succeed first'
        '--body-delay-ms' = 'Pause within a body'
        '--cut-after-bytes' = 'Cut a body'
        '--cut-after-events' = 'Cut a stream'
        '--error-after-events' = 'End a stream by an error'
        '--list' = 'List the remaining faults'
    }

    # What a flag takes: after one command, or after any.
    $flagKinds = @{
        'beta:worker poll --environment-id' = 'free'
        'beta:worker run --environment-id' = 'free'
        'beta:worker exporter --environment-id' = 'free'
        'beta:worker check --environment-id' = 'free'
        'emulator session create --environment-id' = 'free'
        'beta:worker run --work-id' = 'free'
        '--help' = 'plain'
        '-h' = 'plain'
        '--version' = 'plain'
        '-v' = 'plain'
        '--verbose' = 'plain'
        '--api-key' = 'free'
        '--auth-token' = 'free'
        '--federation-rule' = 'free'
        '--identity-token' = 'free'
        '--organization-id' = 'free'
        '--service-account-id' = 'free'
        '--base-url' = 'free'
        '--workspace-id' = 'free'
        '--timeout' = 'free'
        '--max-retries' = 'free'
        '--transform' = 'free'
        '--columns' = 'free'
        '--transform-error' = 'free'
        '--parallel' = 'free'
        '--until' = 'free'
        '--every' = 'free'
        '--for' = 'free'
        '--add' = 'free'
        '--remove' = 'free'
        '--set' = 'free'
        '--limit' = 'free'
        '--filter' = 'free'
        '--max-items' = 'free'
        '--block-ms' = 'free'
        '--reclaim-older-than-ms' = 'free'
        '--desired-ttl-seconds' = 'free'
        '--environment-key' = 'free'
        '--worker-id' = 'free'
        '--max-idle' = 'free'
        '--max-concurrent-calls' = 'free'
        '--concurrency' = 'free'
        '--lease' = 'free'
        '--attempts' = 'free'
        '--item-timeout' = 'free'
        '--drain-timeout' = 'free'
        '--kill-timeout' = 'free'
        '--exit-when-idle' = 'free'
        '--listen' = 'free'
        '--session-id' = 'free'
        '--cache' = 'free'
        '--api-key-command' = 'free'
        '--host' = 'free'
        '--port' = 'free'
        '--lease-seconds' = 'free'
        '--seed' = 'free'
        '--wait' = 'free'
        '--agent' = 'free'
        '--times' = 'free'
        '--title' = 'free'
        '--count' = 'free'
        '--advance-ms' = 'free'
        '--now' = 'free'
        '--path' = 'free'
        '--path-contains' = 'free'
        '--method' = 'free'
        '--status' = 'free'
        '--error-code' = 'free'
        '--body' = 'free'
        '--header' = 'free'
        '--delay-ms' = 'free'
        '--after' = 'free'
        '--body-delay-ms' = 'free'
        '--cut-after-bytes' = 'free'
        '--cut-after-events' = 'free'
        '--error-after-events' = 'free'
        '--api-key-stdin' = 'boolean'
        '--auth-token-stdin' = 'boolean'
        '--local' = 'boolean'
        '--debug' = 'boolean'
        '--raw-output' = 'boolean'
        '-r' = 'boolean'
        '--dry-run' = 'boolean'
        '--fail-fast' = 'boolean'
        '--watch' = 'boolean'
        '--include-archived' = 'boolean'
        '--slurp' = 'boolean'
        '--yes' = 'boolean'
        '--force' = 'boolean'
        '--session-folders' = 'boolean'
        '--no-auto-stop' = 'boolean'
        '--unrestricted-paths' = 'boolean'
        '--requeue' = 'boolean'
        '-y' = 'boolean'
        '--only' = 'boolean'
        '--exit-code' = 'boolean'
        '--adopt' = 'boolean'
        '--delete-archived' = 'boolean'
        '--prune' = 'boolean'
        '--allow-origin-change' = 'boolean'
        '--validate' = 'boolean'
        '--strict' = 'boolean'
        '--upgrade' = 'boolean'
        '--all' = 'boolean'
        '--no-verify' = 'boolean'
        '--keyring' = 'boolean'
        '--check' = 'boolean'
        '--access-token' = 'boolean'
        '--env' = 'boolean'
        '--any-credential' = 'boolean'
        '--strict-streams' = 'boolean'
        '--worlds' = 'boolean'
        '--detach' = 'boolean'
        '--until-stdin-closes' = 'boolean'
        '--no-secret' = 'boolean'
        '--clear' = 'boolean'
        '--freeze' = 'boolean'
        '--disconnect' = 'boolean'
        '--after-commit' = 'boolean'
        '--list' = 'boolean'
        '--identity-token-file' = 'file'
        '--file' = 'file'
        '-f' = 'file'
        '--environment-key-file' = 'file'
        '--on-work' = 'file'
        '--workdir' = 'file'
        '--work-secret-file' = 'file'
        '--lock-file' = 'file'
        '--save-plan' = 'file'
        '--plan' = 'file'
        '--directory' = 'file'
        '--database' = 'file'
        '--log-file' = 'file'
        '--script' = 'file'
        '--profile' = 'profile'
        '--format' = 'choices auto json jsonl yaml table pretty markdown csv tsv raw explore'
        '--format-error' = 'choices auto json jsonl yaml table pretty markdown csv tsv raw explore'
        '--name' = 'text'
        '--config' = 'text'
        '--config.networking' = 'text'
        '--config.packages' = 'text'
        '--description' = 'text'
        '--metadata' = 'text'
        '--beta' = 'text'
        '--page' = 'text'
        '--anthropic-worker-id' = 'text'
        '--expected-last-heartbeat' = 'text'
        '--config.type' = 'choices cloud self_hosted'
        '--scope' = 'choices organization account'
        '--environment-id' = 'environment_id'
        '--work-id' = 'work_id'
        '--log-format' = 'choices auto plain text json'
        '--heartbeat' = 'choices auto always never'
        '--type' = 'choices session healthcheck'
    }

    # What the arguments of a command are, by their positions.
    $argumentKinds = @{
        'beta:environments retrieve 0' = 'environment_id'
        'beta:environments update *' = 'environment_id'
        'beta:environments delete *' = 'environment_id'
        'beta:environments archive *' = 'environment_id'
        'beta:environments:work retrieve 0' = 'work_id'
        'beta:environments:work poll 0' = 'environment_id'
        'beta:environments:work ack *' = 'work_id'
        'beta:environments:work heartbeat *' = 'work_id'
        'beta:environments:work stop *' = 'work_id'
        'beta:environments:work list 0' = 'environment_id'
        'beta:environments:work update *' = 'work_id'
        'beta:environments:work stats 0' = 'environment_id'
        'beta:worker poll 0' = 'environment'
        'beta:worker poll *' = 'file'
        'beta:worker check 0' = 'environment'
        'beta:worker check *' = 'file'
        'apply *' = 'file'
        'diff *' = 'file'
        'edit 0' = 'environment_id'
        'export *' = 'free'
        'profile get 0' = 'choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format'
        'profile set 0' = 'choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format'
        'profile set 1' = 'free'
        'profile unset 0' = 'choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format'
        'profile activate 0' = 'profile'
        'profile create 0' = 'free'
        'profile rename 0' = 'profile'
        'profile rename 1' = 'free'
        'profile delete 0' = 'profile'
        'emulator exec *' = 'file'
        'emulator env 0' = 'emulator_environment_id'
        'emulator script 0' = 'file'
        'emulator session show 0' = 'free'
        'emulator enqueue 0' = 'emulator_environment_id'
        'emulator key 0' = 'emulator_environment_id'
        'completion 0' = 'choices bash zsh fish powershell'
        'help *' = 'free'
    }

    function Get-Subcommands($command) {
        $subcommands[$command -replace '^help ', '']
    }

    # What a table has for a flag of a command.
    function Get-ForFlag($table, $command, $flag) {
        $own = $table["$command $flag"]
        if ($own) { $own } else { $table[$flag] }
    }

    # A word, or its beginning, without quotes and without backticks.
    function Get-Said([string]$text) {
        if ($text.StartsWith("'", [StringComparison]::Ordinal)) {
            $text.Substring(1) -replace '''$', '' -replace "''", "'"
        } elseif ($text.StartsWith('"', [StringComparison]::Ordinal)) {
            $text.Substring(1) -replace '"$', '' -replace '`(.)', '$1'
        } else {
            $text -replace '`(.)', '$1'
        }
    }

    # Whether a word is a command, or a group, below another one.
    function Test-Subcommand($command, $word) {
        foreach ($item in (Get-Subcommands $command)) {
            if (($item -split '\|')[0] -ceq $word) { return $true }
        }
        return $false
    }

    # Offer a text that begins with what was typed. It gets quotes if PowerShell would interpret a part of it: blanks,
    # quotes (there are round ones too), wildcards, operators, and @ and # in front.
    function Add-Offer([string]$text, [string]$description) {
        if (-not $text -or -not $text.StartsWith($typed, [StringComparison]::OrdinalIgnoreCase)) { return }
        $inserted = "$before$text"
        if ($inserted -match '^[@#~]|[\s''"`$;,(){}|&<>*?\[\]\u2018-\u201E]') {
            $inserted = "'" + ($inserted -replace '[''\u2018-\u201B]', '$0$0') + "'"
        }
        if (-not $description) { $description = $text }
        [System.Management.Automation.CompletionResult]::new($inserted, $text, 'ParameterValue', $description)
    }

    # Offer choices with descriptions.
    function Add-Described($items) {
        foreach ($item in $items) {
            $word, $description = $item -split '\|', 2
            Add-Offer $word $description
        }
    }

    # Offer the files and folders of the folder that was typed; hidden ones only after a dot.
    function Add-Files {
        $folder = $typed -replace '[^/\\]*$', ''
        $place = if ($folder) { $folder } else { '.' }
        $hidden = $typed.Substring($folder.Length).StartsWith('.', [StringComparison]::Ordinal)
        foreach ($file in (Get-ChildItem -LiteralPath $place -Force:$hidden)) {
            $end = if ($file.PSIsContainer) { '/' } else { '' }
            Add-Offer ($folder + $file.Name + $end) $file.FullName
        }
    }

    # Offer the names of the profiles.
    function Add-Profiles {
        $folder = $env:ANTHROPIC_CONFIG_DIR
        if (-not $folder -and $env:APPDATA) { $folder = Join-Path $env:APPDATA 'Anthropic' }
        if (-not $folder) { $folder = Join-Path $HOME '.config/anthropic' }
        foreach ($line in (Get-Content -LiteralPath (Join-Path $folder 'profiles.toml') -Encoding UTF8)) {
            if ($line -match '^\[profiles\."?(.*?)"?\]$') { Add-Offer $Matches[1] '' }
        }
    }

    # Offer the IDs of a kind, with what they name: those that begin with what was typed or, if there are none, those of
    # a name that does. `ant` prints UTF-8, and the exit status is the user's. There may be no console that has an
    # encoding, and no `ant`.
    function Add-Ids($kind) {
        $status = $global:LASTEXITCODE
        $encoding = [Console]::OutputEncoding
        $program = $words[0]
        $others = @($words | Select-Object -Skip 1)
        $lines = @()
        try { [Console]::OutputEncoding = [System.Text.UTF8Encoding]::new($false) } catch { }
        try { $lines = @(& $program __complete $kind $others 2>$null) } catch { }
        try { [Console]::OutputEncoding = $encoding } catch { }
        $global:LASTEXITCODE = $status
        $found = @($lines | Where-Object { $_.StartsWith($typed, [StringComparison]::OrdinalIgnoreCase) })
        if (-not $found) {
            $named = "`t$typed"
            $found = @($lines | Where-Object { $_.IndexOf($named, [StringComparison]::OrdinalIgnoreCase) -ge 0 })
            $typed = '' # within this function: the ID is not what was typed
        }
        Add-Described ($found -replace "`t", '|')
    }

    # The words before the cursor, and what was typed of the one at it; those behind it don't count.
    $words = @()
    $typed = ''
    $before = ''
    foreach ($element in $commandAst.CommandElements) {
        $extent = $element.Extent
        if ($extent.EndOffset -lt $cursorPosition) {
            $words += Get-Said $extent.Text
        } elseif ($extent.StartOffset -lt $cursorPosition) {
            $typed = Get-Said ($extent.Text.Substring(0, $cursorPosition - $extent.StartOffset))
        }
    }
    if (-not $typed) { $typed = Get-Said "$wordToComplete" } # one that PowerShell does not take for a word yet

    # Walk over them: which command they name, how many arguments it has, and what the flag before the cursor takes.
    $command = ''
    $position = 0
    $kind = ''
    foreach ($word in ($words | Select-Object -Skip 1)) {
        if ($kind) {
            $kind = ''
        } elseif ($word -like '-*=*') {
            continue
        } elseif ($word -like '-?*') {
            $kind = Get-ForFlag $flagKinds $command $word
            if ($kind -eq 'plain' -or $kind -eq 'boolean') { $kind = '' }
        } elseif (Test-Subcommand $command $word) {
            $command = "$command $word".Trim()
        } else {
            $position++
        }
    }

    # What the word at the cursor is.
    if ($kind) {
        # The value of the flag before it.
    } elseif ($typed -like '--*=*') {
        $flag, $typed = $typed -split '=', 2
        $before = "$flag="
        $kind = Get-ForFlag $flagKinds $command $flag
    } elseif ($typed -like '-*') {
        $kind = 'flags'
    } elseif (Get-Subcommands $command) {
        $kind = 'commands'
    } else {
        $kind = $argumentKinds["$command $position"]
        if (-not $kind) { $kind = $argumentKinds["$command *"] } # one of several
    }
    if ($kind -eq 'text' -and $typed -match '^@(file://|data://)?') {
        $before += $Matches[0]
        $typed = $typed.Substring($Matches[0].Length)
        $kind = 'file'
    }

    $offers = @(
        if ($kind -eq 'flags') {
            foreach ($flag in ($flags[$command] -split ' ')) {
                Add-Offer $flag (Get-ForFlag $flagDescriptions $command $flag)
            }
        }
        elseif ($kind -eq 'commands') { Add-Described (Get-Subcommands $command) }
        elseif ($kind -eq 'boolean') { Add-Described @('true', 'false') }
        elseif ($kind -eq 'file') { Add-Files }
        elseif ($kind -eq 'profile') { Add-Profiles }
        elseif ($kind -like 'choices *') { Add-Described ($kind -split ' ' | Select-Object -Skip 1) }
        elseif ($kind -like '*_id') { Add-Ids $kind }
    )

    # Where nothing comes back PowerShell offers files; an empty text keeps it from that.
    if ($offers.Count -gt 0 -or $kind -eq 'file') { $offers } else { '' }
}
