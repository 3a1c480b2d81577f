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
        @TABLE subcommands@
    }

    # The flags of each command.
    $flags = @{
        @TABLE flags@
    }

    # The description of a flag: after one command, or after any.
    $flagDescriptions = @{
        @TABLE flag_descriptions@
    }

    # What a flag takes: after one command, or after any.
    $flagKinds = @{
        @TABLE flag_kinds@
    }

    # What the arguments of a command are, by their positions.
    $argumentKinds = @{
        @TABLE argument_kinds@
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
