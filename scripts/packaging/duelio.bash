# bash completion for duelio's tools. Options are taken from --help and backends from --list-backends, so that they cannot
# fall behind.
_duelio() {
  local tool=$1 word=$2 previous=$3
  case $previous in
    --backend) mapfile -t COMPREPLY < <(compgen -W "$("$tool" --list-backends 2>/dev/null | grep -o '^[^ ]*')" -- "$word") ;;
    --backends | --reference)
      mapfile -t COMPREPLY < <(compgen -W "all $("${tool%compare}server" --list-backends 2>/dev/null | grep -o '^[^ ]*')" -- "$word")
      ;;
    *)
      if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$("$tool" --help 2>/dev/null | grep -oE '^ +(-h \[ )?--[a-z-]+' | grep -oE -- '--[a-z-]+')" -- "$word")
      else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
      fi
      ;;
  esac
}
complete -o filenames -F _duelio duelio-server duelio-loadgen duelio-compare duelio-report
