# Completion of `ant` in fish 3.4 and later. Written by `python docs/generate.py`: don't edit it.
#
# Only IDs are fetched through `ant` itself. Everything else is here, so that completion is instant.

# Print the subcommands of the command $argv[1], with their descriptions. `help` takes the same names.
function __ant_subcommands
    switch (string replace -r '^help ' '' -- "$argv[1]")
        case ''
            echo 'beta:environments'\t'Manage environments, the templates for sandboxes'
            echo 'beta:environments:work'\t'Process the work queue of a self-hosted environment'
            echo 'beta:worker'\t'Run the work of a self-hosted environment'
            echo 'apply'\t'Create and update environments to match files'
            echo 'diff'\t'Show what `ant apply` would change'
            echo 'edit'\t'Change an environment in your editor'
            echo 'export'\t'Write environments to files that `ant apply` reads'
            echo 'schema'\t'Print JSON schemas, for editors and checks'
            echo 'auth'\t'Log in, log out, and see which key is used and why'
            echo 'profile'\t'Manage profiles (named keys and settings)'
            echo 'emulator'\t'Run the built-in emulator of the API, and inject faults'
            echo 'completion'\t'Print a shell completion script'
            echo 'help'\t'Show help on a topic, or on a command'
        case 'beta:environments'
            echo 'create'\t'Create an environment'
            echo 'retrieve'\t'Show one environment'
            echo 'update'\t'Change fields of an environment; all others keep their values'
            echo 'list'\t'List environments, the newest first'
            echo 'delete'\t'Delete an environment permanently'
            echo 'archive'\t'Archive an environment: it stays readable, but new sessions can\'t use it, and nothing restores it'
        case 'beta:environments:work'
            echo 'retrieve'\t'Show one work item'
            echo 'poll'\t'Take the next work item of a queue; null if the queue is empty'
            echo 'ack'\t'Acknowledge a work item, so that no other worker gets it'
            echo 'heartbeat'\t'Extend the lease on a work item'
            echo 'stop'\t'Stop a work item, gracefully or immediately'
            echo 'list'\t'List the work items of an environment, the newest first'
            echo 'update'\t'Set and delete metadata keys of a work item'
            echo 'stats'\t'Show queue statistics'
        case 'beta:worker'
            echo 'poll'\t'Run a handler for each work item, until a signal; see `ant help worker`'
            echo 'run'\t'Run the tools of one claimed item\'s session in this process; for containers'
            echo 'exporter'\t'Serve queue statistics to Prometheus and KEDA, until a signal'
            echo 'check'\t'Show why the work of an environment is not done, and what to do next'
        case 'schema'
            echo 'environment'\t'Print the JSON schema of an environment\'s file'
        case 'auth'
            echo 'login'\t'Store a key in a profile, with the server that it is for'
            echo 'status'\t'Show where credentials were found, which one is used, and why'
            echo 'token'\t'Print only the credential that is used, for other tools'
            echo 'print-credentials'\t'Print the credential of a profile or federation for other tools'
            echo 'logout'\t'Remove the credentials of a profile; its other settings stay'
        case 'profile'
            echo 'list'\t'List the profiles, with a * before the active one'
            echo 'get'\t'Print one value of a profile, or all of them, with secrets masked'
            echo 'set'\t'Set a value of a profile'
            echo 'unset'\t'Remove a value of a profile'
            echo 'activate'\t'Use a profile from now on, unless a flag or a variable names another one'
            echo 'deactivate'\t'Use no profile from now on, unless a flag or a variable names one'
            echo 'create'\t'Create a profile'
            echo 'rename'\t'Give a profile another name'
            echo 'delete'\t'Delete a profile, with its key'
        case 'emulator'
            echo 'start'\t'Serve the emulator until Ctrl-C'
            echo 'exec'\t'Run a command with its own emulator, and exit with its status'
            echo 'env'\t'Print variables that point a shell to the running emulator'
            echo 'status'\t'List the running emulators'
            echo 'stop'\t'Stop the running emulator when the requests in progress are done'
            echo 'script'\t'Give a script to the next session that an application creates'
            echo 'session'\t'Create sessions whose agent follows a script, and show their events'
            echo 'enqueue'\t'Put work in a queue, as a new session does in the real service'
            echo 'key'\t'Print a key for the workers of an environment'
            echo 'requests'\t'Print the last 1,000 requests of a served emulator, the oldest first'
            echo 'clock'\t'Show the clock, or move it, so that leases run out without waiting'
            echo 'reset'\t'Delete everything: environments, work, sessions and faults'
            echo 'fault'\t'Make the next requests fail, to see how your program handles it'
        case 'emulator session'
            echo 'create'\t'Create a session whose agent follows a script, and put its work in the queue'
            echo 'show'\t'Print the events of a session, the oldest first'
        case 'help'
            echo 'input'\t'Flags, YAML, JSON, files and stdin'
            echo 'output'\t'Formats, --transform, tables, and the terminal'
            echo 'lists'\t'--filter, --until and --watch'
            echo 'flags'\t'The flags of every command of the API'
            echo 'exit-codes'\t'Exit codes'
            echo 'variables'\t'Environment variables'
            echo 'worker'\t'Handlers of `ant beta:worker poll`, and signals'
            echo 'profiles'\t'Profiles: named keys and settings'
            echo 'official'\t'This `ant` next to the official one'
            echo 'fields'\t'The fields of an environment'
            echo 'beta:environments'\t'Manage environments, the templates for sandboxes'
            echo 'beta:environments:work'\t'Process the work queue of a self-hosted environment'
            echo 'beta:worker'\t'Run the work of a self-hosted environment'
            echo 'apply'\t'Create and update environments to match files'
            echo 'diff'\t'Show what `ant apply` would change'
            echo 'edit'\t'Change an environment in your editor'
            echo 'export'\t'Write environments to files that `ant apply` reads'
            echo 'schema'\t'Print JSON schemas, for editors and checks'
            echo 'auth'\t'Log in, log out, and see which key is used and why'
            echo 'profile'\t'Manage profiles (named keys and settings)'
            echo 'emulator'\t'Run the built-in emulator of the API, and inject faults'
            echo 'completion'\t'Print a shell completion script'
    end
end

# Print the flags of the command $argv[1], with their descriptions.
function __ant_flags
    set -l flags
    switch $argv[1]
        case ''; set flags --help -h --version -v --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments'; set flags --help -h --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments create'; set flags --help -h --name --config --config.type --config.networking --config.packages --description --metadata --scope --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments retrieve'; set flags --help -h --environment-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments update'; set flags --help -h --environment-id --name --config --config.type --config.networking --config.packages --description --metadata --scope --add --remove --set --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments list'; set flags --help -h --include-archived --limit --page --filter --max-items --slurp --until --watch --every --for --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments delete'; set flags --help -h --environment-id --parallel --fail-fast --yes --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments archive'; set flags --help -h --environment-id --parallel --fail-fast --yes --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work'; set flags --help -h --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work retrieve'; set flags --help -h --environment-id --work-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work poll'; set flags --help -h --environment-id --block-ms --reclaim-older-than-ms --anthropic-worker-id --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work ack'; set flags --help -h --environment-id --work-id --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work heartbeat'; set flags --help -h --environment-id --work-id --desired-ttl-seconds --expected-last-heartbeat --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work stop'; set flags --help -h --environment-id --work-id --force --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work list'; set flags --help -h --environment-id --limit --page --filter --max-items --slurp --until --watch --every --for --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work update'; set flags --help -h --environment-id --work-id --metadata --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:environments:work stats'; set flags --help -h --environment-id --until --watch --every --for --parallel --fail-fast --beta --file -f --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --profile --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns --format-error --transform-error --dry-run
        case 'beta:worker'; set flags --help -h
        case 'beta:worker poll'; set flags --help -h --environment-id --environment-key --environment-key-file --worker-id --on-work --workdir --max-idle --max-concurrent-calls --log-format --session-folders --concurrency --heartbeat --lease --attempts --no-auto-stop --item-timeout --drain-timeout --kill-timeout --exit-when-idle --max-items --listen --unrestricted-paths --base-url --local --workspace-id --timeout --max-retries --debug --profile
        case 'beta:worker run'; set flags --help -h --session-id --work-id --environment-id --environment-key --environment-key-file --work-secret-file --workdir --session-folders --max-idle --max-concurrent-calls --log-format --unrestricted-paths --base-url --local --workspace-id --timeout --max-retries --debug --profile
        case 'beta:worker exporter'; set flags --help -h --environment-id --environment-key --environment-key-file --listen --cache --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --profile
        case 'beta:worker check'; set flags --help -h --environment-id --environment-key --environment-key-file --on-work --listen --requeue --yes --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --profile --format --transform --raw-output -r --columns
        case 'apply'; set flags --help -h --yes -y --dry-run --only --exit-code --adopt --delete-archived --force --prune --allow-origin-change --lock-file --save-plan --plan --validate --strict --upgrade --parallel --verbose -v --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r
        case 'diff'; set flags --help -h --only --prune --lock-file --strict --parallel --verbose -v --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r
        case 'edit'; set flags --help -h --dry-run --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r
        case 'export'; set flags --help -h --all --directory --force --lock-file --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r
        case 'schema'; set flags --help -h
        case 'schema environment'; set flags --help -h --format --transform --raw-output -r
        case 'auth'; set flags --help -h
        case 'auth login'; set flags --help -h --no-verify --keyring --profile --api-key --api-key-stdin --base-url --local --workspace-id --timeout --max-retries --debug
        case 'auth status'; set flags --help -h --check --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'auth token'; set flags --help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug
        case 'auth print-credentials'; set flags --help -h --access-token --env --profile --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug
        case 'auth logout'; set flags --help -h --all --profile
        case 'profile'; set flags --help -h
        case 'profile list'; set flags --help -h --format --transform --raw-output -r --columns
        case 'profile get'; set flags --help -h --profile --format --transform --raw-output -r --columns
        case 'profile set'; set flags --help -h --profile
        case 'profile unset'; set flags --help -h --profile
        case 'profile activate'; set flags --help -h
        case 'profile deactivate'; set flags --help -h
        case 'profile create'; set flags --help -h --api-key-command --base-url --workspace-id --timeout --max-retries --format
        case 'profile rename'; set flags --help -h
        case 'profile delete'; set flags --help -h
        case 'emulator'; set flags --help -h
        case 'emulator start'; set flags --help -h --host --database --port --lease-seconds --organization-id --workspace-id --any-credential --seed --strict-streams --worlds --log-file --detach --until-stdin-closes --format --api-key --api-key-stdin
        case 'emulator exec'; set flags --help -h --port --lease-seconds --organization-id --workspace-id --any-credential --seed --strict-streams --worlds --log-file
        case 'emulator env'; set flags --help -h --port --wait
        case 'emulator status'; set flags --help -h --format --transform --raw-output -r --columns
        case 'emulator stop'; set flags --help -h --port --all
        case 'emulator script'; set flags --help -h --agent --times --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'emulator session'; set flags --help -h
        case 'emulator session create'; set flags --help -h --environment-id --script --title --metadata --no-secret --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'emulator session show'; set flags --help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'emulator enqueue'; set flags --help -h --session-id --count --metadata --type --no-secret --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'emulator key'; set flags --help -h --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'emulator requests'; set flags --help -h --clear --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'emulator clock'; set flags --help -h --advance-ms --now --freeze --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'emulator reset'; set flags --help -h --yes --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug
        case 'emulator fault'; set flags --help -h --path --path-contains --method --status --error-code --body --header --times --delay-ms --disconnect --after-commit --after --body-delay-ms --cut-after-bytes --cut-after-events --error-after-events --list --clear --profile --api-key --auth-token --api-key-stdin --auth-token-stdin --federation-rule --identity-token-file --identity-token --organization-id --service-account-id --base-url --local --workspace-id --timeout --max-retries --debug --format --transform --raw-output -r --columns
        case 'completion'; set flags --help -h
        case 'help'; set flags --help -h
    end
    for flag in $flags
        printf '%s\t%s\n' $flag (__ant_description_of_flag $argv[1] $flag)
    end
end

# Print the description of the flag $argv[2] of the command $argv[1].
function __ant_description_of_flag
    switch "$argv[1] $argv[2]"
        case ' -v'; echo 'Show the version'
        case 'emulator start --organization-id'; echo 'The organization ID in the headers of responses'
        case 'emulator exec --organization-id'; echo 'The organization ID in the headers of responses'
        case 'emulator start --workspace-id'; echo 'The workspace of the key; its ID is in the headers of responses'
        case 'emulator exec --workspace-id'; echo 'The workspace of the key; its ID is in the headers of responses'
        case 'apply --dry-run'; echo 'Show the plan and change nothing'
        case 'edit --dry-run'; echo 'Show what would change, and change nothing'
        case 'beta:environments update --name'; echo 'A new name'
        case 'beta:environments update --config'; echo 'Settings of its sandboxes; others keep their values'
        case 'beta:environments update --description'; echo 'A new description; null removes it'
        case 'beta:environments create --metadata'; echo 'Your own keys and values, all strings: team=data, repeated, or {team: data, tier: \'1\'}'
        case 'emulator session create --metadata'; echo 'Keys and values of the session'
        case 'emulator enqueue --metadata'; echo 'Keys and values of each item: team=data, repeated, or {team: data}'
        case 'beta:environments update --scope'; echo 'Who can see it'
        case 'apply --parallel'; echo 'Requests at once'
        case 'diff --parallel'; echo 'Requests at once'
        case 'beta:environments retrieve --environment-id'; echo 'The environment\'s ID (env_...), or its name'
        case 'beta:environments update --environment-id'; echo 'The environment\'s ID (env_...), or its name'
        case 'beta:environments delete --environment-id'; echo 'The environment\'s ID (env_...), or its name'
        case 'beta:environments archive --environment-id'; echo 'The environment\'s ID (env_...), or its name'
        case 'beta:environments:work poll --environment-id'; echo 'The ID or name of the self-hosted environment'
        case 'beta:environments:work list --environment-id'; echo 'The ID or name of the self-hosted environment'
        case 'beta:environments:work stats --environment-id'; echo 'The ID or name of the self-hosted environment'
        case 'beta:worker poll --environment-id'; echo 'The environment whose work is taken'
        case 'beta:worker run --environment-id'; echo 'The environment whose work is taken'
        case 'beta:worker check --environment-id'; echo 'The environment whose work is taken'
        case 'beta:worker exporter --environment-id'; echo 'The environment; separate several with commas'
        case 'emulator session create --environment-id'; echo 'A self-hosted environment'
        case 'beta:environments list --until'; echo 'Repeat until this holds for the list: \'#==0\', \'#.name=="demo"\''
        case 'beta:environments:work retrieve --until'; echo 'Repeat until this holds: \'state=="stopped"\''
        case 'beta:environments:work list --until'; echo 'Repeat until this holds for the list: \'#==0\', or idle: no item is queued, starting, active or stopping'
        case 'beta:environments:work stats --until'; echo 'Repeat until this holds: \'pending==0\''
        case 'beta:worker poll --max-items'; echo 'Exit after this many items; 1 if one is not done'
        case 'apply --yes'; echo 'Apply without asking'
        case 'beta:worker run --work-id'; echo 'Its work item'
        case 'apply --force'; echo 'Overwrite outside changes, and recreate what is gone'
        case 'export --force'; echo 'Overwrite files that exist'
        case 'beta:worker exporter --listen'; echo 'Where to serve, as ADDRESS:PORT'
        case 'beta:worker check --listen'; echo 'Where a worker may serve its state, as ADDRESS:PORT'
        case 'emulator enqueue --session-id'; echo 'The session of all items'
        case 'auth logout --all'; echo 'Remove the credentials of all profiles'
        case 'emulator stop --all'; echo 'Stop every running emulator'
        case 'emulator env --port'; echo 'The port of the emulator, if several are running'
        case 'emulator stop --port'; echo 'The port of the emulator, if several are running'
        case 'emulator fault --times'; echo 'How many requests fail'
        case 'emulator fault --clear'; echo 'Remove all faults'
        case '* --help' '* -h'; echo 'Show help'
        case '* --version'; echo 'Show the version'
        case '* -v' '* --verbose'; echo 'Show unchanged environments and all fields'
        case '* --api-key'; echo 'The API key'
        case '* --auth-token'; echo 'A bearer token, in place of a key'
        case '* --api-key-stdin'; echo 'Read the API key from stdin'
        case '* --auth-token-stdin'; echo 'Read the bearer token from stdin'
        case '* --federation-rule'; echo 'Log in by this rule, with --identity-token-file, --organization-id and maybe --service-account-id'
        case '* --identity-token-file'; echo 'With --federation-rule: the file of an OIDC token'
        case '* --identity-token'; echo 'With --federation-rule: the OIDC token itself'
        case '* --organization-id'; echo 'With --federation-rule: the organization'
        case '* --service-account-id'; echo 'With --federation-rule: the service account, if any'
        case '* --profile'; echo 'The profile to use, in place of the active one'
        case '* --base-url'; echo 'Where the API is; local:PATH is an emulator'
        case '* --local'; echo 'Use the emulator on this machine: short for --base-url local:'
        case '* --workspace-id'; echo 'The workspace, if the credential has several'
        case '* --timeout'; echo 'How long to wait for a connection, and between bytes'
        case '* --max-retries'; echo 'How many times to retry a failed request'
        case '* --debug'; echo 'Show requests and responses on stderr, with secrets hidden'
        case '* --format'; echo 'How results are printed'
        case '* --transform'; echo 'A GJSON path to pick from the result; on lists, from each item'
        case '* --raw-output' '* -r'; echo 'Print a string without its quotes'
        case '* --columns'; echo 'Print a table with these columns, titles or GJSON paths: id,name'
        case '* --format-error'; echo 'Print the body of an API error on stdout, and how'
        case '* --transform-error'; echo 'Print what a GJSON path picks from the body of an API error'
        case '* --dry-run'; echo 'Print the request, with secrets hidden, and send nothing'
        case '* --name'; echo 'Name of the environment'
        case '* --config'; echo 'Where its sandboxes run: {type: cloud, networking: ..., packages: ...} or {type: self_hosted}'
        case '* --config.type'; echo 'Only the type'
        case '* --config.networking'; echo 'Only the network policy, {type: limited, ...}'
        case '* --config.packages'; echo 'Only the packages, {pip: [pandas]}'
        case '* --description'; echo 'Description of the environment'
        case '* --metadata'; echo 'Keys to set (tier=2) or to delete (tier=), repeated; or all in one: {tier: \'2\', team: null}'
        case '* --scope'; echo 'Who can see it; organizations of the API reject account'
        case '* --parallel'; echo 'Requests at once, if there are several inputs'
        case '* --fail-fast'; echo 'With several inputs: send nothing after the first failure'
        case '* --beta'; echo 'A beta version, in place of the default'
        case '* --file' '* -f'; echo 'Read the input from this file; - is stdin'
        case '* --environment-id'; echo 'The ID or name of the environment that the work belongs to'
        case '* --until'; echo 'Repeat until this holds: \'state=="archived"\''
        case '* --watch'; echo 'Repeat the request, and print what has changed'
        case '* --every'; echo 'The time between requests'
        case '* --for'; echo 'Stop after this time; --until then exits with 8'
        case '* --add'; echo 'Add to a list or set a key: packages.pip=polars; repeated'
        case '* --remove'; echo 'Remove from a list: packages.pip=pandas, or metadata.KEY'
        case '* --set'; echo 'Set a package or a key: packages.pip=pandas==2.3'
        case '* --include-archived'; echo 'List archived environments too'
        case '* --limit'; echo 'Items per page, 1 to 1000; every page is fetched anyway'
        case '* --page'; echo 'Start at this cursor, the next_page of an earlier response'
        case '* --filter'; echo 'List items that match: \'name%"tmp-*"\', \'created_at<now-7d\''
        case '* --max-items'; echo 'Stop after this many items; -1 for all of them'
        case '* --slurp'; echo 'Collect all items, and print them as one JSON array'
        case '* --yes'; echo 'Do not ask for confirmation at a terminal'
        case '* --work-id'; echo 'The work item\'s ID'
        case '* --block-ms'; echo 'Milliseconds to wait for work to arrive, 1 to 999'
        case '* --reclaim-older-than-ms'; echo 'Also take items that another worker got this many milliseconds ago but never acknowledged'
        case '* --anthropic-worker-id'; echo 'A name for this worker, unique in the environment; the queue\'s statistics count workers by name'
        case '* --desired-ttl-seconds'; echo 'How many seconds the lease should last'
        case '* --expected-last-heartbeat'; echo 'Extend it only if this was the last heartbeat: NO_HEARTBEAT for none, then the last_heartbeat of the previous response'
        case '* --force'; echo 'Stop it immediately, without a graceful shutdown'
        case '* --environment-key'; echo 'Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
        case '* --environment-key-file'; echo 'A file with its key'
        case '* --worker-id'; echo 'A name for this worker, unique in the environment'
        case '* --on-work'; echo 'A handler without arguments, or the word in-process'
        case '* --workdir'; echo 'The folder in which sessions run'
        case '* --max-idle'; echo 'The longest idle time of a session'
        case '* --max-concurrent-calls'; echo 'How many tools of a session run at once'
        case '* --log-format'; echo 'Format of the log'
        case '* --session-folders'; echo 'Run each session in its own folder, WORKDIR/SESSION_ID'
        case '* --concurrency'; echo 'How many items run at once'
        case '* --heartbeat'; echo 'Who holds the leases'
        case '* --lease'; echo 'The length of a lease'
        case '* --attempts'; echo 'Give an item up after this many failures'
        case '* --no-auto-stop'; echo 'Don\'t stop the item after exit status 0'
        case '* --item-timeout'; echo 'The time limit of a handler'
        case '* --drain-timeout'; echo 'Time to finish items after a signal'
        case '* --kill-timeout'; echo 'The time from SIGTERM to SIGKILL'
        case '* --exit-when-idle'; echo 'Exit if idle this long; 1 if an item is not done'
        case '* --listen'; echo 'Serve metrics and health checks at ADDRESS:PORT'
        case '* --unrestricted-paths'; echo 'Has no effect: file tools stay below --workdir'
        case '* --session-id'; echo 'The session to run'
        case '* --work-secret-file'; echo 'A file with the item\'s secret, in place of the key'
        case '* --cache'; echo 'How long statistics are kept'
        case '* --requeue'; echo 'Return items that nobody seems to hold'
        case '* -y'; echo 'Apply without asking'
        case '* --only'; echo 'Only the named files, not all in the lock file'
        case '* --exit-code'; echo 'With --dry-run: exit with 2 for changes, 1 if blocked'
        case '* --adopt'; echo 'Manage existing environments of the same names'
        case '* --delete-archived'; echo 'Permanently delete archived ones of the same names'
        case '* --prune'; echo 'Archive environments whose files are gone'
        case '* --allow-origin-change'; echo 'Accept and record another host or account'
        case '* --lock-file'; echo 'The lock file'
        case '* --save-plan'; echo 'With --dry-run: save the plan; - for stdout'
        case '* --plan'; echo 'Apply a saved plan, if nothing has changed since'
        case '* --validate'; echo 'Check the files and send nothing'
        case '* --strict'; echo 'Reject unknown fields'
        case '* --upgrade'; echo 'No effect: in the official tool, it upgrades skills'
        case '* --all'; echo 'Every environment that is not archived'
        case '* --directory'; echo 'Where to write new files'
        case '* --no-verify'; echo 'Store it without sending a request that checks it'
        case '* --keyring'; echo 'Keep it in the operating system\'s credential store'
        case '* --check'; echo 'Send a request to check whether the server accepts the credential'
        case '* --access-token'; echo 'Print only the access token'
        case '* --env'; echo 'Print lines for a shell or a .env file: ANTHROPIC_AUTH_TOKEN=..'
        case '* --api-key-command'; echo 'A command that prints the key, run when it is needed'
        case '* --host'; echo 'The address to listen on'
        case '* --database'; echo 'The file of its data; :memory: keeps nothing'
        case '* --port'; echo 'The port; 0 for any free one'
        case '* --lease-seconds'; echo 'How long a lease lasts by default'
        case '* --any-credential'; echo 'Accept any kind of credential in every request'
        case '* --seed'; echo 'The same IDs and secrets in each run; the database is in memory'
        case '* --strict-streams'; echo 'Send no event from before a stream was opened, like the real API'
        case '* --worlds'; echo 'Give each API key a world of its own, for tests at the same time'
        case '* --log-file'; echo 'Write the log to this file, 10 MB at most'
        case '* --detach'; echo 'Serve in the background; `ant emulator stop` ends it'
        case '* --until-stdin-closes'; echo 'Stop when stdin ends, as it does with the program that started it'
        case '* --wait'; echo 'Seconds to wait for one to start, from 0 to 3600'
        case '* --agent'; echo 'The ID of an agent'
        case '* --times'; echo 'How many sessions get it'
        case '* --script'; echo 'A YAML or JSON file with the agent\'s steps; - for stdin'
        case '* --title'; echo 'The title of the session'
        case '* --no-secret'; echo 'Leave out the secret that the API\'s polls return with the work'
        case '* --count'; echo 'How many work items'
        case '* --type'; echo 'The type of the work'
        case '* --clear'; echo 'Remove them from the journal'
        case '* --advance-ms'; echo 'How many milliseconds to move it forward'
        case '* --now'; echo 'The time to set, such as 2026-03-15T10:00:00Z'
        case '* --freeze'; echo 'Stop it at this time'
        case '* --path'; echo 'Only this path'
        case '* --path-contains'; echo 'Only paths that contain this'
        case '* --method'; echo 'Only GET, POST or DELETE'
        case '* --status'; echo 'The status of the response'
        case '* --error-code'; echo 'Its error code'
        case '* --body'; echo 'Its whole body'
        case '* --header'; echo 'A header of it: \'name: value\''
        case '* --delay-ms'; echo 'Delay of the response'
        case '* --disconnect'; echo 'Close the connection without a response'
        case '* --after-commit'; echo 'Fail after the change is made'
        case '* --after'; echo 'How many succeed first'
        case '* --body-delay-ms'; echo 'Pause within a body'
        case '* --cut-after-bytes'; echo 'Cut a body'
        case '* --cut-after-events'; echo 'Cut a stream'
        case '* --error-after-events'; echo 'End a stream by an error'
        case '* --list'; echo 'List the remaining faults'
    end
end

# Print what the flag $argv[2] of the command $argv[1] takes.
function __ant_kind_of_flag
    switch "$argv[1] $argv[2]"
        case 'beta:worker poll --environment-id'; echo 'free'
        case 'beta:worker run --environment-id'; echo 'free'
        case 'beta:worker exporter --environment-id'; echo 'free'
        case 'beta:worker check --environment-id'; echo 'free'
        case 'emulator session create --environment-id'; echo 'free'
        case 'beta:worker run --work-id'; echo 'free'
        case '* --help' '* -h' '* --version' '* -v' '* --verbose'; echo 'plain'
        case '* --api-key' '* --auth-token' '* --federation-rule' '* --identity-token' '* --organization-id' '* --service-account-id' '* --base-url' '* --workspace-id' '* --timeout' '* --max-retries' '* --transform' '* --columns' '* --transform-error' '* --parallel' '* --until' '* --every' '* --for' '* --add' '* --remove' '* --set' '* --limit' '* --filter' '* --max-items' '* --block-ms' '* --reclaim-older-than-ms' '* --desired-ttl-seconds' '* --environment-key' '* --worker-id' '* --max-idle' '* --max-concurrent-calls' '* --concurrency' '* --lease' '* --attempts' '* --item-timeout' '* --drain-timeout' '* --kill-timeout' '* --exit-when-idle' '* --listen' '* --session-id' '* --cache' '* --api-key-command' '* --host' '* --port' '* --lease-seconds' '* --seed' '* --wait' '* --agent' '* --times' '* --title' '* --count' '* --advance-ms' '* --now' '* --path' '* --path-contains' '* --method' '* --status' '* --error-code' '* --body' '* --header' '* --delay-ms' '* --after' '* --body-delay-ms' '* --cut-after-bytes' '* --cut-after-events' '* --error-after-events'; echo 'free'
        case '* --api-key-stdin' '* --auth-token-stdin' '* --local' '* --debug' '* --raw-output' '* -r' '* --dry-run' '* --fail-fast' '* --watch' '* --include-archived' '* --slurp' '* --yes' '* --force' '* --session-folders' '* --no-auto-stop' '* --unrestricted-paths' '* --requeue' '* -y' '* --only' '* --exit-code' '* --adopt' '* --delete-archived' '* --prune' '* --allow-origin-change' '* --validate' '* --strict' '* --upgrade' '* --all' '* --no-verify' '* --keyring' '* --check' '* --access-token' '* --env' '* --any-credential' '* --strict-streams' '* --worlds' '* --detach' '* --until-stdin-closes' '* --no-secret' '* --clear' '* --freeze' '* --disconnect' '* --after-commit' '* --list'; echo 'boolean'
        case '* --identity-token-file' '* --file' '* -f' '* --environment-key-file' '* --on-work' '* --workdir' '* --work-secret-file' '* --lock-file' '* --save-plan' '* --plan' '* --directory' '* --database' '* --log-file' '* --script'; echo 'file'
        case '* --profile'; echo 'profile'
        case '* --format' '* --format-error'; echo 'choices auto json jsonl yaml table pretty markdown csv tsv raw explore'
        case '* --name' '* --config' '* --config.networking' '* --config.packages' '* --description' '* --metadata' '* --beta' '* --page' '* --anthropic-worker-id' '* --expected-last-heartbeat'; echo 'text'
        case '* --config.type'; echo 'choices cloud self_hosted'
        case '* --scope'; echo 'choices organization account'
        case '* --environment-id'; echo 'environment_id'
        case '* --work-id'; echo 'work_id'
        case '* --log-format'; echo 'choices auto plain text json'
        case '* --heartbeat'; echo 'choices auto always never'
        case '* --type'; echo 'choices session healthcheck'
        case '*'
            echo plain
    end
end

# Print what the argument of the command $argv[1] at the position $argv[2] is.
function __ant_kind_of_argument
    switch "$argv[1] $argv[2]"
        case 'beta:environments retrieve 0'; echo 'environment_id'
        case 'beta:environments update *'; echo 'environment_id'
        case 'beta:environments delete *'; echo 'environment_id'
        case 'beta:environments archive *'; echo 'environment_id'
        case 'beta:environments:work retrieve 0'; echo 'work_id'
        case 'beta:environments:work poll 0'; echo 'environment_id'
        case 'beta:environments:work ack *'; echo 'work_id'
        case 'beta:environments:work heartbeat *'; echo 'work_id'
        case 'beta:environments:work stop *'; echo 'work_id'
        case 'beta:environments:work list 0'; echo 'environment_id'
        case 'beta:environments:work update *'; echo 'work_id'
        case 'beta:environments:work stats 0'; echo 'environment_id'
        case 'beta:worker poll 0'; echo 'environment'
        case 'beta:worker poll *'; echo 'file'
        case 'beta:worker check 0'; echo 'environment'
        case 'beta:worker check *'; echo 'file'
        case 'apply *'; echo 'file'
        case 'diff *'; echo 'file'
        case 'edit 0'; echo 'environment_id'
        case 'export *'; echo 'free'
        case 'profile get 0'; echo 'choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format'
        case 'profile set 0'; echo 'choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format'
        case 'profile set 1'; echo 'free'
        case 'profile unset 0'; echo 'choices api_key api_key_command auth_token base_url workspace_id timeout max_retries format'
        case 'profile activate 0'; echo 'profile'
        case 'profile create 0'; echo 'free'
        case 'profile rename 0'; echo 'profile'
        case 'profile rename 1'; echo 'free'
        case 'profile delete 0'; echo 'profile'
        case 'emulator exec *'; echo 'file'
        case 'emulator env 0'; echo 'emulator_environment_id'
        case 'emulator script 0'; echo 'file'
        case 'emulator session show 0'; echo 'free'
        case 'emulator enqueue 0'; echo 'emulator_environment_id'
        case 'emulator key 0'; echo 'emulator_environment_id'
        case 'completion 0'; echo 'choices bash zsh fish powershell'
        case 'help *'; echo 'free'
    end
end

# Print the words before the cursor, without quotes.
function __ant_words
    commandline -xpc 2>/dev/null; or commandline -opc
end

# Print the command that the words before the cursor name, the flag with = at the beginning of the word at the cursor,
# and what may follow there: a kind of value, flags, or subcommands.
function __ant_expected
    set -l command
    set -l position 0
    set -l flag
    set -l kind
    set -l typed (commandline -ct)
    for word in (__ant_words)[2..]
        if test -n "$kind"
            set kind
        else if string match -q -- '-*=*' $word
            continue
        else if string match -q -- '-*' $word
            set kind (__ant_kind_of_flag "$command" $word)
            contains -- $kind plain boolean; and set kind
        else if contains -- $word (__ant_subcommands "$command" | string replace -r '\t.*' '')
            set -a command $word
        else
            set position (math $position + 1)
        end
    end
    if test -n "$kind"
        true # the word at the cursor is the value of the flag before it
    else if string match -q -- '--*=*' $typed
        set flag (string replace -r '=.*' '' -- $typed)
        set kind (__ant_kind_of_flag "$command" $flag)
        set flag $flag=
    else if string match -q -- '-*' $typed
        set kind flags
    else if test -n "$(__ant_subcommands "$command")"
        set kind subcommands
    else
        set kind (__ant_kind_of_argument "$command" $position)
    end
    printf '%s\n' "$command" "$flag" "$kind"
end

# Print what may take the place of the word at the cursor, except files. Subcommands and flags that do not contain that
# word are left out, because fish would look for it in their descriptions, too.
function __ant_offers
    set -l found (__ant_expected)
    set -l words (string split ' ' -- "$found[3]")
    set -l typed (string escape --style=regex -- (string unescape -- (commandline -ct)))
    switch "$words[1]"
        case subcommands
            __ant_subcommands $found[1] | string match -rei -- "^[^\t]*$typed"
        case flags
            __ant_flags $found[1] | string match -rei -- "^[^\t]*$typed"
        case choices
            printf '%s\n' $found[2]$words[2..]
        case boolean
            printf '%s\n' $found[2]{true,false}
        case text
            __ant_files_after_at $found[2]
        case profile
            __ant_profiles $found[2]
        case '*_id'
            __ant_ids $found[2] $words[1]
    end
end

# Succeed if the word at the cursor is the name of a file, perhaps behind a flag.
function __ant_expects_file
    set -l found (__ant_expected)
    test "$found[3]" = file
end

# Print the files after @ in the word at the cursor, behind the text $argv[1].
function __ant_files_after_at
    set -l typed (string replace -- "$argv[1]" '' (commandline -ct))
    for at in @file:// @data:// @
        if string match -q -- "$at*" $typed
            set -l files (__fish_complete_path (string replace -- $at '' $typed))
            string replace -r -- '^' $argv[1]$at $files
            return
        end
    end
end

# Print the names of the profiles, behind the text $argv[1].
function __ant_profiles
    set -l folder ~/.config/anthropic
    set -q ANTHROPIC_CONFIG_DIR[1]; and test -n "$ANTHROPIC_CONFIG_DIR"; and set folder $ANTHROPIC_CONFIG_DIR
    test -r $folder/profiles.toml; or return
    printf '%s\n' $argv[1](string match -rg '^\[profiles\."?(.*?)"?\]$' <$folder/profiles.toml)
end

# Print the IDs of the kind $argv[2], behind the text $argv[1], with what they name. If what was typed begins no ID,
# but names, print those with their IDs. Fish would insert the name; so if there is only one, its ID takes the place
# of the word here.
function __ant_ids
    set -l words (__ant_words)
    set -l word (commandline -ct)
    set -l typed (string escape --style=regex -- (string unescape -- (string replace -- "$argv[1]" '' $word)))
    set -l lines ($words[1] __complete $argv[2] $words[2..] $word </dev/null 2>/dev/null)
    set -l named (string match -r -- '^[^\t]*\t'"$typed.*" $lines)
    if test -z "$named"; or string match -rq -- "^$typed" $lines
        printf '%s\n' $argv[1]$lines
    else if test (count $named) -eq 1
        commandline -rt -- "$argv[1]"(string replace -r '\t.*' ' ' -- $named)
    else
        string replace -r '([^\t]*)\t(.*)' '$2\t$1' -- $named
    end
end

complete -c ant -f -a '(__ant_offers)'
complete -c ant -n __ant_expects_file -F
