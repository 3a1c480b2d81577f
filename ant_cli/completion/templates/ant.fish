# Completion of `ant` in fish 3.4 and later. Written by `python docs/generate.py`: don't edit it.
#
# Only IDs are fetched through `ant` itself. Everything else is here, so that completion is instant.

set -g __ant_commands \
    @TABLE commands@
    ''

set -g __ant_booleans \
    @TABLE booleans@
    ''

set -g __ant_valued_flags \
    @TABLE valued@
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

complete -c @PROGRAM@ -f -a '(__ant_boolean_values)'
@TABLE subcommands@
@TABLE flags@
@TABLE arguments@
