# Completion of `ant-environments` in bash: the script of the installed program.
eval "$(ant-environments completion bash)"
