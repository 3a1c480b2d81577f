# Completion of `ant` in PowerShell 5.1 and later. Written by `python -m ant_cli.generate`: don't edit it.
#
# Only IDs are asked of `ant` itself. Everything else is here, so that the tab key answers at once. The text is
# ASCII, because PowerShell 5.1 reads files, and what programs print, in the code page of the system.

Register-ArgumentCompleter -Native -CommandName 'ant', 'ant.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # Whatever the session is set to: nothing is said in the middle of a line. This holds in here alone.
    Set-StrictMode -Off
    $ErrorActionPreference = 'SilentlyContinue'
    $PSNativeCommandUseErrorActionPreference = $false

    # The words that may follow a command, with their descriptions.
    $subcommands = @{
        '' = @(
            'beta:environments|Environments: templates for the sandboxes in which agents run'
            'beta:environments:work|The work queue of a self-hosted environment'
            'auth|Log in, log out, and see which key is used and why'
            'profile|Keep keys and settings under names'
            'emulator|An emulator of the API on this machine, served or in the process'
            'completion|Make the tab key complete commands, flags and IDs'
            'help|Show help on a topic, or on a command'
        )
        'beta:environments' = @(
            'create|Create an environment'
            'retrieve|Show one environment'
            'update|Change fields of an environment; what is left out stays as it is'
            'list|List environments, the newest first'
            'delete|Delete an environment for good'
            'archive|Archive an environment: it stays readable, but new sessions can''t use it'
        )
        'beta:environments:work' = @(
            'retrieve|Show one work item'
            'poll|Take the next work item of a queue; null if there is none'
            'ack|Acknowledge a work item, so that no other worker gets it'
            'heartbeat|Extend the lease on a work item'
            'stop|Stop a work item, gracefully or immediately'
            'list|List the work items of an environment, the newest first'
            'update|Set and delete metadata keys of a work item'
            'stats|Show queue statistics'
        )
        'auth' = @(
            'login|Store a key in a profile'
            'status|Show every place where a credential may be, which one is used, and why'
            'token|Print the credential that is used, bare, for other tools'
            'logout|Remove the credentials of a profile; its other settings stay'
        )
        'profile' = @(
            'list|List the profiles, with a * before the active one'
            'get|Print a value of a profile, bare, or all of them; secrets masked'
            'set|Set a value of a profile'
            'unset|Remove a value of a profile'
            'activate|Use a profile from now on, wherever no other is named'
            'create|Create a profile'
            'rename|Give a profile another name'
            'delete|Delete a profile, with its key'
        )
        'emulator' = @(
            'start|Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens'
            'env|Print the variables that point every client to the emulator that runs; a shell evaluates them'
            'status|List the emulators that run'
            'stop|Stop the emulator that runs, after the requests under way'
            'enqueue|Put work in a queue, as a new session does in the real service'
            'clock|Show the emulator''s clock, or move it: leases run out without anybody waiting'
            'reset|Empty the emulator: no environment, no work, no session and no fault is left'
            'fault|Make the next requests fail, to see what your program does then'
            'session|Make sessions whose agent follows a script, and see what became of them'
        )
        'emulator session' = @(
            'create|Make a session whose agent follows a script, and put its work in the queue'
            'show|Print the events of a session, the oldest first'
        )
        'help' = @(
            'input|Flags, YAML, JSON, files and stdin'
            'output|Formats, --transform, tables, and the terminal'
            'exit-codes|What the exit status says'
            'environment|The variables that count'
            'profiles|Keys and settings under names'
            'beta:environments|Environments: templates for the sandboxes in which agents run'
            'beta:environments:work|The work queue of a self-hosted environment'
            'auth|Log in, log out, and see which key is used and why'
            'profile|Keep keys and settings under names'
            'emulator|An emulator of the API on this machine, served or in the process'
            'completion|Make the tab key complete commands, flags and IDs'
        )
        'help beta:environments' = @(
            'create|Create an environment'
            'retrieve|Show one environment'
            'update|Change fields of an environment; what is left out stays as it is'
            'list|List environments, the newest first'
            'delete|Delete an environment for good'
            'archive|Archive an environment: it stays readable, but new sessions can''t use it'
        )
        'help beta:environments:work' = @(
            'retrieve|Show one work item'
            'poll|Take the next work item of a queue; null if there is none'
            'ack|Acknowledge a work item, so that no other worker gets it'
            'heartbeat|Extend the lease on a work item'
            'stop|Stop a work item, gracefully or immediately'
            'list|List the work items of an environment, the newest first'
            'update|Set and delete metadata keys of a work item'
            'stats|Show queue statistics'
        )
        'help auth' = @(
            'login|Store a key in a profile'
            'status|Show every place where a credential may be, which one is used, and why'
            'token|Print the credential that is used, bare, for other tools'
            'logout|Remove the credentials of a profile; its other settings stay'
        )
        'help profile' = @(
            'list|List the profiles, with a * before the active one'
            'get|Print a value of a profile, bare, or all of them; secrets masked'
            'set|Set a value of a profile'
            'unset|Remove a value of a profile'
            'activate|Use a profile from now on, wherever no other is named'
            'create|Create a profile'
            'rename|Give a profile another name'
            'delete|Delete a profile, with its key'
        )
        'help emulator' = @(
            'start|Serve the emulator over HTTP until Ctrl-C; print its base URL as soon as it listens'
            'env|Print the variables that point every client to the emulator that runs; a shell evaluates them'
            'status|List the emulators that run'
            'stop|Stop the emulator that runs, after the requests under way'
            'enqueue|Put work in a queue, as a new session does in the real service'
            'clock|Show the emulator''s clock, or move it: leases run out without anybody waiting'
            'reset|Empty the emulator: no environment, no work, no session and no fault is left'
            'fault|Make the next requests fail, to see what your program does then'
            'session|Make sessions whose agent follows a script, and see what became of them'
        )
        'help emulator session' = @(
            'create|Make a session whose agent follows a script, and put its work in the queue'
            'show|Print the events of a session, the oldest first'
        )
    }

    # The flags of all commands of the API, with their descriptions.
    $shared = @(
        '--api-key|The API key'
        '--auth-token|A bearer token, in place of a key'
        '--base-url|Where the API is'
        '--local|Use the emulator on this machine: short for --base-url local:'
        '--profile|The profile to use, in place of the active one'
        '--workspace-id|The workspace, for a credential that can act on several'
        '--format|How results are printed'
        '--format-error|How the body of an API error is printed, on stderr'
        '--transform|A GJSON path to pick from the result; on lists, from each item'
        '--transform-error|A GJSON path to pick from the body of an API error'
        '--raw-output|Print a string without its quotes'
        '-r|Print a string without its quotes'
        '--columns|Print a table of these titles or GJSON paths: id,name'
        '--dry-run|Print the request, with secrets hidden, and send nothing'
        '--timeout|Seconds to wait for a connection, and between bytes'
        '--max-retries|How often a failed request is sent again'
        '--debug|Show requests and responses on stderr, with secrets hidden'
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
            '--description|Description of the environment'
            '--metadata|Your own keys and values, all strings: {team: data, tier: ''1''}'
            '--scope|Who sees it: every account of the organization, or yours alone'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments retrieve' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, such as env_011CZkZ9X2dpNyB7HsEFoRfW'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments update' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, such as env_011CZkZ9X2dpNyB7HsEFoRfW'
            '--name|A new name'
            '--config|New settings of its sandboxes; what they leave out stays as it is'
            '--description|A new description; null removes it'
            '--metadata|Keys to set; a value of null or '''' deletes its key'
            '--scope|Who sees it: every account of the organization, or yours alone'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments list' = @(
            '--help|Show help'
            '-h|Show help'
            '--include-archived|List archived environments too'
            '--limit|Items per page; every page is fetched anyway'
            '--page|Start at this cursor, the next_page of an earlier response'
            '--max-items|Stop after this many items; -1 for all of them'
            '--slurp|Print one JSON array after the last item'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments delete' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, such as env_011CZkZ9X2dpNyB7HsEFoRfW'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments archive' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The environment''s ID, such as env_011CZkZ9X2dpNyB7HsEFoRfW'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
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
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments:work poll' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the self-hosted environment whose queue it is'
            '--block-ms|Milliseconds to wait for work to arrive, 1 to 999'
            '--reclaim-older-than-ms|Also take items that another worker got this many milliseconds ago but never acknowledged'
            '--anthropic-worker-id|A name for this worker, unique in the environment; the queue''s statistics count workers by it'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments:work ack' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments:work heartbeat' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--desired-ttl-seconds|Seconds for which the lease should hold'
            '--expected-last-heartbeat|Only if the last heartbeat was this one: NO_HEARTBEAT for the first, then the last_heartbeat of the previous response, exactly as returned'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments:work stop' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--force|Immediately, without a graceful shutdown'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments:work list' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the self-hosted environment whose queue it is'
            '--limit|Items per page; every page is fetched anyway'
            '--page|Start at this cursor, the next_page of an earlier response'
            '--max-items|Stop after this many items; -1 for all of them'
            '--slurp|Print one JSON array after the last item'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments:work update' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the environment that the work belongs to'
            '--work-id|The work item''s ID'
            '--metadata|Keys to set; a value of null deletes its key, and what is left out stays'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'beta:environments:work stats' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment-id|The ID of the self-hosted environment whose queue it is'
            '--beta|A beta version of the API, in place of the default'
            '--file|Read the input from this file instead of stdin; - is stdin itself'
            '-f|Read the input from this file instead of stdin; - is stdin itself'
        ) + $shared
        'auth' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'auth login' = @(
            '--help|Show help'
            '-h|Show help'
            '--api-key-stdin|Read the key from stdin'
            '--no-verify|Store it without asking the server'
            '--keyring|Keep it in the operating system''s credential store'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
        )
        'auth status' = @(
            '--help|Show help'
            '-h|Show help'
            '--check|Ask the server whether it takes the credential'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
        )
        'auth token' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
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
            '--columns|Print a table of these titles or GJSON paths: id,name'
        )
        'profile get' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
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
        'profile create' = @(
            '--help|Show help'
            '-h|Show help'
            '--api-key-command|A command that prints the key, run when it is needed'
            '--base-url|Where the API is'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--format|How results are printed'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
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
            '--host|The address to listen at (127.0.0.1)'
            '--port|The port, from 1 to 65535; 0 for any that is free (0)'
            '--database|Its file (that of --local); :memory: to forget everything at the end'
            '--lease-seconds|How long a lease lasts by default, from 1 to 300 (300)'
            '--organization-id|The organization that responses name'
            '--workspace-id|The workspace that the key belongs to, and that responses name'
            '--detach|Serve in the background; `ant emulator stop` ends it'
            '--format|How results are printed'
            '--api-key|The API key'
        )
        'emulator env' = @(
            '--help|Show help'
            '-h|Show help'
            '--port|The port of the emulator, where several run'
            '--wait|How many seconds to wait for one to start, from 0 to 3600 (0)'
        )
        'emulator status' = @(
            '--help|Show help'
            '-h|Show help'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
        )
        'emulator stop' = @(
            '--help|Show help'
            '-h|Show help'
            '--port|The port of the emulator, where several run'
            '--all|Stop every emulator that runs'
        )
        'emulator enqueue' = @(
            '--help|Show help'
            '-h|Show help'
            '--session-id|The session that the work is for; else each has its own'
            '--count|How many work items, from 1 to 10000 (1)'
            '--metadata|Keys and values of each item'
            '--type|The type of the work: session or healthcheck'
            '--secret|Whether a poll of the work carries a secret, as those of the API do (it does)'
            '--no-secret|Whether a poll of the work carries a secret, as those of the API do (it does)'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
        )
        'emulator clock' = @(
            '--help|Show help'
            '-h|Show help'
            '--advance-ms|How many milliseconds to move it forward'
            '--now|The time to set, as 2026-03-15T10:00:00Z'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
        )
        'emulator reset' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
        )
        'emulator fault' = @(
            '--help|Show help'
            '-h|Show help'
            '--path-contains|Only requests whose path contains this, percent-encoded as it is sent'
            '--method|Only requests with this method: GET, POST or DELETE'
            '--status|The status of the answer, from 400 to 599'
            '--times|How many requests fail, from 1 to 1000000 (1)'
            '--retry-after-ms|What the answer''s retry-after-ms says, from 0 to 3600000'
            '--delay-ms|How many milliseconds each request waits first, from 0 to 600000 (0)'
            '--disconnect|Drop the connection, without an answer'
            '--after|How many such requests pass before the first that fails (0)'
            '--body-delay-ms|Milliseconds that a body stops in its middle, or a stream at an event'
            '--cut-after-events|Cut a session''s stream after so many events'
            '--list|List the faults that are still to come'
            '--clear|Remove all faults'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
        )
        'emulator session' = @(
            '--help|Show help'
            '-h|Show help'
        )
        'emulator session create' = @(
            '--help|Show help'
            '-h|Show help'
            '--environment|A self-hosted environment; else the newest one is taken'
            '--script|A file of YAML or JSON: the list of what the agent does; - for stdin'
            '--title|The session''s title'
            '--metadata|Keys and values of each item'
            '--secret|Whether a poll of the work carries a secret, as those of the API do (it does)'
            '--no-secret|Whether a poll of the work carries a secret, as those of the API do (it does)'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
        )
        'emulator session show' = @(
            '--help|Show help'
            '-h|Show help'
            '--profile|The profile to use, in place of the active one'
            '--api-key|The API key'
            '--auth-token|A bearer token, in place of a key'
            '--base-url|Where the API is'
            '--local|Use the emulator on this machine: short for --base-url local:'
            '--workspace-id|The workspace, for a credential that can act on several'
            '--timeout|Seconds to wait for a connection, and between bytes'
            '--max-retries|How often a failed request is sent again'
            '--debug|Show requests and responses on stderr, with secrets hidden'
            '--format|How results are printed'
            '--transform|A GJSON path to pick from the result; on lists, from each item'
            '--raw-output|Print a string without its quotes'
            '-r|Print a string without its quotes'
            '--columns|Print a table of these titles or GJSON paths: id,name'
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
        'auth login --local' = 'plain'
        'auth status --local' = 'plain'
        'emulator enqueue --local' = 'plain'
        'emulator clock --local' = 'plain'
        'emulator reset --local' = 'plain'
        'emulator fault --local' = 'plain'
        'emulator session create --local' = 'plain'
        'emulator session show --local' = 'plain'
        'auth status --raw-output' = 'plain'
        'profile list --raw-output' = 'plain'
        'profile get --raw-output' = 'plain'
        'emulator status --raw-output' = 'plain'
        'emulator enqueue --raw-output' = 'plain'
        'emulator clock --raw-output' = 'plain'
        'emulator fault --raw-output' = 'plain'
        'emulator session create --raw-output' = 'plain'
        'emulator session show --raw-output' = 'plain'
        'auth status -r' = 'plain'
        'profile list -r' = 'plain'
        'profile get -r' = 'plain'
        'emulator status -r' = 'plain'
        'emulator enqueue -r' = 'plain'
        'emulator clock -r' = 'plain'
        'emulator fault -r' = 'plain'
        'emulator session create -r' = 'plain'
        'emulator session show -r' = 'plain'
        'auth login --debug' = 'plain'
        'auth status --debug' = 'plain'
        'emulator enqueue --debug' = 'plain'
        'emulator clock --debug' = 'plain'
        'emulator reset --debug' = 'plain'
        'emulator fault --debug' = 'plain'
        'emulator session create --debug' = 'plain'
        'emulator session show --debug' = 'plain'
        '--help' = 'plain'
        '-h' = 'plain'
        '--version' = 'plain'
        '-v' = 'plain'
        '--api-key-stdin' = 'plain'
        '--no-verify' = 'plain'
        '--keyring' = 'plain'
        '--check' = 'plain'
        '--all' = 'plain'
        '--detach' = 'plain'
        '--secret' = 'plain'
        '--no-secret' = 'plain'
        '--disconnect' = 'plain'
        '--list' = 'plain'
        '--clear' = 'plain'
        '--api-key' = 'free'
        '--auth-token' = 'free'
        '--base-url' = 'free'
        '--workspace-id' = 'free'
        '--transform' = 'free'
        '--transform-error' = 'free'
        '--columns' = 'free'
        '--timeout' = 'free'
        '--max-retries' = 'free'
        '--limit' = 'free'
        '--max-items' = 'free'
        '--block-ms' = 'free'
        '--reclaim-older-than-ms' = 'free'
        '--desired-ttl-seconds' = 'free'
        '--api-key-command' = 'free'
        '--host' = 'free'
        '--port' = 'free'
        '--lease-seconds' = 'free'
        '--organization-id' = 'free'
        '--wait' = 'free'
        '--session-id' = 'free'
        '--count' = 'free'
        '--type' = 'free'
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
        '--environment' = 'free'
        '--script' = 'free'
        '--title' = 'free'
        '--local' = 'switch'
        '--raw-output' = 'switch'
        '-r' = 'switch'
        '--dry-run' = 'switch'
        '--debug' = 'switch'
        '--include-archived' = 'switch'
        '--slurp' = 'switch'
        '--force' = 'switch'
        '--profile' = 'profile'
        '--format' = 'words auto json jsonl yaml table pretty raw explore'
        '--format-error' = 'words auto json jsonl yaml table pretty raw explore'
        '--name' = 'text'
        '--config' = 'text'
        '--description' = 'text'
        '--metadata' = 'text'
        '--beta' = 'text'
        '--page' = 'text'
        '--anthropic-worker-id' = 'text'
        '--expected-last-heartbeat' = 'text'
        '--scope' = 'words organization account'
        '--file' = 'file'
        '-f' = 'file'
        '--database' = 'file'
        '--environment-id' = 'environment_id'
        '--work-id' = 'work_id'
    }

    # What the arguments of a command are, by their positions.
    $argumentKinds = @{
        'beta:environments retrieve 0' = 'environment_id'
        'beta:environments update 0' = 'environment_id'
        'beta:environments delete 0' = 'environment_id'
        'beta:environments archive 0' = 'environment_id'
        'beta:environments:work retrieve 0' = 'work_id'
        'beta:environments:work poll 0' = 'environment_id'
        'beta:environments:work ack 0' = 'work_id'
        'beta:environments:work heartbeat 0' = 'work_id'
        'beta:environments:work stop 0' = 'work_id'
        'beta:environments:work list 0' = 'environment_id'
        'beta:environments:work update 0' = 'work_id'
        'beta:environments:work stats 0' = 'environment_id'
        'profile get 0' = 'words api_key api_key_command auth_token base_url workspace_id format timeout max_retries'
        'profile set 0' = 'words api_key api_key_command auth_token base_url workspace_id format timeout max_retries'
        'profile set 1' = 'free'
        'profile unset 0' = 'words api_key api_key_command auth_token base_url workspace_id format timeout max_retries'
        'profile activate 0' = 'profile'
        'profile create 0' = 'free'
        'profile rename 0' = 'profile'
        'profile rename 1' = 'free'
        'profile delete 0' = 'profile'
        'emulator enqueue 0' = 'emulator_environment_id'
        'emulator session show 0' = 'free'
        'completion 0' = 'words bash zsh fish powershell'
    }

    function Get-FlagKind($command, $flag) {
        $own = $flagKinds["$command $flag"]
        if ($own) { $own } else { $flagKinds[$flag] }
    }

    # What a word says, or its beginning: without quotes, and without the backticks before other signs.
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

    # Offer a text that begins with what was typed. It gets quotes if PowerShell would obey a part of it: blanks,
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

    # Offer words with descriptions.
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

    # Offer the IDs of a kind, with what they name. `ant` prints UTF-8, and the exit status is the user's. There may
    # be no console that has an encoding, and no `ant`.
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
        Add-Described ($lines -replace "`t", '|')
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
            if ($kind -eq 'plain' -or $kind -eq 'switch') { $kind = '' }
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
    }
    if ($kind -eq 'text' -and $typed -match '^@(file://|data://)?') {
        $before += $Matches[0]
        $typed = $typed.Substring($Matches[0].Length)
        $kind = 'file'
    }

    $offers = @(
        if ($kind -eq 'flags') { Add-Described $flags[$command] }
        elseif ($kind -eq 'commands') { Add-Described $subcommands[$command] }
        elseif ($kind -eq 'switch') { Add-Described @('true', 'false') }
        elseif ($kind -eq 'file') { Add-Files }
        elseif ($kind -eq 'profile') { Add-Profiles }
        elseif ($kind -like 'words *') { Add-Described ($kind -split ' ' | Select-Object -Skip 1) }
        elseif ($kind -like '*_id') { Add-Ids $kind }
    )

    # Where nothing comes back PowerShell offers files; an empty text keeps it from that.
    if ($offers.Count -gt 0 -or $kind -eq 'file') { $offers } else { '' }
}
