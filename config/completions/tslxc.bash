# bash completion for tslxc; generated from the specifications of the commands.
# shellcheck shell=bash disable=SC2207

_tslxc_container() { tslxc ls -1 "${_tslxc_path[@]}" 2>/dev/null; }
_tslxc_snapshot() { tslxc snapshot -L -n "$_tslxc_name" "${_tslxc_path[@]}" 2>/dev/null | sed -n 's/^\(snap[0-9]*\) .*/\1/p'; }
_tslxc_template() {
  local file folder
  folder=$(readlink -f "$(command -v tslxc)") || return
  for file in "${folder%/*/*}"/templates/tslxc-*; do printf "%s\n" "${file##*/tslxc-}"; done
}
_tslxc_key() { printf "%s\n" lxc.apparmor.allow_incomplete lxc.apparmor.allow_nesting lxc.apparmor.profile lxc.apparmor.raw lxc.arch lxc.autodev lxc.autodev.tmpfs.size lxc.cap.drop lxc.cap.keep lxc.cgroup.dir lxc.cgroup.dir.container lxc.cgroup.dir.container.inner lxc.cgroup.dir.monitor lxc.cgroup.dir.monitor.pivot lxc.cgroup.relative lxc.console.buffer.size lxc.console.logfile lxc.console.path lxc.console.rotate lxc.console.size lxc.environment lxc.environment.hooks lxc.environment.runtime lxc.ephemeral lxc.execute.cmd lxc.group lxc.hook.autodev lxc.hook.clone lxc.hook.destroy lxc.hook.mount lxc.hook.post-stop lxc.hook.pre-mount lxc.hook.pre-start lxc.hook.start lxc.hook.start-host lxc.hook.stop lxc.hook.version lxc.idmap lxc.include lxc.init.cmd lxc.init.cwd lxc.init.gid lxc.init.groups lxc.init.uid lxc.keyring.session lxc.log.file lxc.log.level lxc.log.syslog lxc.monitor.signal.pdeath lxc.monitor.unshare lxc.mount.auto lxc.mount.entry lxc.mount.fstab lxc.namespace.clone lxc.namespace.keep lxc.no_new_privs lxc.pty.max lxc.rootfs.managed lxc.rootfs.mount lxc.rootfs.options lxc.rootfs.path lxc.rootfs.size lxc.rootfs.volatile lxc.sched.core lxc.seccomp.allow_nesting lxc.seccomp.notify.cookie lxc.seccomp.notify.proxy lxc.seccomp.profile lxc.selinux.context lxc.selinux.context.keyring lxc.signal.halt lxc.signal.reboot lxc.signal.stop lxc.start.auto lxc.start.delay lxc.start.order lxc.start.restart lxc.strict lxc.time.offset.boot lxc.time.offset.monotonic lxc.tty.dir lxc.tty.max lxc.uts.name; }

_tslxc() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[0]##*/} first=1 i
  local _tslxc_name= _tslxc_path=()
  COMPREPLY=()
  # bash cuts --option=word at the equals sign
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [[ $command == tslxc ]]; then
    if ((COMP_CWORD == 1)); then
      COMPREPLY=($(compgen -W 'attach autostart cgroup checkconfig config console copy create destroy device execute export freeze import info logs ls monitor net network snapshot start stop top unfreeze unshare update-config usernsexec wait launch exec shell list completion rm help' -- "$cur"))
      return
    fi
    command=${COMP_WORDS[1]} first=2
  fi
  command=${command#tslxc-}
  for ((i = first; i < COMP_CWORD; i++)); do
    local word=${COMP_WORDS[i]}
    case $word in
      --) compopt -o default; return ;;
      -*) ;;
      *) [[ $_tslxc_name ]] || _tslxc_name=$word; continue ;;
    esac
    case "$command $word" in
      'attach -a' | 'attach --arch' | 'attach -s' | 'attach --namespaces' | 'attach --keep-var' | 'attach -v' | 'attach --set-var' | 'attach -L' | 'attach --pty-log' | 'attach -f' | 'attach --rcfile' | 'attach -u' | 'attach --uid' | 'attach -g' | 'attach --gid' | 'attach -c' | 'attach --context' | 'attach -n' | 'attach --name' | 'attach -P' | 'attach --lxcpath' | 'attach -o' | 'attach --logfile' | 'attach -l' | 'attach --logpriority' | 'autostart -g' | 'autostart --groups' | 'autostart -t' | 'autostart --timeout' | 'autostart -P' | 'autostart --lxcpath' | 'autostart -o' | 'autostart --logfile' | 'autostart -l' | 'autostart --logpriority' | 'cgroup -n' | 'cgroup --name' | 'cgroup -P' | 'cgroup --lxcpath' | 'cgroup -o' | 'cgroup --logfile' | 'cgroup -l' | 'cgroup --logpriority' | 'checkconfig -P' | 'checkconfig --lxcpath' | 'config -n' | 'config --name' | 'config -P' | 'config --lxcpath' | 'config -f' | 'config --rcfile' | 'config -s' | 'config --define' | 'console -t' | 'console --tty' | 'console -e' | 'console --escape' | 'console -n' | 'console --name' | 'console -P' | 'console --lxcpath' | 'console -o' | 'console --logfile' | 'console -l' | 'console --logpriority' | 'copy -N' | 'copy --newname' | 'copy -p' | 'copy --newpath' | 'copy -B' | 'copy --backingstorage' | 'copy -L' | 'copy --fssize' | 'copy -m' | 'copy --mount' | 'copy -n' | 'copy --name' | 'copy -P' | 'copy --lxcpath' | 'copy -o' | 'copy --logfile' | 'copy -l' | 'copy --logpriority' | 'create -t' | 'create --template' | 'create -f' | 'create --config' | 'create -B' | 'create --bdev' | 'create --dir' | 'create --lvname' | 'create --vgname' | 'create --thinpool' | 'create --rbdname' | 'create --rbdpool' | 'create --rbduser' | 'create --zfsroot' | 'create --fstype' | 'create --fssize' | 'create -n' | 'create --name' | 'create -P' | 'create --lxcpath' | 'create -o' | 'create --logfile' | 'create -l' | 'create --logpriority' | 'destroy -n' | 'destroy --name' | 'destroy -P' | 'destroy --lxcpath' | 'destroy -o' | 'destroy --logfile' | 'destroy -l' | 'destroy --logpriority' | 'device -n' | 'device --name' | 'device -P' | 'device --lxcpath' | 'device -o' | 'device --logfile' | 'device -l' | 'device --logpriority' | 'execute -f' | 'execute --rcfile' | 'execute -s' | 'execute --define' | 'execute -u' | 'execute --uid' | 'execute -g' | 'execute --gid' | 'execute --share-net' | 'execute --share-ipc' | 'execute --share-uts' | 'execute --share-pid' | 'execute -n' | 'execute --name' | 'execute -P' | 'execute --lxcpath' | 'execute -o' | 'execute --logfile' | 'execute -l' | 'execute --logpriority' | 'export -o' | 'export --output' | 'export -s' | 'export --snapshot' | 'export --compress' | 'export --logfile' | 'export -n' | 'export --name' | 'export -P' | 'export --lxcpath' | 'export -l' | 'export --logpriority' | 'freeze -n' | 'freeze --name' | 'freeze -P' | 'freeze --lxcpath' | 'freeze -o' | 'freeze --logfile' | 'freeze -l' | 'freeze --logpriority' | 'import -N' | 'import --newname' | 'import --max-size' | 'import --max-files' | 'import -P' | 'import --lxcpath' | 'import -o' | 'import --logfile' | 'import -l' | 'import --logpriority' | 'info -c' | 'info --config' | 'info -n' | 'info --name' | 'info -P' | 'info --lxcpath' | 'info -o' | 'info --logfile' | 'info -l' | 'info --logpriority' | 'info --rcfile' | 'logs --lines' | 'logs --source' | 'logs -n' | 'logs --name' | 'logs -P' | 'logs --lxcpath' | 'logs -o' | 'logs --logfile' | 'logs -l' | 'logs --logpriority' | 'ls -F' | 'ls --fancy-format' | 'ls -g' | 'ls --groups' | 'ls --filter' | 'ls -n' | 'ls --name' | 'ls -P' | 'ls --lxcpath' | 'ls -o' | 'ls --logfile' | 'ls -l' | 'ls --logpriority' | 'monitor -n' | 'monitor --name' | 'monitor -P' | 'monitor --lxcpath' | 'monitor -o' | 'monitor --logfile' | 'monitor -l' | 'monitor --logpriority' | 'network --nic' | 'network -n' | 'network --name' | 'network -P' | 'network --lxcpath' | 'network -o' | 'network --logfile' | 'network -l' | 'network --logpriority' | 'snapshot -c' | 'snapshot --comment' | 'snapshot --message' | 'snapshot -r' | 'snapshot --restore' | 'snapshot -N' | 'snapshot --newname' | 'snapshot -d' | 'snapshot --destroy' | 'snapshot -n' | 'snapshot --name' | 'snapshot -P' | 'snapshot --lxcpath' | 'snapshot -o' | 'snapshot --logfile' | 'snapshot -l' | 'snapshot --logpriority' | 'start -f' | 'start --rcfile' | 'start -s' | 'start --define' | 'start -c' | 'start --console' | 'start -L' | 'start --console-log' | 'start -p' | 'start --pidfile' | 'start --share-net' | 'start --share-ipc' | 'start --share-uts' | 'start --share-pid' | 'start -n' | 'start --name' | 'start -P' | 'start --lxcpath' | 'start -o' | 'start --logfile' | 'start -l' | 'start --logpriority' | 'stop -t' | 'stop --timeout' | 'stop -n' | 'stop --name' | 'stop -P' | 'stop --lxcpath' | 'stop -o' | 'stop --logfile' | 'stop -l' | 'stop --logpriority' | 'top -d' | 'top --delay' | 'top -s' | 'top --sort' | 'top --count' | 'top -n' | 'top --name' | 'top -P' | 'top --lxcpath' | 'top -o' | 'top --logfile' | 'top -l' | 'top --logpriority' | 'unfreeze -n' | 'unfreeze --name' | 'unfreeze -P' | 'unfreeze --lxcpath' | 'unfreeze -o' | 'unfreeze --logfile' | 'unfreeze -l' | 'unfreeze --logpriority' | 'unshare -s' | 'unshare --namespaces' | 'unshare -u' | 'unshare --user' | 'unshare -H' | 'unshare --hostname' | 'unshare -i' | 'unshare --ifname' | 'unshare -o' | 'unshare --logfile' | 'unshare -l' | 'unshare --logpriority' | 'update-config -c' | 'update-config --config' | 'usernsexec -m' | 'usernsexec --map' | 'usernsexec -u' | 'usernsexec --uid' | 'usernsexec -g' | 'usernsexec --gid' | 'wait -s' | 'wait --state' | 'wait -t' | 'wait --timeout' | 'wait -n' | 'wait --name' | 'wait -P' | 'wait --lxcpath' | 'wait -o' | 'wait --logfile' | 'wait -l' | 'wait --logpriority' | 'launch -c' | 'launch --config' | 'launch -n' | 'launch --name' | 'launch -P' | 'launch --lxcpath' | 'launch -o' | 'launch --logfile' | 'launch -l' | 'launch --logpriority' | 'exec --cwd' | 'exec -u' | 'exec --user' | 'exec -e' | 'exec --env' | 'exec -n' | 'exec --name' | 'exec -P' | 'exec --lxcpath' | 'exec -o' | 'exec --logfile' | 'exec -l' | 'exec --logpriority' | 'shell -u' | 'shell --user' | 'shell -e' | 'shell --env' | 'shell -n' | 'shell --name' | 'shell -P' | 'shell --lxcpath' | 'shell -o' | 'shell --logfile' | 'shell -l' | 'shell --logpriority' | 'list -F' | 'list --fancy-format' | 'list -g' | 'list --groups' | 'list --filter' | 'list -n' | 'list --name' | 'list -P' | 'list --lxcpath' | 'list -o' | 'list --logfile' | 'list -l' | 'list --logpriority' | 'rm -n' | 'rm --name' | 'rm -P' | 'rm --lxcpath' | 'rm -o' | 'rm --logfile' | 'rm -l' | 'rm --logpriority') ((i++)) ;;
      *) continue ;;
    esac
    if [[ ${COMP_WORDS[i]} == = ]]; then ((i++)); fi
    ((i < COMP_CWORD)) || break
    case $word in
      -n | --name) _tslxc_name=${COMP_WORDS[i]} ;;
      -P | --lxcpath) _tslxc_path=(-P "${COMP_WORDS[i]}") ;;
    esac
  done
  case "$command $prev" in
    'attach -a' | 'attach --arch') return ;;
    'attach -s' | 'attach --namespaces') COMPREPLY=($(compgen -W 'MOUNT PID UTSNAME IPC USER NETWORK CGROUP TIME' -- "$cur")); return ;;
    'attach --keep-var') return ;;
    'attach -v' | 'attach --set-var') return ;;
    'attach -L' | 'attach --pty-log') compopt -o default; return ;;
    'attach -f' | 'attach --rcfile') compopt -o default; return ;;
    'attach -u' | 'attach --uid') return ;;
    'attach -g' | 'attach --gid') return ;;
    'attach -c' | 'attach --context') return ;;
    'attach -n' | 'attach --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'attach -P' | 'attach --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'attach -o' | 'attach --logfile') compopt -o default; return ;;
    'attach -l' | 'attach --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'autostart -g' | 'autostart --groups') return ;;
    'autostart -t' | 'autostart --timeout') return ;;
    'autostart -P' | 'autostart --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'autostart -o' | 'autostart --logfile') compopt -o default; return ;;
    'autostart -l' | 'autostart --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'cgroup -n' | 'cgroup --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'cgroup -P' | 'cgroup --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'cgroup -o' | 'cgroup --logfile') compopt -o default; return ;;
    'cgroup -l' | 'cgroup --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'checkconfig -P' | 'checkconfig --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'config -n' | 'config --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'config -P' | 'config --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'config -f' | 'config --rcfile') compopt -o default; return ;;
    'config -s' | 'config --define') COMPREPLY=($(compgen -W '$(_tslxc_key)' -- "$cur")); return ;;
    'console -t' | 'console --tty') return ;;
    'console -e' | 'console --escape') return ;;
    'console -n' | 'console --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'console -P' | 'console --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'console -o' | 'console --logfile') compopt -o default; return ;;
    'console -l' | 'console --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'copy -N' | 'copy --newname') return ;;
    'copy -p' | 'copy --newpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'copy -B' | 'copy --backingstorage') COMPREPLY=($(compgen -W 'dir overlay btrfs lvm loop zfs best' -- "$cur")); return ;;
    'copy -L' | 'copy --fssize') return ;;
    'copy -m' | 'copy --mount') return ;;
    'copy -n' | 'copy --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'copy -P' | 'copy --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'copy -o' | 'copy --logfile') compopt -o default; return ;;
    'copy -l' | 'copy --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'create -t' | 'create --template') COMPREPLY=($(compgen -W '$(_tslxc_template)' -- "$cur")); return ;;
    'create -f' | 'create --config') compopt -o default; return ;;
    'create -B' | 'create --bdev') COMPREPLY=($(compgen -W 'dir overlay btrfs loop lvm zfs rbd best none' -- "$cur")); return ;;
    'create --dir') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'create --lvname') return ;;
    'create --vgname') return ;;
    'create --thinpool') return ;;
    'create --rbdname') return ;;
    'create --rbdpool') return ;;
    'create --rbduser') return ;;
    'create --zfsroot') return ;;
    'create --fstype') COMPREPLY=($(compgen -W 'ext4 xfs btrfs' -- "$cur")); return ;;
    'create --fssize') return ;;
    'create -n' | 'create --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'create -P' | 'create --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'create -o' | 'create --logfile') compopt -o default; return ;;
    'create -l' | 'create --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'destroy -n' | 'destroy --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'destroy -P' | 'destroy --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'destroy -o' | 'destroy --logfile') compopt -o default; return ;;
    'destroy -l' | 'destroy --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'device -n' | 'device --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'device -P' | 'device --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'device -o' | 'device --logfile') compopt -o default; return ;;
    'device -l' | 'device --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'execute -f' | 'execute --rcfile') compopt -o default; return ;;
    'execute -s' | 'execute --define') COMPREPLY=($(compgen -W '$(_tslxc_key)' -- "$cur")); return ;;
    'execute -u' | 'execute --uid') return ;;
    'execute -g' | 'execute --gid') return ;;
    'execute --share-net') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'execute --share-ipc') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'execute --share-uts') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'execute --share-pid') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'execute -n' | 'execute --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'execute -P' | 'execute --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'execute -o' | 'execute --logfile') compopt -o default; return ;;
    'execute -l' | 'execute --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'export -o' | 'export --output') compopt -o default; return ;;
    'export -s' | 'export --snapshot') COMPREPLY=($(compgen -W '$(_tslxc_snapshot)' -- "$cur")); return ;;
    'export --compress') COMPREPLY=($(compgen -W 'zstd gzip xz' -- "$cur")); return ;;
    'export --logfile') compopt -o default; return ;;
    'export -n' | 'export --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'export -P' | 'export --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'export -l' | 'export --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'freeze -n' | 'freeze --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'freeze -P' | 'freeze --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'freeze -o' | 'freeze --logfile') compopt -o default; return ;;
    'freeze -l' | 'freeze --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'import -N' | 'import --newname') return ;;
    'import --max-size') return ;;
    'import --max-files') return ;;
    'import -P' | 'import --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'import -o' | 'import --logfile') compopt -o default; return ;;
    'import -l' | 'import --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'info -c' | 'info --config') COMPREPLY=($(compgen -W '$(_tslxc_key)' -- "$cur")); return ;;
    'info -n' | 'info --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'info -P' | 'info --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'info -o' | 'info --logfile') compopt -o default; return ;;
    'info -l' | 'info --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'info --rcfile') compopt -o default; return ;;
    'logs --lines') return ;;
    'logs --source') COMPREPLY=($(compgen -W 'log console hook state kernel' -- "$cur")); return ;;
    'logs -n' | 'logs --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'logs -P' | 'logs --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'logs -o' | 'logs --logfile') compopt -o default; return ;;
    'logs -l' | 'logs --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'ls -F' | 'ls --fancy-format') COMPREPLY=($(compgen -W 'NAME STATE PID RAM SWAP AUTOSTART GROUPS INTERFACE IPV4 IPV6 UNPRIVILEGED' -- "$cur")); return ;;
    'ls -g' | 'ls --groups') return ;;
    'ls --filter') return ;;
    'ls -n' | 'ls --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'ls -P' | 'ls --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'ls -o' | 'ls --logfile') compopt -o default; return ;;
    'ls -l' | 'ls --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'monitor -n' | 'monitor --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'monitor -P' | 'monitor --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'monitor -o' | 'monitor --logfile') compopt -o default; return ;;
    'monitor -l' | 'monitor --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'network --nic') return ;;
    'network -n' | 'network --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'network -P' | 'network --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'network -o' | 'network --logfile') compopt -o default; return ;;
    'network -l' | 'network --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'snapshot -c' | 'snapshot --comment') compopt -o default; return ;;
    'snapshot --message') return ;;
    'snapshot -r' | 'snapshot --restore') COMPREPLY=($(compgen -W '$(_tslxc_snapshot)' -- "$cur")); return ;;
    'snapshot -N' | 'snapshot --newname') return ;;
    'snapshot -d' | 'snapshot --destroy') COMPREPLY=($(compgen -W '$(_tslxc_snapshot)' -- "$cur")); return ;;
    'snapshot -n' | 'snapshot --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'snapshot -P' | 'snapshot --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'snapshot -o' | 'snapshot --logfile') compopt -o default; return ;;
    'snapshot -l' | 'snapshot --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'start -f' | 'start --rcfile') compopt -o default; return ;;
    'start -s' | 'start --define') COMPREPLY=($(compgen -W '$(_tslxc_key)' -- "$cur")); return ;;
    'start -c' | 'start --console') compopt -o default; return ;;
    'start -L' | 'start --console-log') compopt -o default; return ;;
    'start -p' | 'start --pidfile') compopt -o default; return ;;
    'start --share-net') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'start --share-ipc') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'start --share-uts') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'start --share-pid') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'start -n' | 'start --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'start -P' | 'start --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'start -o' | 'start --logfile') compopt -o default; return ;;
    'start -l' | 'start --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'stop -t' | 'stop --timeout') return ;;
    'stop -n' | 'stop --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'stop -P' | 'stop --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'stop -o' | 'stop --logfile') compopt -o default; return ;;
    'stop -l' | 'stop --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'top -d' | 'top --delay') return ;;
    'top -s' | 'top --sort') COMPREPLY=($(compgen -W 'n c p b m s k' -- "$cur")); return ;;
    'top --count') return ;;
    'top -n' | 'top --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'top -P' | 'top --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'top -o' | 'top --logfile') compopt -o default; return ;;
    'top -l' | 'top --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'unfreeze -n' | 'unfreeze --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'unfreeze -P' | 'unfreeze --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'unfreeze -o' | 'unfreeze --logfile') compopt -o default; return ;;
    'unfreeze -l' | 'unfreeze --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'unshare -s' | 'unshare --namespaces') COMPREPLY=($(compgen -W 'MOUNT PID UTSNAME IPC USER NETWORK CGROUP TIME' -- "$cur")); return ;;
    'unshare -u' | 'unshare --user') return ;;
    'unshare -H' | 'unshare --hostname') return ;;
    'unshare -i' | 'unshare --ifname') return ;;
    'unshare -o' | 'unshare --logfile') compopt -o default; return ;;
    'unshare -l' | 'unshare --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'update-config -c' | 'update-config --config') compopt -o default; return ;;
    'usernsexec -m' | 'usernsexec --map') return ;;
    'usernsexec -u' | 'usernsexec --uid') return ;;
    'usernsexec -g' | 'usernsexec --gid') return ;;
    'wait -s' | 'wait --state') COMPREPLY=($(compgen -W 'STOPPED STARTING RUNNING STOPPING ABORTING FREEZING FROZEN THAWED' -- "$cur")); return ;;
    'wait -t' | 'wait --timeout') return ;;
    'wait -n' | 'wait --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'wait -P' | 'wait --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'wait -o' | 'wait --logfile') compopt -o default; return ;;
    'wait -l' | 'wait --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'launch -c' | 'launch --config') COMPREPLY=($(compgen -W '$(_tslxc_key)' -- "$cur")); return ;;
    'launch -n' | 'launch --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'launch -P' | 'launch --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'launch -o' | 'launch --logfile') compopt -o default; return ;;
    'launch -l' | 'launch --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'exec --cwd') return ;;
    'exec -u' | 'exec --user') return ;;
    'exec -e' | 'exec --env') return ;;
    'exec -n' | 'exec --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'exec -P' | 'exec --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'exec -o' | 'exec --logfile') compopt -o default; return ;;
    'exec -l' | 'exec --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'shell -u' | 'shell --user') return ;;
    'shell -e' | 'shell --env') return ;;
    'shell -n' | 'shell --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'shell -P' | 'shell --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'shell -o' | 'shell --logfile') compopt -o default; return ;;
    'shell -l' | 'shell --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'list -F' | 'list --fancy-format') COMPREPLY=($(compgen -W 'NAME STATE PID RAM SWAP AUTOSTART GROUPS INTERFACE IPV4 IPV6 UNPRIVILEGED' -- "$cur")); return ;;
    'list -g' | 'list --groups') return ;;
    'list --filter') return ;;
    'list -n' | 'list --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'list -P' | 'list --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'list -o' | 'list --logfile') compopt -o default; return ;;
    'list -l' | 'list --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
    'rm -n' | 'rm --name') COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")); return ;;
    'rm -P' | 'rm --lxcpath') COMPREPLY=($(compgen -d -- "$cur")); return ;;
    'rm -o' | 'rm --logfile') compopt -o default; return ;;
    'rm -l' | 'rm --logpriority') COMPREPLY=($(compgen -W 'FATAL ALERT CRIT ERROR WARN NOTICE INFO DEBUG TRACE' -- "$cur")); return ;;
  esac
  case "$command $cur" in
    'attach -'*) COMPREPLY=($(compgen -W '-e --elevated-privileges -a --arch -s --namespaces -R --remount-sys-proc --clear-env --keep-env --keep-var -v --set-var -L --pty-log -f --rcfile -u --uid -g --gid -c --context -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'autostart -'*) COMPREPLY=($(compgen -W '-k --kill -r --reboot -s --shutdown -L --list --explain -a --all -A --ignore-auto -g --groups -t --timeout -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'cgroup -'*) COMPREPLY=($(compgen -W '--save -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'checkconfig -'*) COMPREPLY=($(compgen -W '-P --lxcpath --missing --json -h --help --usage --version' -- "$cur")) ;;
    'config -'*) COMPREPLY=($(compgen -W '-l --list -n --name -P --lxcpath -f --rcfile -s --define --storage --repair --json -h --help --usage --version' -- "$cur")) ;;
    'console -'*) COMPREPLY=($(compgen -W '-t --tty -e --escape --log --clear -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'copy -'*) COMPREPLY=($(compgen -W '-N --newname -p --newpath -R --rename -s --snapshot -a --allowrunning -B --backingstorage -L --fssize -D --keepdata -K --keepname -M --keepmac -e --ephemeral -d --daemon -F --foreground -m --mount -t --tmpfs --flatten --dry-run -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'create -'*) COMPREPLY=($(compgen -W '-t --template -f --config -B --bdev --dir --lvname --vgname --thinpool --rbdname --rbdpool --rbduser --zfsroot --fstype --fssize -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'destroy -'*) COMPREPLY=($(compgen -W '-f --force -s --snapshots -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'device -'*) COMPREPLY=($(compgen -W '-n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'execute -'*) COMPREPLY=($(compgen -W '-d --daemon -f --rcfile -s --define -u --uid -g --gid --share-net --share-ipc --share-uts --share-pid -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'export -'*) COMPREPLY=($(compgen -W '-o --output -s --snapshot --compress --logfile -n --name -P --lxcpath -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'freeze -'*) COMPREPLY=($(compgen -W '-n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'import -'*) COMPREPLY=($(compgen -W '-N --newname --trust --max-size --max-files -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'info -'*) COMPREPLY=($(compgen -W '-c --config -i --ips -p --pid -S --stats -s --state --why -H --no-humanize -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --rcfile --json -h --help --usage --version' -- "$cur")) ;;
    'logs -'*) COMPREPLY=($(compgen -W '-f --follow --lines --source -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'ls -'*) COMPREPLY=($(compgen -W '-1 --line -f --fancy -F --fancy-format --active --running --frozen --stopped --defined --nesting -g --groups --filter -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'monitor -'*) COMPREPLY=($(compgen -W '--why -Q --quit -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'net -'*) COMPREPLY=($(compgen -W '-q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'network -'*) COMPREPLY=($(compgen -W '--nic --save -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'snapshot -'*) COMPREPLY=($(compgen -W '-c --comment --message -L --list -C --showcomments -r --restore -N --newname -d --destroy --full --tree -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'start -'*) COMPREPLY=($(compgen -W '-d --daemon -F --foreground -f --rcfile -s --define -c --console -L --console-log -C --close-all-fds -p --pidfile --dry-run --share-net --share-ipc --share-uts --share-pid -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'stop -'*) COMPREPLY=($(compgen -W '-r --reboot -W --nowait -t --timeout -k --kill --nokill --nolock -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'top -'*) COMPREPLY=($(compgen -W '-d --delay -b --batch -s --sort -r --reverse --count -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'unfreeze -'*) COMPREPLY=($(compgen -W '-n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'unshare -'*) COMPREPLY=($(compgen -W '-s --namespaces -u --user -H --hostname -i --ifname -d --daemon -M --remount -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'update-config -'*) COMPREPLY=($(compgen -W '-c --config -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'usernsexec -'*) COMPREPLY=($(compgen -W '-m --map -s --self -u --uid -g --gid -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'wait -'*) COMPREPLY=($(compgen -W '-s --state -t --timeout -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'launch -'*) COMPREPLY=($(compgen -W '-c --config --no-start --json -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'exec -'*) COMPREPLY=($(compgen -W '--cwd -u --user -e --env -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'shell -'*) COMPREPLY=($(compgen -W '-u --user -e --env -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'list -'*) COMPREPLY=($(compgen -W '-1 --line -f --fancy -F --fancy-format --active --running --frozen --stopped --defined --nesting -g --groups --filter -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet --json -h --help --usage --version' -- "$cur")) ;;
    'completion -'*) COMPREPLY=($(compgen -W '-h --help --usage --version' -- "$cur")) ;;
    'rm -'*) COMPREPLY=($(compgen -W '-f --force -s --snapshots -n --name -P --lxcpath -o --logfile -l --logpriority -q --quiet -h --help --usage --version' -- "$cur")) ;;
    'attach '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'cgroup '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'console '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'copy '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'create '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'destroy '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'device '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'execute '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'export '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'freeze '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'import '*) compopt -o default ;;
    'info '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'logs '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'ls '*) COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'monitor '*) COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'net '*) COMPREPLY=($(compgen -W 'start stop restart reload force-reload status' -- "$cur")) ;;
    'network '*) COMPREPLY=($(compgen -W 'attach detach list publish withdraw ports' -- "$cur")) ;;
    'snapshot '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'start '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'stop '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'top '*) COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'unfreeze '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'update-config '*) compopt -o default ;;
    'wait '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'launch '*) COMPREPLY=($(compgen -W '$(_tslxc_template)' -- "$cur")) ;;
    'exec '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'shell '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'list '*) COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
    'completion '*) COMPREPLY=($(compgen -W 'bash fish zsh' -- "$cur")) ;;
    'rm '*) [[ $_tslxc_name ]] || COMPREPLY=($(compgen -W '$(_tslxc_container)' -- "$cur")) ;;
  esac
}

complete -F _tslxc tslxc tslxc-attach tslxc-autostart tslxc-cgroup tslxc-checkconfig tslxc-config tslxc-console tslxc-copy tslxc-create tslxc-destroy tslxc-device tslxc-execute tslxc-export tslxc-freeze tslxc-import tslxc-info tslxc-logs tslxc-ls tslxc-monitor tslxc-net tslxc-network tslxc-snapshot tslxc-start tslxc-stop tslxc-top tslxc-unfreeze tslxc-unshare tslxc-update-config tslxc-usernsexec tslxc-wait
