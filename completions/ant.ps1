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

    # The subcommands of each group, with their descriptions.
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
            'delete|Delete an environment for good'
            'archive|Archive an environment: it stays readable, but new sessions can''t use it'
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
        )
        'schema' = @(
            'environment|Print the JSON schema of an environment''s file'
        )
        'auth' = @(
            'login|Store a key in a profile'
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
            'start|Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens'
            'env|Print variables that point clients to the running emulator, for a shell to evaluate'
            'status|List the running emulators'
            'stop|Stop the running emulator when the requests in progress are done'
            'session|Create sessions whose agent follows a script, and show their events'
            'enqueue|Put work in a queue, as a new session does in the real service'
            'key|Print a key for the workers of an environment'
            'clock|Show the emulator''s clock, or move it, so that leases run out without waiting'
            'reset|Delete everything in the emulator: environments, work, sessions and faults'
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
            'environment|Environment variables'
            'worker|Handlers of `ant beta:worker poll`, and signals'
            'profiles|Profiles: named keys and settings'
            'official|This `ant` next to the official one'
            'config|The fields of an environment'
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
        'help beta:environments' = @(
            'create|Create an environment'
            'retrieve|Show one environment'
            'update|Change fields of an environment; all others keep their values'
            'list|List environments, the newest first'
            'delete|Delete an environment for good'
            'archive|Archive an environment: it stays readable, but new sessions can''t use it'
        )
        'help beta:environments:work' = @(
            'retrieve|Show one work item'
            'poll|Take the next work item of a queue; null if the queue is empty'
            'ack|Acknowledge a work item, so that no other worker gets it'
            'heartbeat|Extend the lease on a work item'
            'stop|Stop a work item, gracefully or immediately'
            'list|List the work items of an environment, the newest first'
            'update|Set and delete metadata keys of a work item'
            'stats|Show queue statistics'
        )
        'help beta:worker' = @(
            'poll|Run a handler for each work item, until a signal; see `ant help worker`'
            'run|Run the tools of one claimed item''s session in this process; for containers'
            'exporter|Serve queue statistics to Prometheus and KEDA, until a signal'
        )
        'help schema' = @(
            'environment|Print the JSON schema of an environment''s file'
        )
        'help auth' = @(
            'login|Store a key in a profile'
            'status|Show where credentials were found, which one is used, and why'
            'token|Print only the credential that is used, for other tools'
            'print-credentials|Print the credential of a profile or federation for other tools'
            'logout|Remove the credentials of a profile; its other settings stay'
        )
        'help profile' = @(
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
        'help emulator' = @(
            'start|Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens'
            'env|Print variables that point clients to the running emulator, for a shell to evaluate'
            'status|List the running emulators'
            'stop|Stop the running emulator when the requests in progress are done'
            'session|Create sessions whose agent follows a script, and show their events'
            'enqueue|Put work in a queue, as a new session does in the real service'
            'key|Print a key for the workers of an environment'
            'clock|Show the emulator''s clock, or move it, so that leases run out without waiting'
            'reset|Delete everything in the emulator: environments, work, sessions and faults'
            'fault|Make the next requests fail, to see how your program handles it'
        )
        'help emulator session' = @(
            'create|Create a session whose agent follows a script, and put its work in the queue'
            'show|Print the events of a session, the oldest first'
        )
    }

    # The flags of all commands of the API, with their descriptions.
    $shared = @(
        '--api-key|The API key'
        '--auth-token|A bearer token, in place of a key'
        '--api-key-stdin|Read the API key from stdin'
        '--auth-token-stdin|Read the bearer token from stdin'
        '--federation-rule|Log in by this federation rule (fdrl_...)'
        '--identity-token-file|With --federation-rule: the file of an OIDC token'
        '--identity-token|With --federation-rule: the OIDC token itself'
        '--organization-id|With --federation-rule: the organization'
        '--service-account-id|With --federation-rule: the service account, if any'
        '--profile|The profile to use, in place of the active one'
        '--base-url|Where the API is; local:PATH is an emulator'
        '--local|Use the emulator on this machine: short for --base-url local:'
        '--workspace-id|The workspace, if the credential has several'
        '--timeout|Seconds to wait for a connection, and between bytes'
        '--max-retries|How many times to retry a failed request'
        '--debug|Show requests and responses on stderr, with secrets hidden'
        '--format|How results are printed'
        '--transform|A GJSON path to pick from the result; on lists, from each item'
        '--raw-output|Print a string without its quotes'
        '-r|Print a string without its quotes'
        '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        '--format-error|Print the body of an API error on stdout, and how'
        '--transform-error|Print what a GJSON path picks from the body of an API error'
        '--dry-run|Print the request, with secrets hidden, and send nothing'
    )

    # The flags of each command, with their descriptions.
    $flags = @{
        '' = @(
            '--help|Show help'
            '-h|Show help'
            '--version|Show the version'
            '-v|Show the version'
        ) + $shared
        'beta:environments' = @(
            '--help|Show help'
            '-h|Show help'
        ) + $shared
        'beta:environments create' = @(
            '--help|Show help'
            '-h|Show help'
            '--name|Name of the environment'
            '--config|Where its sandboxes run: {type: cloud, networking: ..., packages: ...} or {type: self_hosted}'
            '--config.type|Only the type'
            '--config.networking|Only the network policy, {type: limited, ...}'
            '--config.packages|Only the packages, {pip: [pandas]}'
            '--description|Description of the environment'
            '--metadata|Your own keys and values, all strings: team=data, repeated, or {team: data, tier: ''1''}'
            '--scope|Who can see a self-hosted one'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments retrieve' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, which begins with env_'
            '--until|Repeat until this holds: ''state=="archived"'''
            '--watch|Repeat the request, and mark what changed'
            '--every|The time between requests'
            '--for|Stop after this time; --until then exits with 8'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments update' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, which begins with env_'
            '--name|A new name'
            '--config|Settings of its sandboxes; others keep their values'
            '--config.type|Only the type'
            '--config.networking|Only the network policy, {type: limited, ...}'
            '--config.packages|Only the packages, {pip: [pandas]}'
            '--description|A new description; null removes it'
            '--metadata|Keys to set (tier=2) or to delete (tier=), repeated; or all in one: {tier: ''2'', team: null}'
            '--scope|Who can see it'
            '--add|Add to a list or set a key: packages.pip=polars; repeated'
            '--remove|Remove from a list: packages.pip=pandas, or metadata.KEY'
            '--set|Set a package or a key: packages.pip=pandas==2.3'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments list' = @(
            '--help|Show help'
            '-h|Show help'
            '--include-archived|List archived environments too'
            '--limit|Items per page; every page is fetched anyway'
            '--page|Start at this cursor, the next_page of an earlier response'
            '--filter|List items that match: ''name%"tmp-*"'', ''created_at<now-7d'''
            '--max-items|Stop after this many items; -1 for all of them'
            '--slurp|Collect all items, and print them as one JSON array'
            '--until|Repeat until this holds for the list: ''#==0'', ''#.name=="demo"'''
            '--watch|Repeat the request, and mark what changed'
            '--every|The time between requests'
            '--for|Stop after this time; --until then exits with 8'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments delete' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, which begins with env_'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--yes|Do not ask for confirmation at a terminal'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments archive' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, which begins with env_'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--yes|Do not ask for confirmation at a terminal'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work' = @(
            '--help|Show help'
            '-h|Show help'
        ) + $shared
        'beta:environments:work retrieve' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--until|Repeat until this holds: ''state=="archived"'''
            '--watch|Repeat the request, and mark what changed'
            '--every|The time between requests'
            '--for|Stop after this time; --until then exits with 8'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work poll' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the self-hosted environment'
            '--block-ms|Milliseconds to wait for work to arrive, 1 to 999'
            '--reclaim-older-than-ms|Also take items that another worker got this many milliseconds ago but never acknowledged'
            '--anthropic-worker-id|A name for this worker, unique in the environment; the queue''s statistics count workers by name'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work ack' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work heartbeat' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--desired-ttl-seconds|How many seconds the lease should last'
            '--expected-last-heartbeat|Extend the lease only if this was the last heartbeat: NO_HEARTBEAT for none, then the last_heartbeat of the previous response, exactly as returned'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work stop' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--force|Stop it immediately, without a graceful shutdown'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work list' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the self-hosted environment'
            '--limit|Items per page; every page is fetched anyway'
            '--page|Start at this cursor, the next_page of an earlier response'
            '--filter|List items that match: ''name%"tmp-*"'', ''created_at<now-7d'''
            '--max-items|Stop after this many items; -1 for all of them'
            '--slurp|Collect all items, and print them as one JSON array'
            '--until|Repeat until this holds for the list: ''#==0'', or idle: no item is queued, starting, active or stopping'
            '--watch|Repeat the request, and mark what changed'
            '--every|The time between requests'
            '--for|Stop after this time; --until then exits with 8'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work update' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--metadata|Keys to set (tier=2) or to delete (tier=), repeated; or all in one: {tier: ''2'', team: null}'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:environments:work stats' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the self-hosted environment'
            '--until|Repeat until this holds: ''state=="archived"'''
            '--watch|Repeat the request, and mark what changed'
            '--every|The time between requests'
            '--for|Stop after this time; --until then exits with 8'
            '--parallel|Requests at once, if there are several inputs'
            '--fail-fast|With several inputs: send nothing after the first failure'
            '--beta|A beta version, in place of the default'
            '--file|Read the input from this file; - is stdin'
            '-f|Read the input from this file; - is stdin'
        ) + $shared
        'beta:worker' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'beta:worker poll' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment whose work is taken'
            '--environment-key|Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
            '--worker-id|A name for this worker, unique in the environment'
            '--on-work|A handler without arguments, or the word in-process'
            '--workdir|The folder in which sessions run'
            '--max-idle|The longest idle time of a session'
            '--log-format|Format of the log'
            '--concurrency|How many items run at once'
            '--heartbeat|Who holds the leases'
            '--lease|The length of a lease'
            '--attempts|Give an item up after this many failures'
            '--metadata-key|An API key, to count them in the item''s metadata'
            '--on-failure|After a failure'
            '--no-auto-stop|Don''t stop the item after exit status 0'
            '--pass-api-key|Leave API keys in the handler''s environment'
            '--item-timeout|The time limit of a handler'
            '--drain-timeout|Time to finish items after a signal'
            '--kill-timeout|The time from SIGTERM to SIGKILL'
            '--exit-when-idle|Exit after this time without work'
            '--max-items|Exit after this many items'
            '--listen|Serve metrics and health checks at ADDRESS:PORT'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--profile|The profile to use, in place of the active one'
        )
        'beta:worker run' = @(
            '--help|Show help'
            '-h|Show help'
            '--session-id|The session to run'
            '--work-id|Its work item'
            '--environment-id|The environment whose work is taken'
            '--environment-key|Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
            '--work-secret-file|A file with the item''s secret, in place of the key'
            '--workdir|The folder in which sessions run'
            '--max-idle|The longest idle time of a session'
            '--log-format|Format of the log'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--profile|The profile to use, in place of the active one'
        )
        'beta:worker exporter' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment; separate several with commas'
            '--environment-key|Its key; safer: ANTHROPIC_ENVIRONMENT_KEY'
            '--listen|Where to serve, as ADDRESS:PORT'
            '--cache|How long statistics are kept'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--profile|The profile to use, in place of the active one'
        )
        'apply' = @(
            '--help|Show help'
            '-h|Show help'
            '--yes|Apply without asking'
            '-y|Apply without asking'
            '--dry-run|Show the plan and change nothing'
            '--only|Only the named files, not all in the lock file'
            '--exit-code|With --dry-run: exit with 2 for changes, 1 if blocked'
            '--adopt|Take over environments of the same names'
            '--delete-archived|Delete archived ones of the same names for good'
            '--force|Overwrite outside changes, and recreate what is gone'
            '--prune|Archive environments whose files are gone'
            '--allow-origin-change|Accept and record another host or account'
            '--lock-file|The lock file'
            '--save-plan|With --dry-run: save the plan in a file'
            '--plan|Apply a saved plan, if nothing has changed since'
            '--validate|Check the files and send nothing'
            '--strict|Reject unknown fields and empty files'
            '--upgrade|No effect: in the official tool, it upgrades skills'
            '--parallel|Requests at once'
            '--verbose|Show unchanged environments and all fields'
            '-v|Show unchanged environments and all fields'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
        )
        'diff' = @(
            '--help|Show help'
            '-h|Show help'
            '--only|Only the named files, not all in the lock file'
            '--prune|Archive environments whose files are gone'
            '--lock-file|The lock file'
            '--strict|Reject unknown fields and empty files'
            '--parallel|Requests at once'
            '--verbose|Show unchanged environments and all fields'
            '-v|Show unchanged environments and all fields'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
        )
        'edit' = @(
            '--help|Show help'
            '-h|Show help'
            '--dry-run|Show what would change and send nothing'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
        )
        'export' = @(
            '--help|Show help'
            '-h|Show help'
            '--all|Every environment that is not archived'
            '--directory|Where to write new files'
            '--force|Overwrite files that exist'
            '--lock-file|The lock file'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
        )
        'schema' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'schema environment' = @(
            '--help|Show help'
            '-h|Show help'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
        )
        'auth' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'auth login' = @(
            '--help|Show help'
            '-h|Show help'
            '--no-verify|Store it without sending a request that checks it'
            '--keyring|Keep it in the operating system''s credential store'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--api-key-stdin|Read the API key from stdin'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
        )
        'auth status' = @(
            '--help|Show help'
            '-h|Show help'
            '--check|Send a request to check whether the server accepts the credential'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'auth token' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
        )
        'auth print-credentials' = @(
            '--help|Show help'
            '-h|Show help'
            '--access-token|Print only the access token'
            '--env|Print lines for a shell or a .env file: ANTHROPIC_AUTH_TOKEN=..'
            '--profile|The profile to use, in place of the active one'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
        )
        'auth logout' = @(
            '--help|Show help'
            '-h|Show help'
            '--all|Remove the credentials of all profiles'
            '--profile|The profile to use, in place of the active one'
        )
        'profile' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'profile list' = @(
            '--help|Show help'
            '-h|Show help'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'profile get' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'profile set' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
        )
        'profile unset' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
        )
        'profile activate' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'profile deactivate' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'profile create' = @(
            '--help|Show help'
            '-h|Show help'
            '--api-key-command|A command that prints the key, run when it is needed'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--format|How results are printed'
        )
        'profile rename' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'profile delete' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'emulator' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'emulator start' = @(
            '--help|Show help'
            '-h|Show help'
            '--host|The address to listen on'
            '--port|The port; 0 for any free one'
            '--database|The file of its data; :memory: keeps nothing'
            '--lease-seconds|How long a lease lasts by default'
            '--organization-id|The organization ID in the headers of responses'
            '--workspace-id|The workspace of the key; its ID is in the headers of responses'
            '--any-credential|Accept any kind of credential in every request'
            '--detach|Serve in the background; `ant emulator stop` ends it'
            '--format|How results are printed'
            '--api-key|The API key'
            '--api-key-stdin|Read the API key from stdin'
        )
        'emulator env' = @(
            '--help|Show help'
            '-h|Show help'
            '--port|The port of the emulator, if several are running'
            '--wait|Seconds to wait for one to start, from 0 to 3600'
        )
        'emulator status' = @(
            '--help|Show help'
            '-h|Show help'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'emulator stop' = @(
            '--help|Show help'
            '-h|Show help'
            '--port|The port of the emulator, if several are running'
            '--all|Stop every running emulator'
        )
        'emulator session' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'emulator session create' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|A self-hosted environment'
            '--script|A YAML or JSON file with the agent''s steps; - for stdin'
            '--title|The title of the session'
            '--metadata|Keys and values of each item'
            '--no-secret|Leave out the secret that the API''s polls return with the work'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'emulator session show' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'emulator enqueue' = @(
            '--help|Show help'
            '-h|Show help'
            '--session-id|The session of all items'
            '--count|How many work items'
            '--metadata|Keys and values of each item'
            '--type|The type of the work'
            '--no-secret|Leave out the secret that the API''s polls return with the work'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'emulator key' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'emulator clock' = @(
            '--help|Show help'
            '-h|Show help'
            '--advance-ms|How many milliseconds to move it forward'
            '--now|The time to set, such as 2026-03-15T10:00:00Z'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'emulator reset' = @(
            '--help|Show help'
            '-h|Show help'
            '--yes|Do not ask for confirmation at a terminal'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
        )
        'emulator fault' = @(
            '--help|Show help'
            '-h|Show help'
            '--path-contains|Only requests whose path contains this, percent-encoded'
            '--method|Only requests with this method: GET, POST or DELETE'
            '--status|The status of the response'
            '--times|How many requests fail'
            '--retry-after-ms|The retry-after-ms header'
            '--delay-ms|Delay of the response'
            '--disconnect|Close the connection without a response'
            '--after|How many succeed first'
            '--body-delay-ms|Pause within a body, or at an event'
            '--cut-after-events|Cut a stream after this many events'
            '--list|List the remaining faults'
            '--clear|Remove all faults'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--api-key-stdin|Read the API key from stdin'
            '--auth-token-stdin|Read the bearer token from stdin'
            '--federation-rule|Log in by this federation rule (fdrl_...)'
            '--identity-token-file|With --federation-rule: the file of an OIDC token'
            '--identity-token|With --federation-rule: the OIDC token itself'
            '--organization-id|With --federation-rule: the organization'
            '--service-account-id|With --federation-rule: the service account, if any'
            '--base-url|Where the API is; local:PATH is an emulator'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, if the credential has several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How many times to retry a failed request'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table with these columns, titles or GJSON paths: id,name'
        )
        'completion' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'help' = @(
            '--help|Show help'
            '-h|Show help'
        )
    }

    # What a flag takes: after one command, or after any.
    $flagKinds = @{
        'beta:worker poll --environment-id' = 'free'
        'beta:worker run --environment-id' = 'free'
        'beta:worker exporter --environment-id' = 'free'
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
        '--concurrency' = 'free'
        '--lease' = 'free'
        '--attempts' = 'free'
        '--metadata-key' = 'free'
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
        '--wait' = 'free'
        '--title' = 'free'
        '--count' = 'free'
        '--advance-ms' = 'free'
        '--now' = 'free'
        '--path-contains' = 'free'
        '--method' = 'free'
        '--status' = 'free'
        '--times' = 'free'
        '--retry-after-ms' = 'free'
        '--delay-ms' = 'free'
        '--after' = 'free'
        '--body-delay-ms' = 'free'
        '--cut-after-events' = 'free'
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
        '--no-auto-stop' = 'boolean'
        '--pass-api-key' = 'boolean'
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
        '--detach' = 'boolean'
        '--no-secret' = 'boolean'
        '--disconnect' = 'boolean'
        '--list' = 'boolean'
        '--clear' = 'boolean'
        '--identity-token-file' = 'file'
        '--file' = 'file'
        '-f' = 'file'
        '--on-work' = 'file'
        '--workdir' = 'file'
        '--work-secret-file' = 'file'
        '--lock-file' = 'file'
        '--save-plan' = 'file'
        '--plan' = 'file'
        '--directory' = 'file'
        '--database' = 'file'
        '--script' = 'file'
        '--profile' = 'profile'
        '--format' = 'choices auto json jsonl yaml table pretty raw explore'
        '--format-error' = 'choices auto json jsonl yaml table pretty raw explore'
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
        '--on-failure' = 'choices retry stop'
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
        'beta:worker poll *' = 'file'
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
        'emulator env 0' = 'emulator_environment_id'
        'emulator session show 0' = 'free'
        'emulator enqueue 0' = 'emulator_environment_id'
        'emulator key 0' = 'emulator_environment_id'
        'completion 0' = 'choices bash zsh fish powershell'
        'help *' = 'free'
    }

    function Get-FlagKind($command, $flag) {
        $own = $flagKinds["$command $flag"]
        if ($own) { $own } else { $flagKinds[$flag] }
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
        foreach ($item in $subcommands[$command]) {
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
            $kind = Get-FlagKind $command $word
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
        $kind = Get-FlagKind $command $flag
    } elseif ($typed -like '-*') {
        $kind = 'flags'
    } elseif ($subcommands[$command]) {
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
        if ($kind -eq 'flags') { Add-Described $flags[$command] }
        elseif ($kind -eq 'commands') { Add-Described $subcommands[$command] }
        elseif ($kind -eq 'boolean') { Add-Described @('true', 'false') }
        elseif ($kind -eq 'file') { Add-Files }
        elseif ($kind -eq 'profile') { Add-Profiles }
        elseif ($kind -like 'choices *') { Add-Described ($kind -split ' ' | Select-Object -Skip 1) }
        elseif ($kind -like '*_id') { Add-Ids $kind }
    )

    # Where nothing comes back PowerShell offers files; an empty text keeps it from that.
    if ($offers.Count -gt 0 -or $kind -eq 'file') { $offers } else { '' }
}
