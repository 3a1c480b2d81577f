#!/bin/bash
# Writes the plan to the job's summary and to one comment of the pull request, which is updated by later runs.
# The exit status is that of `ant diff`, except that changes are no failure.
set -euo pipefail
default="--prune ."
read -ra arguments <<< "${ARGUMENTS:-$default}"
marker="<!-- the plan of ant apply -->"
if [ "${arguments[*]}" != "$default" ]; then # several stages have a comment each
  marker="<!-- the plan of ant apply ${arguments[*]//[^A-Za-z0-9.\/_]/} -->"
fi
status=0
ant diff --format markdown "${arguments[@]}" > "$RUNNER_TEMP/plan.md" || status=$?
if ! [ -s "$RUNNER_TEMP/plan.md" ]; then
  echo "There is no plan: the log of the job says why." > "$RUNNER_TEMP/plan.md"
fi
cat "$RUNNER_TEMP/plan.md" >> "$GITHUB_STEP_SUMMARY"
printf '%s\n\n' "$marker" | cat - "$RUNNER_TEMP/plan.md" > "$RUNNER_TEMP/comment.md"
comments="repos/$GITHUB_REPOSITORY/issues"
found=$(gh api --paginate "$comments/$PULL_REQUEST/comments" \
  --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id")
if [ -n "$found" ]; then
  gh api --silent --method PATCH "$comments/comments/${found%%$'\n'*}" --field "body=@$RUNNER_TEMP/comment.md"
else
  gh api --silent "$comments/$PULL_REQUEST/comments" --field "body=@$RUNNER_TEMP/comment.md"
fi
[ "$status" = 2 ] || exit "$status" # 2: there are changes
