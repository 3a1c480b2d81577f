# Completion of `ant` in PowerShell 5.1 and later. Written by `python -m ant_cli.completion`: don't edit it.
#
# Only IDs are asked of `ant` itself. Everything else is here, so that the tab key answers at once.

Register-ArgumentCompleter -Native -CommandName 'ant' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # The words that may follow a command, with their descriptions.
    $subcommands = @{
        @TABLE subcommands@
    }

    # The flags of all commands of the API, with their descriptions.
    $shared = @(
        @TABLE global_flags@
    )

    # The flags of each command, with their descriptions.
    $flags = @{
        @TABLE flags@
    }

    # What a flag takes: after one command, or after any.
    $flagKinds = @{
        @TABLE flag_kinds@
    }

    # What the arguments of a command are, by their positions.
    $argumentKinds = @{
        @TABLE argument_kinds@
    }

    function Get-FlagKind($command, $flag) {
        $own = $flagKinds["$command $flag"]
        if ($own) { $own } else { $flagKinds[$flag] }
    }

    # Offer words with descriptions.
    function Add-Described($items) {
        foreach ($item in $items) {
            $word, $description = $item -split '\|', 2
            Add-Offer $word $description
        }
    }

    # Offer a text that begins with what was typed. One with blanks or signs that PowerShell obeys gets quotes.
    function Add-Offer($text, $description) {
        if (-not $text.StartsWith($typed, [StringComparison]::Ordinal)) { return }
        $inserted = "$before$text"
        if ($inserted -match '[\s''"`$@;,(){}|&<>#]') { $inserted = "'" + $inserted.Replace("'", "''") + "'" }
        if (-not $description) { $description = $text }
        [System.Management.Automation.CompletionResult]::new($inserted, $text, 'ParameterValue', $description)
    }

    function Add-Files {
        Get-ChildItem -Path "$typed*" -Force -ErrorAction SilentlyContinue | ForEach-Object {
            $folder = $typed -replace '[^/\\]*$', ''
            Add-Offer "$folder$($_.Name)" $_.FullName
        }
    }

    # Offer files after @.
    function Add-FilesAfterAt {
        foreach ($at in '@file://', '@data://', '@') {
            if ($typed.StartsWith($at)) {
                $before = "$before$at"
                $typed = $typed.Substring($at.Length)
                Add-Files
                return
            }
        }
    }

    # Offer the names of the profiles.
    function Add-Profiles {
        $folder = $env:ANTHROPIC_CONFIG_DIR
        if (-not $folder -and $env:APPDATA) { $folder = Join-Path $env:APPDATA 'Anthropic' }
        if (-not $folder) { $folder = Join-Path $HOME '.config/anthropic' }
        $store = Join-Path $folder 'profiles.toml'
        if (-not (Test-Path $store)) { return }
        foreach ($line in Get-Content $store -Encoding UTF8) {
            if ($line -match '^\[profiles\."?(.*?)"?\]$') { Add-Offer $Matches[1] }
        }
    }

    # Offer the IDs of a kind, with what they name.
    function Add-Ids($kind) {
        $status = $global:LASTEXITCODE
        foreach ($line in (& $words[0] __complete $kind @($words | Select-Object -Skip 1) 2>$null)) {
            $id, $name = $line -split "`t", 2
            Add-Offer $id $name
        }
        $global:LASTEXITCODE = $status
    }

    # Offer what is of a kind.
    function Add-Kind($kind) {
        switch -Regex ($kind) {
            '^words ' { $kind.Split(' ') | Select-Object -Skip 1 | ForEach-Object { Add-Offer $_ } }
            '^switch$' { Add-Offer 'true'; Add-Offer 'false' }
            '^file$' { Add-Files }
            '^text$' { Add-FilesAfterAt }
            '^profile$' { Add-Profiles }
            '_id$' { Add-Ids $kind }
        }
    }

    # The words before the cursor, and then the one that is to be completed.
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object {
        if ($_ -is [System.Management.Automation.Language.StringConstantExpressionAst]) { $_.Value } else { "$_" }
    })
    $words += $wordToComplete
    $typed = $wordToComplete.TrimStart("'", '"')
    $before = ''

    # Walk over them: which command they name, how many arguments it has, and what the flag before the cursor takes.
    $command = ''
    $position = 0
    $kind = ''
    for ($i = 1; $i -lt $words.Count - 1; $i++) {
        $word = $words[$i]
        if ($kind) {
            $kind = ''
        } elseif ($word -like '-*=*') {
            continue
        } elseif ($word -like '-?*') {
            $kind = Get-FlagKind $command $word
            if ($kind -in 'plain', 'switch') { $kind = '' }
        } elseif ($subcommands[$command] | Where-Object { $_.StartsWith("$word|") }) {
            $command = "$command $word".Trim()
        } else {
            $position++
        }
    }

    if ($kind) {
        Add-Kind $kind
    } elseif ($typed -like '--*=*') {
        $flag, $typed = $typed -split '=', 2
        $before = "$flag="
        Add-Kind (Get-FlagKind $command $flag)
    } elseif ($typed -like '-*') {
        Add-Described $flags[$command]
    } elseif ($subcommands[$command]) {
        Add-Described $subcommands[$command]
    } else {
        Add-Kind $argumentKinds["$command $position"]
    }
}
