# Completion of `ant` in bash 3.2 and later. Written by `python docs/generate.py`: don't edit it.
#
# Only IDs are fetched through `ant` itself. Everything else is here, so that completion is instant.

# Put into reply the subcommands of the command $1. `help` takes the same names.
_ant_subcommands() {
  reply=()
  case ${1#help } in
    @TABLE subcommands@
  esac
}

# Put into reply the flags of the command $1.
_ant_flags() {
  reply=()
  case $1 in
    @TABLE flags@
  esac
}

# Put into kind what the flag $2 of the command $1 takes.
_ant_kind_of_flag() {
  local text=plain
  case "$1 $2" in
    @TABLE flag_kinds@
  esac
  kind=$text
}

# Put into kind what the argument of the command $1 at the position $2 is.
_ant_kind_of_argument() {
  local text=plain
  case "$1 $2" in
    @TABLE argument_kinds@
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
