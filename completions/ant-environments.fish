# Completion of `ant-environments` in fish: the script of the installed program.
ant-environments completion fish | source
