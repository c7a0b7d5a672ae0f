# fish completion. Options are taken from --help and backends from --list-backends, so that they cannot fall behind.
function __duelio_options
    set -l tool (commandline -opc)[1]
    $tool --help 2>/dev/null | string match -rg -- '^ +(?:-h \[ )?(--[a-z-]+)'
end
function __duelio_backends
    duelio-server --list-backends 2>/dev/null | string match -r -- '^[a-z-]+'
end
for tool in duelio-server duelio-loadgen duelio-compare duelio-report
    complete -c $tool -n 'string match -q -- "-*" (commandline -ct)' -f -a '(__duelio_options)'
    for option in --backend --backends --reference
        complete -c $tool -n "test (commandline -opc)[-1] = $option" -f -a '(__duelio_backends)'
    end
end
