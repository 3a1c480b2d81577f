# Completion of `ant` in fish 3.4 and later. Written by `python docs/generate.py`: don't edit it.
#
# Only IDs are fetched through `ant` itself. Everything else is here, so that completion is instant.

# Print the subcommands of the command $argv[1], with their descriptions. `help` takes the same names.
function __ant_subcommands
    switch (string replace -r '^help ' '' -- "$argv[1]")
        @TABLE subcommands@
    end
end

# Print the flags of the command $argv[1], with their descriptions.
function __ant_flags
    set -l flags
    switch $argv[1]
        @TABLE flags@
    end
    for flag in $flags
        printf '%s\t%s\n' $flag (__ant_description_of_flag $argv[1] $flag)
    end
end

# Print the description of the flag $argv[2] of the command $argv[1].
function __ant_description_of_flag
    switch "$argv[1] $argv[2]"
        @TABLE flag_descriptions@
    end
end

# Print what the flag $argv[2] of the command $argv[1] takes.
function __ant_kind_of_flag
    switch "$argv[1] $argv[2]"
        @TABLE flag_kinds@
        case '*'
            echo plain
    end
end

# Print what the argument of the command $argv[1] at the position $argv[2] is.
function __ant_kind_of_argument
    switch "$argv[1] $argv[2]"
        @TABLE argument_kinds@
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
